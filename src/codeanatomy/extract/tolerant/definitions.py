"""Rows of functions, lambdas, classes, their parameters, decorators and type parameters."""

from tree_sitter import Node

from codeanatomy.extract.tolerant.expressions import arguments
from codeanatomy.extract.tolerant.literals import string_of
from codeanatomy.extract.tolerant.reader import (
    MISSING,
    UNKNOWN,
    Handler,
    Reader,
    Step,
    field,
    has_token,
    parts,
)

_STRINGS = ("string", "concatenated_string")
_GENERIC = {"": "TypeVar", "*": "TypeVarTuple", "**": "ParamSpec"}


def docstring_of(r: Reader, statements: list[Node]) -> str | None:
    """The text of the string that a body starts with."""
    first = next((n for n in statements if n.is_named and n.type != "comment"), None)
    if first is None or first.type != "expression_statement" or has_token(first, ","):
        return None
    held = parts(first)
    string = held[0] if held else None
    return string_of(r, string) if string is not None and string.type in _STRINGS else None


def _decorated(r: Reader, node: Node, parent: int, role: str) -> None:
    decorators = [n for n in node.children if n.type == "decorator"]
    inner = field(node, "definition")
    if inner is None:
        r.unknown(node, parent, role)
    elif inner.type == "class_definition":
        _class(r, inner, parent, role, decorators)
    else:
        _function(r, inner, parent, role, decorators)


def _function(
    r: Reader, node: Node, parent: int, role: str, decorators: list[Node] | None = None
) -> None:
    kind = "AsyncFunctionDef" if has_token(node, "async") else "FunctionDef"
    row = r.row(kind, parent, role, node, r.name(field(node, "name")) or MISSING)
    block = field(node, "body")
    statements = block.children if block is not None else []
    r.columns.docstrings.append(docstring_of(r, statements))
    returns = field(node, "return_type")
    r.then(
        *_decorators(r, decorators or [], row, f"{kind}.decorator_list"),
        *type_parameters(r, field(node, "type_parameters"), row, f"{kind}.type_params"),
        *_parameters(r, field(node, "parameters"), row, kind),
        r.visit(returns, row, f"{kind}.returns"),
        lambda: r.body(row, statements, f"{kind}.body"),
    )


def _class(
    r: Reader, node: Node, parent: int, role: str, decorators: list[Node] | None = None
) -> None:
    row = r.row("ClassDef", parent, role, node, r.name(field(node, "name")) or MISSING)
    block = field(node, "body")
    statements = block.children if block is not None else []
    r.columns.docstrings.append(docstring_of(r, statements))
    bases = field(node, "superclasses")
    r.then(
        *_decorators(r, decorators or [], row, "ClassDef.decorator_list"),
        *type_parameters(r, field(node, "type_parameters"), row, "ClassDef.type_params"),
        *(arguments(r, bases, row, "ClassDef", "bases") if bases is not None else []),
        lambda: r.body(row, statements, "ClassDef.body"),
    )


def _lambda(r: Reader, node: Node, parent: int, role: str) -> None:
    row = r.row("Lambda", parent, role, node)
    r.columns.docstrings.append(None)
    value = field(node, "body")
    r.then(
        *_parameters(r, field(node, "parameters"), row, "Lambda"),
        lambda: r.body(row, [value] if value is not None else [], "Lambda.body"),
    )


def _decorators(r: Reader, decorators: list[Node], row: int, role: str) -> list[Step]:
    """The steps that read decorators; each gives exactly one row in the role."""

    def read(expression: Node) -> None:
        before = len(r.columns.kinds)
        r.columns.decorators.append(dotted(r, expression))
        r.then(r.visit(expression, row, role), lambda: fill(expression, before))

    def fill(expression: Node, before: int) -> None:
        if before == len(r.columns.kinds):
            r.row(UNKNOWN, row, role, expression)

    def step(expression: Node) -> Step:
        return lambda: read(expression)

    return [step(parts(d)[0]) for d in decorators if len(parts(d)) == 1]


def dotted(r: Reader, node: Node) -> str:
    """The names of an expression joined by dots, without the arguments of calls."""
    names: list[str] = []
    inner: Node | None = node
    while inner is not None:
        if inner.type == "identifier":
            names.append(r.name(inner))
            break
        if inner.type == "attribute":
            names.append(r.name(field(inner, "attribute")))
            inner = field(inner, "object")
        elif inner.type in ("call", "subscript", "named_expression"):
            inner = field(inner, "function") or field(inner, "value")
        elif inner.type in ("parenthesized_expression", "await") and parts(inner):
            inner = parts(inner)[0]
        else:
            break
    return ".".join(reversed([n for n in names if n]))


def type_parameters(r: Reader, node: Node | None, row: int, role: str) -> list[Step]:
    """The steps that read `[T: bound, *Ts, **P]`."""
    given = [n for n in node.children if n.type == "type"] if node is not None else []
    if not given:
        return []

    def begin() -> None:
        r.columns.generics.append((row, len(r.columns.kinds)))

    def read(place: Node) -> None:
        inner = parts(place)[0] if parts(place) else place
        bound: list[Node] = []
        stars = ""
        if inner.type == "constrained_type":
            inner, *bound = parts(inner)
        elif inner.type == "splat_type":
            stars = "**" if has_token(inner, "**") else "*"
        name = r.text(inner).lstrip("* ").strip()
        kind = _GENERIC[stars]
        made = r.row(kind, row, role, place, name if name.isidentifier() else MISSING)
        r.then(*r.visits(bound if kind == "TypeVar" else [], made, "TypeVar.bound"))

    def step(place: Node) -> Step:
        return lambda: read(place)

    return [begin, *map(step, given)]


def _parameters(r: Reader, node: Node | None, row: int, kind: str) -> list[Step]:
    """The steps that read a parameter list."""
    steps: list[Step] = []
    given = node.children if node is not None else []
    before = any(n.type == "positional_separator" for n in given)
    after = False
    for place in given:
        if place.type == "positional_separator":
            before = False
        elif place.type == "keyword_separator":
            after = True
        elif place.is_named and not place.is_missing:
            star = _star(place)
            passing = "posonlyargs" if before else "kwonlyargs" if after else "args"
            passing = {"*": "vararg", "**": "kwarg"}.get(star, passing)
            after = after or star == "*"
            steps.append(_parameter(r, place, row, kind, passing))
    return steps


def _star(place: Node) -> str:
    inner = place
    if place.type == "typed_parameter" and parts(place):
        inner = parts(place)[0]
    return {"list_splat_pattern": "*", "dictionary_splat_pattern": "**"}.get(inner.type, "")


def _parameter(r: Reader, place: Node, row: int, kind: str, passing: str) -> Step:
    """One parameter: its row, its annotation, then its default."""

    def read() -> None:
        name, annotation, default = (
            field(place, "name"),
            field(place, "type"),
            field(place, "value"),
        )
        if name is None:
            name = parts(place)[0] if place.type == "typed_parameter" and parts(place) else place
        while name.type.endswith("_splat_pattern") and parts(name):
            name = parts(name)[0]
        if name.type != "identifier":
            r.then(r.visit(name, row, f"{kind}.args"))  # Python 2: a tuple to unpack
            return
        end = annotation.end_byte if annotation is not None else name.end_byte
        role = f"{kind}.{passing}"
        number = r.row_at("arg", row, role, (name.start_byte, end), r.name(name))
        r.then(r.visit(annotation, number, "arg.annotation"), lambda: begin(number, default))

    def begin(number: int, default: Node | None) -> None:
        if default is None:
            return
        first = len(r.columns.kinds)
        role = "kw_defaults" if passing == "kwonlyargs" else "defaults"
        r.then(r.visit(default, row, f"{kind}.{role}"), lambda: end(number, first))

    def end(number: int, first: int) -> None:
        if first < len(r.columns.kinds):
            r.columns.defaults.append((number, first, len(r.columns.kinds)))

    return read


DEFINITIONS: dict[str, Handler] = {
    "decorated_definition": _decorated,
    "function_definition": _function,
    "class_definition": _class,
    "lambda": _lambda,
}
