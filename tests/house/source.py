"""The package's source as the checks read it: modules, their text and their imports."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TOP = Path(__file__).parents[2]
SRC = TOP / "src"
PACKAGE = "codeanatomy"


class Module(NamedTuple):
    """One source file: dotted name, path below `src/codeanatomy`, text and tree."""

    name: str
    path: str
    text: str
    tree: ast.Module

    @property
    def room(self) -> str:
        """The room it lies in; a front door is its own room, the package's `__init__` is ''."""
        return self.name.partition(".")[2].partition(".")[0]


class Import(NamedTuple):
    """One imported module: what it names, where, and whether it runs late (inside a function)."""

    target: str
    line: int
    late: bool


def module(name: str, text: str) -> Module:
    """A made-up module, for showing that a check can fail."""
    path = name.removeprefix(PACKAGE + ".").replace(".", "/") + ".py"
    return Module(name, path, text, ast.parse(text))


def modules() -> list[Module]:
    """Every module of the package, by path."""
    found = []
    for path in sorted((SRC / PACKAGE).rglob("*.py")):
        relative = path.relative_to(SRC)
        parts = relative.with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        text = path.read_text(encoding="utf-8")
        inside = relative.relative_to(PACKAGE).as_posix()
        found.append(Module(name, inside, text, ast.parse(text, str(path))))
    return found


def imports(one: Module, known: frozenset[str]) -> list[Import]:
    """Every import of a module, late and `TYPE_CHECKING` ones too.

    A name taken from a package counts as the module of that name if `known` has one.
    """
    found = []
    for node, late in _statements(one.tree, False):
        if isinstance(node, ast.Import):
            found += [Import(alias.name, node.lineno, late) for alias in node.names]
        else:
            base = _base(one, node)
            for alias in node.names:
                full = f"{base}.{alias.name}"
                found.append(Import(full if full in known else base, node.lineno, late))
    return list(dict.fromkeys(found))


def _statements(node: ast.AST, late: bool) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import | ast.ImportFrom):
            yield child, late
        inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        yield from _statements(child, late or inside)


def _base(one: Module, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    package = one.name.split(".") if one.path.endswith("__init__.py") else one.name.split(".")[:-1]
    parts = package[: len(package) - node.level + 1]
    return ".".join([*parts, *([node.module] if node.module else [])])
