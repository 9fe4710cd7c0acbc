"""Which names do the statements of a scope bind, and how? No expression is visited."""

import ast
from collections.abc import Callable, Iterable

DEFINITION, IMPORT, IMPORTS, VARIABLE = (
    1,
    2,
    3,
    4,
)  # one def or class; one import; several; all else
Bound = dict[str, int]

COMPOUND = "body", "orelse", "finalbody"


def bound_names(
    statements: list[ast.stmt], loops: dict[ast.AST, Bound]
) -> tuple[Bound, Bound, Bound]:
    """Names bound in source order with how; then the names declared global and nonlocal.

    `loops` gains, for every loop, the names that its target and body bind.
    """
    found = _Names({}, {}, {}, loops)
    found.block(statements)
    return found.bound, found.globals, found.nonlocals


def bind(bound: Bound, name: str, how: int) -> None:
    """Adds a binding of the name: several ways, or several defs, make a variable."""
    before = bound.get(name)
    if before is None:
        bound[name] = how
    elif how == IMPORT and before in (IMPORT, IMPORTS):
        bound[name] = IMPORTS
    else:
        bound[name] = VARIABLE


def target_names(target: ast.expr) -> Iterable[str]:
    """Names that an assignment target binds, left to right."""
    todo = [target]
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, (ast.Tuple, ast.List)):
            todo += reversed(node.elts)
        elif isinstance(node, ast.Starred):
            todo.append(node.value)


class _Names:
    """The walk over one scope's statements."""

    def __init__(
        self, bound: Bound, globals_: Bound, nonlocals: Bound, loops: dict[ast.AST, Bound]
    ):
        self.bound, self.globals, self.nonlocals, self.loops = bound, globals_, nonlocals, loops

    def block(self, statements: list[ast.stmt]) -> None:
        for node in statements:
            visit = _STATEMENTS.get(node.__class__)
            if visit is not None:
                visit(self, node)

    def nested(self, node: ast.AST) -> None:
        for part in COMPOUND:
            self.block(getattr(node, part, []))

    def target(self, target: ast.expr) -> None:
        if target.__class__ is ast.Name:
            bind(self.bound, target.id, VARIABLE)
        else:
            for name in target_names(target):
                bind(self.bound, name, VARIABLE)


def _assign(names: _Names, node: ast.Assign) -> None:
    for target in node.targets:
        names.target(target)


def _assign_one(names: _Names, node: ast.AugAssign | ast.AnnAssign) -> None:
    names.target(node.target)


def _definition(names: _Names, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) -> None:
    bind(names.bound, node.name, DEFINITION)


def _loop(names: _Names, node: ast.For | ast.AsyncFor | ast.While) -> None:
    outer = names.bound
    inner: Bound = {}
    names.bound = inner
    if not isinstance(node, ast.While):
        names.target(node.target)
    names.block(node.body)
    names.bound = outer
    names.loops[node] = inner
    for name, how in inner.items():
        bind(outer, name, how)
    names.block(node.orelse)


def _try(names: _Names, node: ast.Try) -> None:
    names.block(node.body)
    for handler in node.handlers:
        if handler.name:
            bind(names.bound, handler.name, VARIABLE)
        names.block(handler.body)
    names.block(node.orelse)
    names.block(node.finalbody)


def _with(names: _Names, node: ast.With | ast.AsyncWith) -> None:
    for item in node.items:
        if item.optional_vars is not None:
            names.target(item.optional_vars)
    names.block(node.body)


def _match(names: _Names, node: ast.Match) -> None:
    for case in node.cases:
        for name in pattern_names(case.pattern):
            bind(names.bound, name, VARIABLE)
        names.block(case.body)


def pattern_names(pattern: ast.pattern) -> list[str]:
    """Names that a pattern captures."""
    found = []
    for node in ast.walk(pattern):
        name = getattr(node, "rest" if isinstance(node, ast.MatchMapping) else "name", None)
        if isinstance(name, str):
            found.append(name)
    return found


def _import(names: _Names, node: ast.Import) -> None:
    for alias in node.names:
        bind(names.bound, alias.asname or alias.name.split(".", 1)[0], IMPORT)


def _import_from(names: _Names, node: ast.ImportFrom) -> None:
    for alias in node.names:
        if alias.name != "*":
            bind(names.bound, alias.asname or alias.name, IMPORT)


def _global(names: _Names, node: ast.Global) -> None:
    names.globals.update(dict.fromkeys(node.names, VARIABLE))


def _nonlocal(names: _Names, node: ast.Nonlocal) -> None:
    names.nonlocals.update(dict.fromkeys(node.names, VARIABLE))


_STATEMENTS: dict[type[ast.AST], Callable[..., None]] = {
    ast.Assign: _assign,
    ast.AugAssign: _assign_one,
    ast.AnnAssign: _assign_one,
    ast.FunctionDef: _definition,
    ast.AsyncFunctionDef: _definition,
    ast.ClassDef: _definition,
    ast.If: _Names.nested,
    ast.For: _loop,
    ast.AsyncFor: _loop,
    ast.While: _loop,
    ast.Try: _try,
    ast.TryStar: _try,
    ast.With: _with,
    ast.AsyncWith: _with,
    ast.Match: _match,
    ast.Import: _import,
    ast.ImportFrom: _import_from,
    ast.Global: _global,
    ast.Nonlocal: _nonlocal,
}
