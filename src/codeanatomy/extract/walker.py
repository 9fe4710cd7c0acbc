"""From a tree to columns: one generated function per ast class appends a row per node.

The functions are written out from the grammar that each ast class carries in its docstring, so a
class that a newer Python adds is walked without a change here; only the order of children and the
classes that are folded or need more than their children are told below. Rows stand in source order,
a parent before its children. Expression statements, `arguments`, `withitem`, contexts and operators
get no row. Rows that the constraint emitter refers to get their number as `node.row`.
"""

import ast
import re
from collections.abc import Callable
from types import SimpleNamespace

from codeanatomy.extract.newer import CLASSES

Visit = Callable[[ast.Module, int], None]

# node class -> attribute that goes to the `texts` column
TEXT = {
    "FunctionDef": "name",
    "AsyncFunctionDef": "name",
    "ClassDef": "name",
    "Name": "id",
    "Attribute": "attr",
    "arg": "arg",
    "keyword": "arg",
    "alias": "name",
    "ImportFrom": "module",
    "ExceptHandler": "name",
    "MatchAs": "name",
    "MatchStar": "name",
    "MatchMapping": "rest",
    "TypeVar": "name",
    "ParamSpec": "name",
    "TypeVarTuple": "name",
}
_ROWED = {
    *("Module", "FunctionDef", "AsyncFunctionDef", "ClassDef", "Lambda"),
    *("Call", "Name", "Attribute", "Subscript", "alias", "arg", "For", "AsyncFor", "comprehension"),
    *("With", "AsyncWith", "Raise", "BinOp", "UnaryOp", "Compare", "AugAssign"),
}
_OPERATORS: dict[str, tuple[str, type[ast.AST]]] = {
    "BinOp": ("n.op", ast.operator),
    "AugAssign": ("n.op", ast.operator),
    "BoolOp": ("n.op", ast.boolop),
    "UnaryOp": ("n.op", ast.unaryop),
    "Compare": ("n.ops[0]", ast.cmpop),
}
_PLAIN = {"identifier", "int", "string", "constant", "expr_context", "type_ignore"}
_PLAIN |= {"operator", "unaryop", "boolop", "cmpop"}
_DIRECT = {"arg", "alias", "keyword", "comprehension", "match_case"}  # classes without subclasses
_UNPLACED = {"Module", "comprehension", "match_case"}  # the parser gives them no position

# Steps of the classes whose children are not simply their fields in the grammar's order. A step
# `visit x field` becomes the child's role and visit; `visit x field as class` skips the dispatch.
_MIXED = """\
a = n.{first}; k = n.keywords
if k and a and a[-1].__class__ is A.Starred:
    for x in interleaved(a, k):
        if x.__class__ is A.keyword:
            visit x keywords as keyword
        else:
            x.row = len(kinds)
            visit x {first}
else:
    for x in a:
        x.row = len(kinds)
        visit x {first}
    for x in k:
        visit x keywords as keyword
"""
_DECORATORS = """\
for x in n.decorator_list:
    x.row = len(kinds); decorator(dotted(x))
    visit x decorator_list
"""
_GENERIC = """\
t = getattr(n, "type_params", None)
if t:
    generic((i, len(kinds)))
    for x in t:
        visit x type_params
"""
_PARAMETERS = """\
a = n.args; d = a.defaults
k = len(d) - len(a.posonlyargs) - len(a.args)
for x in a.posonlyargs:
    j = len(kinds)
    visit x posonlyargs as arg
    if k >= 0:
        e = len(kinds); x = d[k]
        visit x defaults
        default((j, e, len(kinds)))
    k += 1
for x in a.args:
    j = len(kinds)
    visit x args as arg
    if k >= 0:
        e = len(kinds); x = d[k]
        visit x defaults
        default((j, e, len(kinds)))
    k += 1
x = a.vararg
if x is not None:
    visit x vararg as arg
for x, y in zip(a.kwonlyargs, a.kw_defaults):
    j = len(kinds)
    visit x kwonlyargs as arg
    if y is not None:
        e = len(kinds)
        visit y kw_defaults
        default((j, e, len(kinds)))
x = a.kwarg
if x is not None:
    visit x kwarg as arg
"""
_BODY = """\
b = len(kinds)
for x in n.body:
    visit x body
body((i, b, len(kinds)))
"""
_DOCSTRING = "docstring(written(n.body))\n"
_RETURNS = "x = n.returns\nif x is not None:\n    visit x returns\n"
_GENERATORS = """\
for x in n.generators:
    visit x generators as comprehension
comprehended((i, len(kinds)))
"""
_PAIRS = """\
for k, x in zip(n.keys, n.{values}):
    if k is not None:
        visit k keys
    visit x {values}
"""
_ITEMS = """\
for y in n.items:
    x = y.context_expr
    visit x context_expr
    x = y.optional_vars
    if x is not None:
        visit x optional_vars
for x in n.body:
    visit x body
"""
_FUNCTION = _DOCSTRING + _DECORATORS + _GENERIC + _PARAMETERS + _RETURNS + _BODY
_ONE = "x = n.{0}\nvisit x {0}\n"
_STEPS = {
    "Module": _DOCSTRING + _BODY,
    "FunctionDef": _FUNCTION,
    "AsyncFunctionDef": _FUNCTION,
    "Lambda": "docstring(None)\n"
    + _PARAMETERS
    + "b = len(kinds)\n"
    + _ONE.format("body")
    + "body((i, b, len(kinds)))\n",
    "ClassDef": _DOCSTRING + _DECORATORS + _GENERIC + _MIXED.format(first="bases") + _BODY,
    "Call": _ONE.format("func") + _MIXED.format(first="args").replace("x.row = len(kinds)", "pass"),
    "IfExp": "".join(map(_ONE.format, ("body", "test", "orelse"))),
    "With": _ITEMS,
    "AsyncWith": _ITEMS,
    "Dict": _PAIRS.format(values="values"),
    "MatchMapping": _PAIRS.format(values="patterns"),
    "ListComp": _ONE.format("elt") + _GENERATORS,
    "SetComp": _ONE.format("elt") + _GENERATORS,
    "GeneratorExp": _ONE.format("elt") + _GENERATORS,
    "DictComp": _ONE.format("key") + _ONE.format("value") + _GENERATORS,
    "comprehension": _ONE.format("target")
    + "b = len(kinds)\n"
    + _ONE.format("iter")
    + "iterable((p, b, len(kinds)))\nfor x in n.ifs:\n    visit x ifs\n",
    "TypeAlias": _ONE.format("name") + _GENERIC + _ONE.format("value"),
}
_NOTES = {
    "Constant": "value(n.value)\n",
    "alias": "rename(n.asname)\n",
    "ImportFrom": "level(n.level or 0)\n",
    "Global": "declare((i, n.names))\n",
    "Nonlocal": "declare((i, n.names))\n",
    "AnnAssign": "if not n.simple and n.value is None: undeclared(len(kinds))\n",
}
_APPENDS = {
    "node": "nodes",
    "kind": "kinds",
    "role": "roles",
    "parent": "parents",
    "text": "texts",
    "value": "values",
    "docstring": "docstrings",
    "decorator": "decorators",
    "rename": "renames",
    "level": "levels",
    "declare": "declared",
    "body": "bodies",
    "comprehended": "comprehensions",
    "iterable": "iterables",
    "default": "defaults",
    "generic": "generics",
    "undeclared": "undeclared",
}


class Nowhere:
    """Position of a node that the parser gives none."""

    lineno = col_offset = end_lineno = end_col_offset = 0


class Columns:
    """The rows of a batch, column by column; `nodes` holds those of the current file only.

    Row numbers count through the whole batch. Streams beside the rows hold what only some classes
    have, in the order of their rows.
    """

    def __init__(self) -> None:
        self.kinds = bytearray()  # index into CONSTRUCTS
        self.roles = bytearray()  # index into ROLES
        self.parents: list[int] = []  # row, -1 for a module
        self.texts: list[str | None] = []  # one per row of a class in TEXT
        self.values: list[object] = []  # one per Constant
        self.docstrings: list[str | None] = []  # one per definition
        self.decorators: list[str] = []  # dotted text, one per decorator
        self.renames: list[str | None] = []  # `as` name, one per alias
        self.levels: list[int] = []  # leading dots, one per ImportFrom
        self.declared: list[tuple[int, list[str]]] = []  # row and names of global, nonlocal
        self.bodies: list[tuple[int, int, int]] = []  # definition, first row of its body, end
        self.comprehensions: list[tuple[int, int]] = []  # row, end
        self.iterables: list[tuple[int, int, int]] = []  # comprehension, rows of its iterable
        self.defaults: list[tuple[int, int, int]] = []  # parameter, its default's rows
        self.generics: list[tuple[int, int]] = []  # definition, its first type parameter
        self.undeclared: list[int] = []  # `(x): int`: names that their annotation does not bind
        self.nodes: list[ast.AST | Nowhere] = []

    def mark(self) -> list[int]:
        """Lengths of all columns, to come back to with `undo`."""
        return [len(column) for column in vars(self).values()]

    def undo(self, mark: list[int]) -> None:
        """Drops all rows since the mark."""
        for column, length in zip(vars(self).values(), mark, strict=True):
            del column[length:]


def dotted(node: ast.expr) -> str:
    """The names of an expression joined by dots, without the arguments of calls."""
    match node:
        case ast.Name():
            return node.id
        case ast.Attribute():
            outer = dotted(node.value)
            return f"{outer}.{node.attr}" if outer else node.attr
        case ast.Call():
            return dotted(node.func)
        case ast.Subscript() | ast.Await() | ast.Starred() | ast.NamedExpr():
            return dotted(node.value)
    return ""


def written(body: list[ast.stmt]) -> str | None:
    """The docstring that a body starts with, as evaluated."""
    if body and isinstance(body[0], ast.Expr) and isinstance(body[0].value, ast.Constant):
        value = body[0].value.value
        return value if isinstance(value, str) else None
    return None


def interleaved(positional: list[ast.expr], named: list[ast.keyword]) -> list[ast.AST]:
    """Arguments in source order: a starred one may follow a keyword."""
    both: list[ast.expr | ast.keyword] = [*positional, *named]
    return [*sorted(both, key=lambda x: (x.lineno, x.col_offset))]


class _Writer:
    """Writes the visiting functions; collects the constructs and roles that they use."""

    def __init__(self) -> None:
        self.constructs: dict[str, int] = {}
        self.roles: dict[str, int] = {"": 0}
        self.operators: dict[str, dict[type[ast.AST], int]] = {}

    def source(self) -> str:
        """Text of `make`, which binds the columns and gives the visitor of modules."""
        lines = ["def make(columns, D, A, T, Nowhere, dotted, written, interleaved):"]
        lines += [f"    {name} = columns.{column}.append" for name, column in _APPENDS.items()]
        lines.append("    kinds = columns.kinds")
        for name, fields in _grammar().items():
            lines.append(f"    def v_{name}(n, p):")
            lines += [f"        {line}" for line in self.visitor(name, fields)]
            lines.append(f"    D[A.{name}] = v_{name}")
        lines += ["    def v_Expr(n, p):", "        n = n.value", "        D[n.__class__](n, p)"]
        return "\n".join([*lines, "    D[A.Expr] = v_Expr", "    return v_Module", ""])

    def visitor(self, name: str, fields: dict[str, str]) -> list[str]:
        """Statements that append the row of a node and visit its children."""
        place = "Nowhere" if name in _UNPLACED else "n"
        lines = [f"i = len(kinds); node({place}); parent(p)"]
        if name in _OPERATORS:
            operator, base = _OPERATORS[name]
            self.operators[name] = {
                sub: self.construct(f"{name}.{sub.__name__}")
                for sub in sorted(base.__subclasses__(), key=lambda c: c.__name__)
            }
            lines.append(f"kind(T[{name!r}][{operator}.__class__])")
        else:
            lines.append(f"kind({self.construct(name)})")
        if name in TEXT:
            lines.append(f"text(n.{TEXT[name]})")
        if name in _ROWED:
            lines.append("n.row = i")
        steps = _STEPS.get(name) or "".join(_step(*item) for item in fields.items())
        return lines + [
            self.expanded(name, line) for line in (_NOTES.get(name, "") + steps).splitlines()
        ]

    def expanded(self, name: str, line: str) -> str:
        """The line, with `visit` replaced by the role's number and the visit."""
        found = re.match(r"( *)visit (\w+) (\w+)(?: as (\w+))?$", line)
        if not found:
            return line
        indent, variable, field, direct = found.groups()
        role = self.roles.setdefault(f"{name}.{field}", len(self.roles))
        function = f"v_{direct}" if direct else f"D[{variable}.__class__]"
        return f"{indent}role({role}); {function}({variable}, i)"

    def construct(self, name: str) -> int:
        """Number of a construct."""
        return self.constructs.setdefault(name, len(self.constructs))


def _grammar() -> dict[str, dict[str, str]]:
    """Fields and their types of every class that gets a row, from the docstrings of `ast`."""
    found: dict[str, dict[str, str]] = {}
    for name, cls in CLASSES.items():
        if name in ("Expr", "withitem"):
            continue
        doc = " ".join((cls.__doc__ or "").split())
        fields = re.fullmatch(name + r"\((.*)\)", doc)
        abstract = issubclass(cls, ast.mod) and name != "Module"
        if abstract or name in ("arguments", "TypeIgnore") or not (fields or _leaf(cls, doc)):
            continue
        parts = fields.group(1).split(",") if fields else []
        found[name] = {p.split()[1]: p.split()[0] for p in parts}
    return found


def _leaf(cls: type[ast.AST], doc: str) -> bool:
    return doc == cls.__name__ and issubclass(cls, ast.stmt | ast.expr | ast.pattern)


def _step(field: str, grammar: str) -> str:
    """Steps that visit one field, in the small language of `_STEPS`."""
    base = grammar.rstrip("*?")
    if base in _PLAIN:
        return ""
    visit = f"visit x {field} as {base}" if base in _DIRECT else f"visit x {field}"
    if grammar.endswith("*"):
        return f"for x in n.{field}:\n    {visit}\n"
    if grammar.endswith("?"):
        return f"x = n.{field}\nif x is not None:\n    {visit}\n"
    return f"x = n.{field}\n{visit}\n"


_WRITER = _Writer()
_NAMESPACE: dict[str, Callable[..., Visit]] = {}
exec(compile(_WRITER.source(), "<visitors>", "exec"), _NAMESPACE)  # our own text, from the grammar
CONSTRUCTS = tuple(_WRITER.constructs)
ROLES = tuple(_WRITER.roles)


def visitor(columns: Columns) -> Callable[[ast.Module], None]:
    """A function that appends a module's rows to the columns."""
    operators = _WRITER.operators
    classes = SimpleNamespace(**CLASSES)
    visit = _NAMESPACE["make"](
        columns, {}, classes, operators, Nowhere, dotted, written, interleaved
    )

    def add(module: ast.Module) -> None:
        columns.roles.append(0)
        visit(module, -1)

    return add
