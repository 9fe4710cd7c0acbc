"""What a command loads: `--help` no engine, a build nothing that is not declared."""

import importlib.metadata
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ENGINE = {"datafusion", "deltalake", "pyarrow", "numpy", "rustworkx", "pygit2", "tree_sitter"}
UNWANTED = {"pandas", "networkx", "pydantic"}


def loaded(*command: str, cwd: Path) -> set[str]:
    """Top-level packages that the command and its child processes imported."""
    environment = os.environ | {
        "PYTHONPROFILEIMPORTTIME": "1",
        "XDG_CACHE_HOME": str(cwd / "cache"),
    }
    done = subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    lines = re.findall(r"^import time: *\d+ \| *\d+ \| *(\S+)$", done.stderr, re.MULTILINE)
    return {line.split(".")[0] for line in lines}


COMMAND = ("-c", "from codeanatomy.app.cli.main import main; main()")


def test_probe_sees_imports(tmp_path: Path) -> None:
    assert "numpy" in loaded("-c", "import numpy", cwd=tmp_path)


@pytest.mark.parametrize("words", [["--help"], ["build", "--help"], ["callers", "--help"]])
def test_help_loads_no_engine(words: list[str], tmp_path: Path) -> None:
    assert not loaded(*COMMAND, *words, cwd=tmp_path) & ENGINE


def test_import_loads_no_engine(tmp_path: Path) -> None:
    assert not loaded("-c", "import codeanatomy", cwd=tmp_path) & ENGINE


def test_build_loads_nothing_unwanted(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import os\n\ndef f():\n    return os.getcwd()\n")
    seen = loaded(*COMMAND, "build", ".", cwd=tmp_path)
    assert "datafusion" in seen
    assert not seen & UNWANTED


def test_nothing_declared_needs_them() -> None:
    assert not _closure("codeanatomy") & UNWANTED


def _closure(name: str) -> set[str]:
    """Names of all distributions that installing `name` without extras brings."""
    seen: set[str] = set()
    todo = [name]
    while todo:
        one = re.split(r"[\s<>=!~;\[(]", todo.pop())[0].lower().replace("_", "-")
        if one not in seen:
            seen.add(one)
            try:
                needs = importlib.metadata.requires(one) or []
            except importlib.metadata.PackageNotFoundError:
                continue
            todo += [need for need in needs if "extra ==" not in need]
    return seen
