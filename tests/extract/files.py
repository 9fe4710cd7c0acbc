"""Files on disk and their `source_file` table, for tests of the runner."""

import hashlib
import sys
from pathlib import Path

import pyarrow as pa

from codeanatomy.facts.ids import file_id
from codeanatomy.facts.tables.all import SCHEMAS

sys.path.append(str(Path(__file__).parent / "plugins"))  # as an installed plug-in would be


def written(root: Path, texts: dict[str, str]) -> pa.Table:
    """Write the files and scan them, sorted by path."""
    for path, text in texts.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(text.encode())
    return scanned(root, list(texts))


def scanned(root: Path, paths: list[str]) -> pa.Table:
    """The `source_file` rows of the paths."""
    rows = []
    for path in sorted(paths):
        content = (root / path).read_bytes()
        rows.append(
            {
                "file_id": file_id(path),
                "path": path,
                "module": path,
                "package": False,
                "stub": False,
                "root": "",
                "content": hashlib.blake2b(content, digest_size=16).hexdigest(),
                "size": len(content),
                "lines": content.count(b"\n"),
            }
        )
    return pa.Table.from_pylist(rows, schema=SCHEMAS["source_file"])
