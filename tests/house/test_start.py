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


AT_EXIT = """
import atexit, os, sys
first = os.getpid()
atexit.register(lambda: os.getpid() == first and print("LOADED", *sys.modules, file=sys.stderr))
"""
COMMAND = "from codeanatomy.app.cli.main import main; main()"
WORKER = """
import codeanatomy.extract.foreman
from codeanatomy.extract.witnesses import witnesses
assert witnesses()
"""


def loaded(code: str, *words: str, cwd: Path) -> set[str]:
    """Top-level packages that the code has loaded when its process ends."""
    done = subprocess.run(
        [sys.executable, "-c", AT_EXIT + code, *words],
        cwd=cwd,
        env=os.environ | {"XDG_CACHE_HOME": str(cwd / "cache")},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    (line,) = re.findall("^LOADED (.*)$", done.stderr, re.MULTILINE)
    return {name.split(".")[0] for name in line.split()}


def test_probe_sees_imports(tmp_path: Path) -> None:
    assert "numpy" in loaded("import numpy", cwd=tmp_path)


@pytest.mark.parametrize("words", [["--help"], ["build", "--help"], ["callers", "--help"]])
def test_help_loads_no_engine(words: list[str], tmp_path: Path) -> None:
    assert not loaded(COMMAND, *words, cwd=tmp_path) & ENGINE


def test_import_loads_no_engine(tmp_path: Path) -> None:
    assert not loaded("import codeanatomy", cwd=tmp_path) & ENGINE


def test_build_loads_nothing_unwanted(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import os\n\ndef f():\n    return os.getcwd()\n")
    seen = loaded(COMMAND, "build", ".", cwd=tmp_path)
    assert "datafusion" in seen
    assert not seen & UNWANTED


def test_workers_load_no_engine(tmp_path: Path) -> None:
    seen = loaded(WORKER, cwd=tmp_path)
    assert {"pyarrow", "tree_sitter"} < seen
    assert not seen & {"datafusion", "deltalake", "pygit2", *UNWANTED}


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
