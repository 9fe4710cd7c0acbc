"""Which names do the statements of a scope bind, and how? No expression is visited."""

import ast
from collections.abc import Callable, Iterator, Sequence

import msgspec

# one def or class; one import; several imports; everything else
DEFINITION, IMPORT, IMPORTS, VARIABLE = range(1, 5)
Bound = dict[str, int]
NOTHING: Bound = {}  # of the many scopes that declare nothing; never written
Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


class Names(msgspec.Struct, eq=False):
    """What the statements of one module, class or function bind and declare."""

    outer: "Names | None"
    loops: dict[ast.AST, Bound]
    is_class: bool = False
    bound: Bound = {}
    globals: Bound = {}
    nonlocals: Bound = {}
    shared: Bound = {}  # names that functions inside assign to by global or nonlocal
    inner: list[Definition] = []

    def block(self, statements: Sequence[ast.AST]) -> None:
        find = _STATEMENTS.get
        for node in statements:
            visit = find(type(node))
            if visit is not None:
                visit(self, node)

    def target(self, target: ast.expr) -> None:
        for name in target_names(target):
            self.bound[name] = VARIABLE


def scopes(tree: ast.Module, loops: dict[ast.AST, Bound]) -> dict[ast.AST, Names]:
    """The names of the module and of every class and function in it, in source order per scope.

    `loops` gains, for every loop, the names that its target and body bind.
    """
    found: dict[ast.AST, Names] = {tree: Names(None, loops)}
    module = found[tree]
    module.block(tree.body)
    todo = [module]
    while todo:
        names = todo.pop()
        for node in names.inner:
            inner = Names(names, loops, type(node) is ast.ClassDef)
            inner.block(node.body)
            found[node] = inner
            todo.append(inner)
            if inner.globals:
                module.shared = module.shared | inner.globals
                for name in inner.globals:
                    if name in inner.bound:
                        module.bound[name] = VARIABLE
            for name in inner.nonlocals:
                owner: Names | None = names
                while owner is not None and (owner.is_class or name in owner.nonlocals):
                    owner = owner.outer
                if owner is not None:
                    owner.shared = owner.shared | {name: VARIABLE}
    return found


def bind(bound: Bound, name: str, how: int) -> None:
    """Adds a binding of the name: several ways, or several defs, make a variable."""
    before = bound.get(name)
    if before is None:
        bound[name] = how
    elif how == IMPORT and before in (IMPORT, IMPORTS):
        bound[name] = IMPORTS
    else:
        bound[name] = VARIABLE


def leaves(target: ast.expr) -> Iterator[ast.expr]:
    """What stands in a target that may be unpacked to, left to right, without stars."""
    todo = [target]
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.Tuple, ast.List)):
            todo += reversed(node.elts)
        elif isinstance(node, ast.Starred):
            todo.append(node.value)
        else:
            yield node


def target_names(target: ast.expr) -> list[str]:
    """Names that an assignment target binds, left to right."""
    return [node.id for node in leaves(target) if isinstance(node, ast.Name)]


def _assign(names: Names, node: ast.Assign) -> None:
    for target in node.targets:
        if type(target) is ast.Name:
            names.bound[target.id] = VARIABLE
        elif type(target) is not ast.Attribute:
            names.target(target)


def _definition(names: Names, node: Definition) -> None:
    bind(names.bound, node.name, DEFINITION)
    names.inner.append(node)


def _if(names: Names, node: ast.If) -> None:
    """elif chains are walked in a loop: they may be longer than the stack is deep."""
    names.block(node.body)
    while len(node.orelse) == 1 and isinstance(node.orelse[0], ast.If):
        node = node.orelse[0]
        names.block(node.body)
    names.block(node.orelse)


def _loop(names: Names, node: ast.For | ast.AsyncFor | ast.While) -> None:
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


def _fields(names: Names, node: ast.AST) -> None:
    """What the fields bind that `_FIELDS` has of the node, blocks among them."""
    for field in _FIELDS[type(node)]:
        value = getattr(node, field)
        if isinstance(value, list):
            names.block(value)
        elif isinstance(value, ast.expr):
            names.target(value)
        elif value is not None:  # a pattern, or the name of an exception
            found = [value] if isinstance(value, str) else pattern_names(value)
            names.bound |= dict.fromkeys(found, VARIABLE)


def pattern_names(pattern: ast.pattern) -> list[str]:
    """Names that a pattern captures."""
    found = []
    for node in ast.walk(pattern):
        name = getattr(node, "rest" if isinstance(node, ast.MatchMapping) else "name", None)
        if isinstance(name, str):
            found.append(name)
    return found


def _import(names: Names, node: ast.Import | ast.ImportFrom) -> None:
    for alias in node.names:
        if alias.name != "*":
            bind(names.bound, alias.asname or alias.name.split(".", 1)[0], IMPORT)


def _declaration(names: Names, node: ast.Global | ast.Nonlocal) -> None:
    declared = dict.fromkeys(node.names, VARIABLE)
    if isinstance(node, ast.Global):
        names.globals = names.globals | declared
    else:
        names.nonlocals = names.nonlocals | declared


_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {
    **dict.fromkeys((ast.AugAssign, ast.AnnAssign), ("target",)),
    **dict.fromkeys((ast.Try, ast.TryStar), ("body", "handlers", "orelse", "finalbody")),
    **dict.fromkeys((ast.With, ast.AsyncWith), ("items", "body")),
    ast.Match: ("cases",),
    ast.ExceptHandler: ("name", "body"),
    ast.match_case: ("pattern", "body"),
    ast.withitem: ("optional_vars",),
}
_STATEMENTS: dict[type[ast.AST], Callable[..., None]] = {
    **dict.fromkeys(_FIELDS, _fields),
    **dict.fromkeys((ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef), _definition),
    **dict.fromkeys((ast.For, ast.AsyncFor, ast.While), _loop),
    **dict.fromkeys((ast.Import, ast.ImportFrom), _import),
    **dict.fromkeys((ast.Global, ast.Nonlocal), _declaration),
    ast.Assign: _assign,
    ast.If: _if,
}
