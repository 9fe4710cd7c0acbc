"""Of the calls of plain names that must resolve, how many do: counted without codeanatomy.

A call site `name(...)` counts when Python's own scope rules (the standard library's `symtable`) say
in which scope the name is bound, and every binding of it there is a `def`, a `class`, or an import
from a module of the scanned tree. The graph is only asked which call sites have a CALL edge.
"""

import argparse
import ast
import symtable
import sys
import tempfile
import warnings
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import ask
from corpora import fetch

FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
COMPREHENSIONS = {
    ast.ListComp: "listcomp",
    ast.SetComp: "setcomp",
    ast.DictComp: "dictcomp",
    ast.GeneratorExp: "genexpr",
}
HAS_CALL = (
    "SELECT DISTINCT site.path, site.bstart, site.bend FROM cpg_edges AS edge"
    " JOIN cpg_nodes AS site ON site.node_id = edge.src WHERE edge.kind = 'CALL'"
)


class Site(NamedTuple):
    """A call site: where it stands, and the name that is called."""

    path: str
    bstart: int
    bend: int
    line: int
    name: str


class Scope:
    """A symbol table with what each of its names is bound by, and the scopes inside it."""

    def __init__(self, table: symtable.SymbolTable, parent: "Scope | None") -> None:
        self.table = table
        self.parent = parent
        self.bindings: dict[str, list[bool]] = defaultdict(list)  # True: def, class, scanned import
        self._inner: dict[tuple[str, int], list[symtable.SymbolTable]] = defaultdict(list)
        for child in table.get_children():
            self._inner[child.get_name(), child.get_lineno()].append(child)

    def inner(self, name: str, line: int) -> "Scope":
        """The next inner scope of that name on that line, in the compiler's own order."""
        return Scope(self._inner[name, line].pop(0), self)

    def owner(self, name: str) -> "Scope | None":
        """The scope that binds the name as seen from here; None: a builtin, or not bound at all."""
        try:
            symbol = self.table.lookup(name)
        except KeyError:
            return self.module() if name in self.module().bindings else None
        if symbol.is_global():
            return self.module()
        if symbol.is_local():
            return self
        scope = self.parent
        while scope is not None:
            if scope.table.get_type() == "function" and scope.binds(name):
                return scope
            scope = scope.parent
        return None

    def binds(self, name: str) -> bool:
        """Whether the name is local to this very scope."""
        return name in self.table.get_identifiers() and self.table.lookup(name).is_local()

    def module(self) -> "Scope":
        """The outermost scope."""
        return self if self.parent is None else self.parent.module()


class Reader(ast.NodeVisitor):
    """Walks a file in the order in which the compiler opens scopes; collects bindings, calls."""

    def __init__(self, scope: Scope, module: str, package: bool, scanned: frozenset[str]) -> None:
        self.scope = scope
        self.calls: list[tuple[Scope, ast.Call]] = []
        self._module, self._package, self._scanned = module, package, scanned

    def bind(self, name: str, by_definition: bool) -> None:
        """Notes a binding in the scope that owns the name (`global`, `nonlocal` lead elsewhere)."""
        scope: Scope | None = self.scope
        while scope is not None and scope.table.get_name() in COMPREHENSIONS.values():
            if scope.binds(name):
                break
            scope = scope.parent  # a walrus binds outside its comprehension
        owner = scope.owner(name) if scope else None
        (owner or self.scope).bindings[name].append(by_definition)

    def inside(self, scope: Scope, nodes: Iterable[ast.AST]) -> None:
        """Visits the nodes with that scope as the current one."""
        outer, self.scope = self.scope, scope
        for node in nodes:
            self.visit(node)
        self.scope = outer

    def visit_function(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        self.bind(node.name, True)
        arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        arguments += [extra for extra in (node.args.vararg, node.args.kwarg) if extra]
        outside = [*node.args.defaults, *filter(None, node.args.kw_defaults)]
        outside += [a.annotation for a in arguments if a.annotation]
        outside += [node.returns] if node.returns else []
        for part in [*outside, *node.decorator_list]:
            self.visit(part)
        self.inside(self.scope.inner(node.name, node.lineno), [*map(_bare, arguments), *node.body])

    visit_FunctionDef = visit_AsyncFunctionDef = visit_function

    def visit_Lambda(self, node: ast.Lambda) -> None:
        for default in [*node.args.defaults, *filter(None, node.args.kw_defaults)]:
            self.visit(default)
        every = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
        every += [extra for extra in (node.args.vararg, node.args.kwarg) if extra]
        self.inside(self.scope.inner("lambda", node.lineno), [*map(_bare, every), node.body])

    def visit_ClassDef(self, node: ast.ClassDef) -> None:
        self.bind(node.name, True)
        for part in [*node.bases, *node.keywords, *node.decorator_list]:
            self.visit(part)
        self.inside(self.scope.inner(node.name, node.lineno), node.body)

    def visit_comprehension_expression(
        self, node: ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
    ) -> None:
        first, *others = node.generators
        self.visit(first.iter)
        results = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        if isinstance(node, ast.DictComp):
            results = [node.value, node.key]  # the compiler's own order
        inside = [first.target, *first.ifs, *others, *results]
        self.inside(self.scope.inner(COMPREHENSIONS[type(node)], node.lineno), inside)

    visit_ListComp = visit_SetComp = visit_comprehension_expression
    visit_DictComp = visit_GeneratorExp = visit_comprehension_expression

    def visit_arg(self, node: ast.arg) -> None:
        self.bind(node.arg, False)

    def visit_Name(self, node: ast.Name) -> None:
        if not isinstance(node.ctx, ast.Load):
            self.bind(node.id, False)

    def visit_ExceptHandler(self, node: ast.ExceptHandler) -> None:
        if node.name:
            self.bind(node.name, False)
        self.generic_visit(node)

    def visit_MatchAs(self, node: ast.MatchAs | ast.MatchStar) -> None:
        if node.name:
            self.bind(node.name, False)
        self.generic_visit(node)

    visit_MatchStar = visit_MatchAs

    def visit_MatchMapping(self, node: ast.MatchMapping) -> None:
        if node.rest:
            self.bind(node.rest, False)
        self.generic_visit(node)

    def visit_Import(self, node: ast.Import) -> None:
        for alias in node.names:
            self.bind(alias.asname or alias.name.split(".")[0], alias.name in self._scanned)

    def visit_ImportFrom(self, node: ast.ImportFrom) -> None:
        base = node.module or ""
        if node.level:
            parts = self._module.split(".")
            parts = parts[: len(parts) - node.level + self._package]
            base = ".".join([*parts, *([node.module] if node.module else [])])
        for alias in node.names:
            if alias.name != "*":
                self.bind(alias.asname or alias.name, base in self._scanned)

    def visit_Call(self, node: ast.Call) -> None:
        if isinstance(node.func, ast.Name):
            self.calls.append((self.scope, node))
        self.generic_visit(node)


def _bare(argument: ast.arg) -> ast.arg:
    return ast.arg(argument.arg)


def sites(root: Path) -> list[Site]:
    """The call sites that count, of every file under the folder that the interpreter compiles."""
    files = sorted(path for path in root.rglob("*.py") if ".codeanatomy" not in path.parts)
    modules = {path: _module(path) for path in files}
    top_of_library = sys.stdlib_module_names
    scanned = frozenset(m for m in modules.values() if m.split(".")[0] not in top_of_library)
    found = []
    for path, module in modules.items():
        content = path.read_bytes()
        try:
            text = content.decode("utf-8-sig")
            tree, table = ast.parse(text), symtable.symtable(text, str(path), "exec")
        except (SyntaxError, UnicodeDecodeError, ValueError):
            continue
        reader = Reader(Scope(table, None), module, path.name == "__init__.py", scanned)
        reader.visit(tree)
        lines = [0, *(i + 1 for i, byte in enumerate(content) if byte == 10)]
        shift = len(content) - len(text.encode())  # a byte order mark shifts the first line only
        for scope, node in reader.calls:
            name = node.func.id if isinstance(node.func, ast.Name) else ""
            owner = scope.owner(name)
            if owner is not None and owner.bindings[name] and all(owner.bindings[name]):
                start = lines[node.lineno - 1] + node.col_offset + shift * (node.lineno == 1)
                last = node.end_lineno or node.lineno
                end = lines[last - 1] + (node.end_col_offset or 0) + shift * (last == 1)
                place = path.relative_to(root).as_posix()
                found.append(Site(place, start, end, node.lineno, name))
    return found


def _module(path: Path) -> str:
    """Dotted from the topmost folder without an `__init__.py`."""
    parts = [] if path.name == "__init__.py" else [path.stem]
    folder = path.parent
    while (folder / "__init__.py").exists():
        parts.insert(0, folder.name)
        folder = folder.parent
    return ".".join(parts)


def main() -> int:
    """Prints the counts and examples of misses; 1 when fewer resolve than the bar."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repo", type=Path, help="default: Django's source distribution")
    parser.add_argument("--graph", type=Path, help="a graph of it; default: build one")
    parser.add_argument("--examples", type=int, default=20, help="misses to print (default: 20)")
    parser.add_argument("--bar", type=float, default=0.95)
    arguments = parser.parse_args()
    warnings.simplefilter("ignore")
    root = (arguments.repo or fetch("django")).resolve()
    expected = sites(root)
    with tempfile.TemporaryDirectory() as scratch:
        graph = arguments.graph or Path(scratch) / "graph"
        if not arguments.graph:
            ask.build(root, graph)
        resolved = {
            (row["path"], int(row["bstart"]), int(row["bend"])) for row in ask.rows(graph, HAS_CALL)
        }
    misses = [site for site in expected if site[:3] not in resolved]
    share = 1 - len(misses) / max(1, len(expected))
    print(f"{len(expected):,} call sites `name(...)` bound only by def, class or scanned import")
    print(
        f"{len(expected) - len(misses):,} have a CALL edge: {share:.2%} (bar: {arguments.bar:.0%})"
    )
    step = max(1, len(misses) // max(1, arguments.examples))
    for site in misses[::step][: arguments.examples]:
        print(f"  miss {site.path}:{site.line} {site.name}(...)")
    return int(share < arguments.bar)


if __name__ == "__main__":
    sys.exit(main())
