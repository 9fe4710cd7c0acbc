"""Our own plug-ins are packages of their own: what they may import, and who may import them."""

import ast
import importlib.metadata
from pathlib import Path

import pytest

from codeanatomy.facts.collect import LISTENERS, offered

from .source import SRC, TOP

PLUGINS = sorted(path for path in (TOP / "plugins").iterdir() if path.is_dir())
# what adding.md offers to a plug-in
CONTRACT = (
    *("codeanatomy.facts", "codeanatomy.semantic.declare", "codeanatomy.extract.witness"),
    *("codeanatomy.extract.decoding", "codeanatomy.sources.reading"),
    *("codeanatomy.extract.columns", "codeanatomy.extract.forest", "codeanatomy.extract.parse"),
    "codeanatomy.engine.events",  # what listeners hear
    *("codeanatomy.extract.foreman", "codeanatomy.extract.messages"),  # limits of a process
)
STARTS = {"codeanatomy_scip/indexer.py", "codeanatomy_types/process.py"}  # a bounded process


def imported(path: Path) -> set[str]:
    """The modules that a file imports, anywhere."""
    nodes = [*ast.walk(ast.parse(path.read_text("utf-8")))]
    plain = {alias.name for n in nodes if isinstance(n, ast.Import) for alias in n.names}
    return plain | {n.module or "" for n in nodes if isinstance(n, ast.ImportFrom)}


def below(module: str, packages: tuple[str, ...]) -> bool:
    return any(f"{module}.".startswith(f"{package}.") for package in packages)


@pytest.mark.parametrize("plugin", PLUGINS, ids=lambda path: path.name)
def test_a_plugin_keeps_to_what_plugins_are_offered(plugin: Path) -> None:
    own = f"codeanatomy_{plugin.name}"
    files = sorted((plugin / "src" / own).glob("*.py"))
    assert files
    for file in files:
        names = imported(file)
        ours = {name for name in names if name.partition("_")[0].partition(".")[0] == "codeanatomy"}
        assert not {name for name in ours if not below(name, (*CONTRACT, own))}, file
        assert ("subprocess" in names) == (f"{own}/{file.name}" in STARTS), file
        assert not names & {"pickle", "marshal", "ctypes", "importlib", "runpy"}, file
    assert (plugin / "README.md").is_file()


def test_the_package_knows_no_plugin_and_finds_them_all() -> None:
    names = {plugin.name: f"codeanatomy_{plugin.name}" for plugin in PLUGINS}
    heard = {e.name: e.module for e in importlib.metadata.entry_points(group=LISTENERS)}
    found = {name: module for name, module, _ in offered()} | heard
    assert found.items() >= names.items()
    for file in SRC.rglob("*.py"):
        assert not {n for n in imported(file) if below(n, tuple(names.values()))}, file


def test_what_comes_along_knows_the_package_only_as_plugins_do() -> None:
    for file in (SRC / "codeanatomy_stubs").glob("*.py"):
        assert not {name for name in imported(file) if below(name, ("codeanatomy",))}, file
    allowed = (*CONTRACT, "codeanatomy.extract.from_ast", "codeanatomy_tolerant")
    for file in (SRC / "codeanatomy_tolerant").glob("*.py"):
        ours = {name for name in imported(file) if name.startswith("codeanatomy")}
        assert not {name for name in ours if not below(name, allowed)}, file
    for file in (SRC / "codeanatomy").rglob("*.py"):
        assert not {n for n in imported(file) if below(n, ("codeanatomy_tolerant",))}, file
