"""Goldens: printed output that was read and found good, kept in tests/golden.

`make golden` rewrites them (CODEANATOMY_GOLDEN=1); read the difference before committing it.
"""

import os
from pathlib import Path

FOLDER = Path(__file__).parent / "golden"


def check_golden(name: str, text: str) -> None:
    """Fails when the text differs from the golden of that name, or writes it when asked to."""
    path = FOLDER / name
    if os.environ.get("CODEANATOMY_GOLDEN"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return
    assert path.exists(), f"no golden {name}; write it with `make golden` and read it"
    expected = path.read_text(encoding="utf-8")
    assert text == expected, f"{name} differs; if it is right now: `make golden`"
