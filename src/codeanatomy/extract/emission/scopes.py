"""The scopes of a module: which names do its statements bind, and how? Visits no expression.

Structured SSA: `Scope.env[name]` is the place of the name's value, so a local assignment emits no
row and a use sees just the definitions that reach it; only joins make new places. A name that
others may see (module, class, captured by an inner function) also has one place per scope, fed by
all its definitions.
"""

import ast
from collections.abc import Callable, Iterator, Sequence

from codeanatomy.facts import constraints as c

# one def or class; one import; several imports; everything else
DEFINITION, IMPORT, IMPORTS, VARIABLE = range(1, 5)
OWN, SINGLE = (DEFINITION, VARIABLE), (DEFINITION, IMPORT)  # without imports; by one statement
Bound = dict[str, int]
NOTHING: Bound = {}  # of the many scopes that declare nothing; never written
Jumps = tuple[list[dict[str, int]], list[dict[str, int]]]
Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


class Scope:
    """A module, class or function: what its statements bind and declare, and what is known of its
    names where the walk is."""

    def __init__(self, kind: int, parent: "Scope | None") -> None:
        self.kind, self.parent, self.object = kind, parent, 0
        self.name = ""  # of a class
        self.bound: Bound = {}
        self.globals = self.nonlocals = NOTHING
        self.inner: list[Definition] = []
        self.env: dict[str, int] = {}  # name -> place of its value here
        self.variables: dict[str, int] = {}  # name -> place of all its definitions, if asked for
        self.paths: dict[tuple[int, int], int] = {}  # (base, attribute) -> place, in straight code
        self.narrowed: dict[tuple[str, int], int] = {}  # (name, place a test told) -> its own place
        self.definitions: dict[str, list[int]] = {}  # of a function: what inner functions may see
        self.defined: dict[str, int] = {}  # name -> object of its one def or class
        self.imports: dict[str, list[int]] = {}  # name -> places of the imports that bind it
        self.cache: dict[str, int] = {}
        self.uses: dict[str, list[int]] = {}
        self.shared = NOTHING  # names that functions inside assign to
        # comprehension variables around this lambda
        self.veil: dict[str, int] = parent.veil if parent else NOTHING
        self.logs: list[dict[str, list[int]]] = []  # definitions inside open try bodies
        self.loops: list[Jumps] = []
        self.returns: list[int] = []
        self.parameters: dict[int, int] = {}  # place of a positional parameter -> index
        self.receiver = 0  # place of the first parameter of the method around
        self.owner_class: Scope | None = parent.owner_class if parent else None  # class around
        self.members: set[str] = set()  # of a class: what its methods set on their receivers
        self.generator = False


def scopes(tree: ast.Module) -> dict[ast.AST, Scope]:
    """The module's scope and that of every class and function in it.

    Every loop node gains `binds`: the names that its target and body bind.
    """
    module = Scope(c.MODULE, None)
    _block(module, tree.body)
    found: dict[ast.AST, Scope] = {tree: module}
    todo = [module]
    while todo:
        scope = todo.pop()
        for node in scope.inner:
            inner = Scope(c.CLASS if type(node) is ast.ClassDef else c.FUNCTION, scope)
            _block(inner, node.body)
            found[node] = inner
            todo.append(inner)
            if inner.globals:
                module.shared = module.shared | inner.globals
                module.bound |= {x: VARIABLE for x in inner.globals if x in inner.bound}
            for name in inner.nonlocals:
                owner: Scope | None = scope
                while owner is not None and (owner.kind == c.CLASS or name in owner.nonlocals):
                    owner = owner.parent
                if owner is not None:
                    owner.shared = owner.shared | {name: VARIABLE}
    for scope in found.values():
        for name in (*scope.globals, *scope.nonlocals):
            scope.bound.pop(name, None)
    return found


def owner_of(module: Scope, scope: Scope, name: str) -> tuple[Scope | None, int]:
    """The scope whose name this is (None: not in the file), or a comprehension variable's place."""
    if name in scope.globals:
        return (module if name in module.bound else None), 0
    around: Scope | None = scope
    while around is not None:
        if name in around.bound and around.kind != c.CLASS:
            return around, 0
        if name in around.veil:
            return None, around.veil[name]
        around = around.parent
    return None, 0


def _block(scope: Scope, statements: Sequence[ast.AST]) -> None:
    find = _STATEMENTS.get
    for node in statements:
        visit = find(type(node))
        if visit is not None:
            visit(scope, node)


def bind(bound: Bound, name: str, how: int) -> None:
    """Adds a binding of the name: several ways, or several defs, make a variable."""
    imports = {how, bound.get(name)} <= {IMPORT, IMPORTS}
    again = IMPORTS if imports else VARIABLE
    bound[name] = again if name in bound else how


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


def _target(scope: Scope, target: ast.expr) -> None:
    scope.bound |= dict.fromkeys(target_names(target), VARIABLE)


def _definition(scope: Scope, node: Definition) -> None:
    bind(scope.bound, node.name, DEFINITION)
    scope.inner.append(node)


def _loop(scope: Scope, node: ast.For | ast.AsyncFor | ast.While) -> None:
    outer, scope.bound = scope.bound, {}
    for part in ast.walk(node.test) if isinstance(node, ast.While) else [node]:
        if isinstance(part, ast.NamedExpr | ast.For | ast.AsyncFor):
            _target(scope, part.target)
    _block(scope, node.body)
    node.binds, scope.bound = scope.bound, outer
    for name, how in node.binds.items():
        bind(outer, name, how)
    _block(scope, node.orelse)


def _fields(scope: Scope, node: ast.AST) -> None:
    """What the fields bind that `_FIELDS` has of the node: blocks, targets, names and patterns."""
    for field in _FIELDS[type(node)]:
        value = getattr(node, field)
        if isinstance(value, str):
            scope.bound[value] = VARIABLE
        elif isinstance(value, ast.pattern):
            scope.bound |= dict.fromkeys(pattern_names(value), VARIABLE)
        elif value is not None:
            _block(scope, value if isinstance(value, list) else [value])


def pattern_names(pattern: ast.pattern) -> list[str]:
    """Names that a pattern captures."""
    names = (getattr(x, "rest", getattr(x, "name", None)) for x in ast.walk(pattern))
    return [name for name in names if isinstance(name, str)]


def _import(scope: Scope, node: ast.Import | ast.ImportFrom) -> None:
    for alias in node.names:
        if alias.name != "*":
            bind(scope.bound, alias.asname or alias.name.split(".", 1)[0], IMPORT)


def _declaration(scope: Scope, node: ast.Global | ast.Nonlocal) -> None:
    declared = dict.fromkeys(node.names, VARIABLE)
    if isinstance(node, ast.Global):
        scope.globals = scope.globals | declared
    else:
        scope.nonlocals = scope.nonlocals | declared


_FIELDS: dict[type[ast.AST], tuple[str, ...]] = {
    **dict.fromkeys((ast.AugAssign, ast.AnnAssign), ("target",)),
    **dict.fromkeys((ast.Try, ast.TryStar), ("body", "handlers", "orelse", "finalbody")),
    **dict.fromkeys((ast.With, ast.AsyncWith), ("items", "body")),
    ast.Assign: ("targets",),
    ast.If: ("body", "orelse"),
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
    **dict.fromkeys((ast.Name, ast.Tuple, ast.List, ast.Starred), _target),
}
