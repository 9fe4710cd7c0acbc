"""From a tree to columns: one generated function per ast class appends a row per node.

The functions are written out from the grammar that each ast class carries in its docstring, so a
class that a newer Python adds is walked without a change here; only the order of children and the
classes that are folded or need more than their children are told below. Rows stand in source order,
a parent before its children. Expression statements, `arguments`, `withitem`, contexts and operators
get no row. Each node with a row gets its number as `node.row`, for the constraint emitter.
"""

import ast
import re
from collections import defaultdict
from collections.abc import Callable
from textwrap import indent

_OPERATORS = {"operator", "unaryop", "boolop", "cmpop"}
_PLAIN = {"identifier", "int", "string", "constant", "expr_context", "type_ignore"} | _OPERATORS
_DIRECT = {"arg", "alias", "keyword", "comprehension", "match_case"}  # classes without subclasses
_UNPLACED = {"Module", "comprehension", "match_case"}  # the parser gives them no position


def _step(field: str, grammar: str = "expr", owner: str = "n") -> str:
    """Steps that visit one field, in the small language of `_STEPS`."""
    base = grammar.rstrip("*?")
    if base in _PLAIN:
        return ""
    visit = f"visit x {field} as {base}" if base in _DIRECT else f"visit x {field}"
    if grammar.endswith("*"):
        return f"for x in {owner}.{field}:\n    {visit}\n"
    if grammar.endswith("?"):
        return f"x = {owner}.{field}\nif x is not None:\n    {visit}\n"
    return f"x = {owner}.{field}\n{visit}\n"


# Steps of the classes whose children are not simply their fields in the grammar's order. A step
# `visit x field` becomes the child's role and visit; `visit x field as class` skips the dispatch.
_MIXED = """\
for x in interleaved(n.{first}, n.keywords) if n.keywords else n.{first}:
    if x.__class__ is keyword:
        visit x keywords as keyword
    else:
        visit x {first}
"""
_DECORATORS = """\
for x in n.decorator_list:
    add_decorators(dotted(x))
    visit x decorator_list
"""
_GENERIC = """\
t = getattr(n, "type_params", None)
if t:
    add_generics((i, len(kinds)))
    for x in t:
        visit x type_params
"""
_DEFAULT = """\
    if {given}:
        e = len(kinds); x = {value}
        visit x {role}
        add_defaults((i, e, len(kinds)))
"""
_POSITIONAL = """\
for x in a.{0}:
    visit x {0} as arg
"""
_POSITIONAL += _DEFAULT.format(given="k >= 0", value="d[k]", role="defaults") + "    k += 1\n"
_PARAMETERS = (
    "a = n.args; d = a.defaults; k = len(d) - len(a.posonlyargs) - len(a.args)\n"
    + _POSITIONAL.format("posonlyargs")
    + _POSITIONAL.format("args")
    + _step("vararg", "arg?", "a")
    + "for x, y in zip(a.kwonlyargs, a.kw_defaults):\n"
    + "    visit x kwonlyargs as arg\n"
    + _DEFAULT.format(given="y is not None", value="y", role="kw_defaults")
    + _step("kwarg", "arg?", "a")
)
_BODY = "b = len(kinds)\n{}add_bodies((i, b, len(kinds)))\n"
_STATEMENTS = _BODY.format(_step("body", "stmt*"))
_DOCSTRING = "add_docstrings(written(n, False))\n"
_GENERATORS = _step("generators", "comprehension*") + "add_comprehensions((i, len(kinds)))\n"
_PAIRS = """\
for k, x in zip(n.keys, n.{values}):
    if k is not None:
        visit k keys
    visit x {values}
"""
_ITEM = _step("context_expr", owner="y") + _step("optional_vars", "expr?", "y")
_WITH = "for y in n.items:\n" + indent(_ITEM, "    ") + _step("body", "stmt*")
_FUNCTION = _DOCSTRING + _DECORATORS + _GENERIC + _PARAMETERS
_FUNCTION += _step("returns", "expr?") + _STATEMENTS
_STEPS = {
    "Module": "add_roles(0)\n" + _DOCSTRING + _STATEMENTS,
    **dict.fromkeys(("FunctionDef", "AsyncFunctionDef"), _FUNCTION),
    "Lambda": "add_docstrings(None)\n" + _PARAMETERS + _BODY.format(_step("body")),
    "ClassDef": _DOCSTRING + _DECORATORS + _GENERIC + _MIXED.format(first="bases") + _STATEMENTS,
    "Call": _step("func") + _MIXED.format(first="args"),
    "IfExp": "".join(map(_step, ("body", "test", "orelse"))),
    **dict.fromkeys(("With", "AsyncWith"), _WITH),
    "Dict": _PAIRS.format(values="values"),
    "MatchMapping": _PAIRS.format(values="patterns"),
    **dict.fromkeys(("ListComp", "SetComp", "GeneratorExp"), _step("elt") + _GENERATORS),
    "DictComp": _step("key") + _step("value") + _GENERATORS,
    "comprehension": _step("target")
    + f"b = len(kinds)\n{_step('iter')}add_iterables((p, b, len(kinds)))\n"
    + _step("ifs", "expr*"),
    "TypeAlias": _step("name") + _GENERIC + _step("value"),
}
_NOTES = {
    "Constant": "add_values(n.value)\n",
    "alias": "add_renames(n.asname)\n",
    "ImportFrom": "add_levels(n.level or 0)\n",
    **dict.fromkeys(("Global", "Nonlocal"), "add_declared((i, n.names))\n"),
    "AnnAssign": "if not n.simple and n.value is None: add_undeclared(len(kinds))\n",
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
        self.stores: list[int] = []  # targets,
        self.deletions: list[int] = []  # and those of `del`
        self.values: list[object] = []  # one per Constant
        self.docstrings: list[str | None] = []  # one per definition
        self.decorators: list[str] = []  # dotted text, one per decorator
        self.renames: list[str | None] = []  # `as` name, one per alias
        self.levels: list[int] = []  # leading dots, one per ImportFrom
        self.declared: list[tuple[int, list[str]]] = []  # row and names of global, nonlocal
        self.bodies: list[tuple[int, int, int]] = []  # definition, first row of its body, end
        self.comprehensions: list[tuple[int, int]] = []  # row, end
        self.iterables: list[tuple[int, int, int]] = []  # comprehension, rows of its iterable
        self.defaults: list[tuple[int, int, int]] = []  # definition, rows of a default
        self.generics: list[tuple[int, int]] = []  # definition, its first type parameter
        self.undeclared: list[int] = []  # `(x): int`: names that their annotation does not bind
        self.nodes: list[ast.AST | Nowhere] = []


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


def interleaved(positional: list[ast.expr], named: list[ast.keyword]) -> list[ast.AST]:
    """Arguments in source order: a starred one may follow a keyword."""
    both: list[ast.expr | ast.keyword] = [*positional, *named]
    if positional and isinstance(positional[-1], ast.Starred):
        both.sort(key=lambda x: (x.lineno, x.col_offset))
    return [*both]


_NUMBERED: defaultdict[str, int] = defaultdict()  # constructs by their numbers,
_PLACED = defaultdict(None, {"": 0})  # and roles
_NUMBERED.default_factory, _PLACED.default_factory = _NUMBERED.__len__, _PLACED.__len__
_SUBCLASSES: dict[str, dict[type[ast.AST], int]] = {}  # constructs of operators


def _source() -> str:
    """Text of `make`, which binds the columns and gives the visitor of modules."""
    lines = ["def make(columns, D, A, T, Nowhere, dotted, written, interleaved):"]
    lines += [f"    add_{name} = columns.{name}.append" for name in vars(Columns())]
    lines.append(
        "    kinds = columns.kinds; keyword, Load, Store = A['keyword'], A['Load'], A['Store']"
    )
    for name, fields in _GRAMMAR.items():
        lines.append(f"    def v_{name}(n, p=-1):")
        lines += [f"        {line}" for line in _visitor(name, fields)]
        lines.append(f"    D[A[{name!r}]] = v_{name}")
    lines += ["    def v_Expr(n, p):", "        n = n.value", "        D[n.__class__](n, p)"]
    return "\n".join([*lines, "    D[A['Expr']] = v_Expr", "    return v_Module", ""])


def _visitor(name: str, fields: dict[str, str]) -> list[str]:
    """Statements that append the row of a node and visit its children."""
    place = "Nowhere" if name in _UNPLACED else "n"
    lines = [f"n.row = i = len(kinds); add_nodes({place}); add_parents(p)"]
    operator = next((f for f, kind in fields.items() if kind.rstrip("*") in _OPERATORS), None)
    if operator:
        base = getattr(ast, fields[operator].rstrip("*"))
        known = sorted(base.__subclasses__(), key=lambda c: c.__name__)
        _SUBCLASSES[name] = {c: _NUMBERED[f"{name}.{c.__name__}"] for c in known}
        first = "[0]" if fields[operator].endswith("*") else ""
        lines.append(f"add_kinds(T[{name!r}][n.{operator}{first}.__class__])")
    else:
        lines.append(f"add_kinds({_NUMBERED[name]})")
    if name in TEXT:
        lines.append(f"add_texts(n.{TEXT[name]})")
    if "ctx" in fields:
        lines.append("c = n.ctx.__class__")
        lines.append("if c is not Load: (add_stores if c is Store else add_deletions)(i)")
    steps = _STEPS.get(name) or "".join(_step(*item) for item in fields.items())
    return lines + [_expanded(name, line) for line in (_NOTES.get(name, "") + steps).splitlines()]


def _expanded(name: str, line: str) -> str:
    """The line, with `visit` replaced by the role's number and the visit."""
    found = re.match(r"( *)visit (\w+) (\w+)(?: as (\w+))?$", line)
    if not found:
        return line
    indent, variable, field, direct = found.groups()
    function = f"v_{direct}" if direct else f"D[{variable}.__class__]"
    return f"{indent}add_roles({_PLACED[f'{name}.{field}']}); {function}({variable}, i)"


def _grammar() -> dict[str, dict[str, str]]:
    """Fields and their types of every class that gets a row, from the docstrings of `ast`."""
    found: dict[str, dict[str, str]] = {}
    for name, cls in sorted(vars(ast).items()):
        if not isinstance(cls, type) or not issubclass(cls, ast.AST):
            continue
        doc = " ".join((cls.__doc__ or "").split())
        fields = re.fullmatch(rf"{name}(?:\((.*)\))?", doc)
        if (
            not fields
            or name in ("Expr", "withitem", "arguments", "TypeIgnore")
            or (issubclass(cls, ast.mod) and name != "Module")
            or not (fields[1] or issubclass(cls, ast.stmt | ast.expr | ast.pattern))
        ):
            continue
        parts = fields[1].split(",") if fields[1] else []
        found[name] = {p.split()[1]: p.split()[0] for p in parts}
    return found


_GRAMMAR = _grammar()
# node class -> attribute that goes to the `texts` column: the first identifier
TEXT = {
    name: next(f for f, kind in fields.items() if kind.rstrip("?") == "identifier")
    for name, fields in _GRAMMAR.items()
    if not {"identifier", "identifier?"}.isdisjoint(fields.values())
}
_NAMESPACE: dict[str, Callable[..., Callable[[ast.Module], None]]] = {}
exec(compile(_source(), "<visitors>", "exec"), _NAMESPACE)  # our own text, from the grammar
CONSTRUCTS, ROLES = tuple(_NUMBERED), tuple(_PLACED)


def visitor(columns: Columns) -> Callable[[ast.Module], None]:
    """A function that appends a module's rows to the columns."""
    return _NAMESPACE["make"](
        columns, {}, vars(ast), _SUBCLASSES, Nowhere, dotted, ast.get_docstring, interleaved
    )
