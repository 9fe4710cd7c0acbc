"""Rows of expressions."""

from itertools import pairwise

from tree_sitter import Node

from codeanatomy.extract.tolerant.reader import Handler, Reader, Step, field, has_token, parts

_BINARY = {
    "+": "Add",
    "-": "Sub",
    "*": "Mult",
    "@": "MatMult",
    "/": "Div",
    "%": "Mod",
    "//": "FloorDiv",
    "**": "Pow",
    "|": "BitOr",
    "&": "BitAnd",
    "^": "BitXor",
    "<<": "LShift",
    ">>": "RShift",
}
_UNARY = {"-": "USub", "+": "UAdd", "~": "Invert"}
_COMPARE = {
    "==": "Eq",
    "!=": "NotEq",
    "<>": "NotEq",
    "<": "Lt",
    "<=": "LtE",
    ">": "Gt",
    ">=": "GtE",
    "in": "In",
    "not in": "NotIn",
    "is": "Is",
    "is not": "IsNot",
}


def binary(construct: str, token: str) -> str | None:
    """`BinOp.Add` of `+` (or `AugAssign.Add` of `+=`); None for a token that is no operator."""
    operator = _BINARY.get(token)
    return f"{construct}.{operator}" if operator else None


def _identifier(r: Reader, node: Node, parent: int, role: str) -> None:
    r.row("Name", parent, role, node, r.name(node))


def _inside(r: Reader, node: Node, parent: int, role: str) -> None:
    """Parentheses and wrappers have no row: what they hold takes their place."""
    inner = node
    while inner.type == node.type and len(held := parts(inner)) == 1:
        inner = held[0]
    if inner.type == node.type:
        r.then(*r.visits(parts(inner), parent, role))
    else:
        r.then(r.visit(inner, parent, role))


def _attribute(r: Reader, node: Node, parent: int, role: str) -> None:
    parent, role = _unstarred(r, node, parent, role)
    name = field(node, "attribute")
    if name is None:
        r.then(r.visit(field(node, "object"), parent, role))
        return
    row = r.row("Attribute", parent, role, node, r.name(name))
    r.then(r.visit(field(node, "object"), row, "Attribute.value"))


def _unstarred(r: Reader, node: Node, parent: int, role: str) -> tuple[int, str]:
    """Where the row of `*a.b` goes, which the grammar may read as an attribute of `*a` (likewise
    calls and subscripts): below a Starred row, from after the star."""
    start = node.start_byte
    if r.utf8[start : start + 1] != b"*" or start in r.moved:
        return parent, role
    row = r.row("Starred", parent, role, node)
    inner = start + 1
    while r.utf8[inner : inner + 1].isspace():
        inner += 1
    r.moved[start] = inner
    return row, "Starred.value"


def _member_type(r: Reader, node: Node, parent: int, role: str) -> None:
    held = parts(node)
    row = r.row("Attribute", parent, role, node, r.name(held[-1]))
    r.then(*r.visits(held[:-1], row, "Attribute.value"))


def _call(r: Reader, node: Node, parent: int, role: str) -> None:
    callee = field(node, "function")
    if callee is None:
        r.unknown(node, parent, role)
        return
    parent, role = _unstarred(r, node, parent, role)
    row = r.row("Call", parent, role, node)
    steps = [r.visit(callee, row, "Call.func")]
    given = field(node, "arguments")
    if given is not None and given.type == "generator_expression":
        steps.append(r.visit(given, row, "Call.args"))
    elif given is not None:
        steps += arguments(r, given, row, "Call", "args")
    r.then(*steps)


def arguments(r: Reader, node: Node, row: int, owner: str, positional: str) -> list[Step]:
    """The steps that read an argument list (or a class's bases) into a call's (or class's) row."""
    steps: list[Step] = []
    for given in node.children:
        if given.type in ("keyword_argument", "dictionary_splat"):
            steps.append(_keyword(r, given, row, f"{owner}.keywords"))
        elif given.is_named:
            steps.append(r.visit(given, row, f"{owner}.{positional}"))
    return steps


def _keyword(r: Reader, node: Node, parent: int, role: str) -> Step:
    def read() -> None:
        value = field(node, "value") if node.type == "keyword_argument" else _only(node)
        name = r.name(field(node, "name")) if node.type == "keyword_argument" else None
        if value is None or value.is_error:
            return
        r.then(r.visit(value, r.row("keyword", parent, role, node, name), "keyword.value"))

    return read


def _only(node: Node) -> Node | None:
    held = parts(node)
    return held[0] if held else None


def _subscript(r: Reader, node: Node, parent: int, role: str) -> None:
    parent, role = _unstarred(r, node, parent, role)
    row = r.row("Subscript", parent, role, node)
    given = [n for n in node.children if n.start_byte >= _opening(node)]
    r.then(r.visit(field(node, "value"), row, "Subscript.value"), lambda: index(r, given, row))


def _opening(node: Node) -> int:
    """Where the bracket of a subscript opens."""
    return next((n.end_byte for n in node.children if n.type == "["), node.end_byte)


def index(r: Reader, given: list[Node], row: int) -> None:
    """Reads what stands between the brackets of a subscript; with a comma it is a tuple."""
    indexes = [n for n in given if n.is_named and not n.is_extra and not n.is_missing]
    commas = [n for n in given if n.type == ","]
    if commas and indexes:
        end = max(commas[-1].end_byte, indexes[-1].end_byte)
        both = r.row_at("Tuple", row, "Subscript.slice", (indexes[0].start_byte, end))
        r.then(*r.visits(indexes, both, "Tuple.elts"))
    else:
        r.then(*r.visits(indexes, row, "Subscript.slice"))


def _generic_type(r: Reader, node: Node, parent: int, role: str) -> None:
    held = parts(node)
    row = r.row("Subscript", parent, role, node)
    steps = [r.visit(held[0], row, "Subscript.value")] if held else []
    if len(held) > 1:
        steps.append(lambda: index(r, held[1].children, row))
    r.then(*steps)


def _slice(r: Reader, node: Node, parent: int, role: str) -> None:
    row = r.row("Slice", parent, role, node)
    places = ["Slice.lower", "Slice.upper", "Slice.step"]
    steps, colons = [], 0
    for child in node.children:
        if child.type == ":":
            colons += 1
        elif child.is_named:
            steps.append(r.visit(child, row, places[min(colons, 2)]))
    r.then(*steps)


def _binary_operator(r: Reader, node: Node, parent: int, role: str) -> None:
    construct = binary("BinOp", r.text(field(node, "operator")))
    if construct is None:
        r.unknown(node, parent, role)
        return
    row = r.row(construct, parent, role, node)
    r.then(
        r.visit(field(node, "left"), row, "BinOp.left"),
        r.visit(field(node, "right"), row, "BinOp.right"),
    )


def _union_type(r: Reader, node: Node, parent: int, role: str) -> None:
    """`a | b | c` in an annotation, which the grammar reads from the right."""
    operands: list[Node] = []
    left = [node]
    while left:
        inner = left.pop()
        while inner.type == "type" and len(parts(inner)) == 1:
            inner = parts(inner)[0]
        union = inner.type == "binary_operator" and r.text(field(inner, "operator")) == "|"
        if inner.type == "union_type" or union:
            left += reversed(parts(inner))
        else:
            operands.append(inner)
    steps: list[Step] = []
    for last in range(len(operands) - 1, 0, -1):
        span = (operands[0].start_byte, operands[last].end_byte)
        parent, role = r.row_at("BinOp.BitOr", parent, role, span), "BinOp.left"
        steps.append(r.visit(operands[last], parent, "BinOp.right"))
    r.then(*r.visits(operands[:1], parent, role), *reversed(steps))


def _complex_pattern(r: Reader, node: Node, parent: int, role: str) -> None:
    """`-1 + 2j` in a pattern: two numbers and bare tokens."""
    held = parts(node)
    signs = [n for n in node.children if n.type in _UNARY]
    if len(held) != 2 or not signs:
        r.unknown(node, parent, role)
        return
    row = r.row("BinOp.Sub" if signs[-1].type == "-" else "BinOp.Add", parent, role, node)
    left, place = row, "BinOp.left"
    if len(signs) > 1:
        span = (signs[0].start_byte, held[0].end_byte)
        left, place = r.row_at("UnaryOp.USub", row, place, span), "UnaryOp.operand"
    r.then(r.visit(held[0], left, place), r.visit(held[1], row, "BinOp.right"))


def _unary_operator(r: Reader, node: Node, parent: int, role: str) -> None:
    operator = _UNARY.get(r.text(field(node, "operator")))
    if operator is None:
        r.unknown(node, parent, role)
        return
    row = r.row(f"UnaryOp.{operator}", parent, role, node)
    r.then(r.visit(field(node, "argument"), row, "UnaryOp.operand"))


def _not_operator(r: Reader, node: Node, parent: int, role: str) -> None:
    row = r.row("UnaryOp.Not", parent, role, node)
    r.then(r.visit(field(node, "argument"), row, "UnaryOp.operand"))


def _boolean_operator(r: Reader, node: Node, parent: int, role: str) -> None:
    """A chain of one operator is one row, as in `ast`."""
    operator = r.text(field(node, "operator"))
    row = r.row("BoolOp.Or" if operator == "or" else "BoolOp.And", parent, role, node)
    values: list[Node] = []
    left: Node | None = node
    while (
        left is not None and left.type == node.type and r.text(field(left, "operator")) == operator
    ):
        right = field(left, "right")
        values += [right] if right is not None else []
        left = field(left, "left")
    values += [left] if left is not None else []
    r.then(*r.visits(reversed(values), row, "BoolOp.values"))


def _comparison(r: Reader, node: Node, parent: int, role: str) -> None:
    first = field(node, "operators")
    operator = _COMPARE.get(first.type) if first is not None else None
    if operator is None:
        r.unknown(node, parent, role)
        return
    row = r.row(f"Compare.{operator}", parent, role, node)
    held = parts(node)
    r.then(
        *r.visits(held[:1], row, "Compare.left"), *r.visits(held[1:], row, "Compare.comparators")
    )


def _conditional(r: Reader, node: Node, parent: int, role: str) -> None:
    row = r.row("IfExp", parent, role, node)
    places = ("IfExp.body", "IfExp.test", "IfExp.orelse")
    r.then(*(r.visit(n, row, p) for n, p in zip(parts(node), places, strict=False)))


def _named_expression(r: Reader, node: Node, parent: int, role: str) -> None:
    row = r.row("NamedExpr", parent, role, node)
    r.then(
        r.visit(field(node, "name"), row, "NamedExpr.target"),
        r.visit(field(node, "value"), row, "NamedExpr.value"),
    )


def _await(r: Reader, node: Node, parent: int, role: str) -> None:
    row = r.row("Await", parent, role, node)
    r.then(*r.visits(parts(node), row, "Await.value"))


def _yield(r: Reader, node: Node, parent: int, role: str) -> None:
    construct = "YieldFrom" if has_token(node, "from") else "Yield"
    row = r.row(construct, parent, role, node)
    r.then(*r.visits(parts(node)[:1], row, f"{construct}.value"))


def _starred(r: Reader, node: Node, parent: int, role: str) -> None:
    if node.start_byte not in r.moved:
        parent, role = r.row("Starred", parent, role, node), "Starred.value"
    r.then(*r.visits(parts(node)[:1], parent, role))


def _tuple_pattern(r: Reader, node: Node, parent: int, role: str) -> None:
    """`(a) = 1` is read as a tuple of one."""
    if has_token(node, ",") or len(parts(node)) != 1:
        _sequence("Tuple")(r, node, parent, role)
    else:
        r.then(*r.visits(parts(node), parent, role))


def _sequence(construct: str) -> Handler:
    def read(r: Reader, node: Node, parent: int, role: str) -> None:
        row = r.row(construct, parent, role, node)
        r.then(*r.visits(node.children, row, f"{construct}.elts"))

    return read


def _dictionary(r: Reader, node: Node, parent: int, role: str) -> None:
    row = r.row("Dict", parent, role, node)
    steps: list[Step] = []
    for entry in node.children:
        if entry.type == "pair":
            steps.append(r.visit(field(entry, "key"), row, "Dict.keys"))
            steps.append(r.visit(field(entry, "value"), row, "Dict.values"))
        elif entry.type == "dictionary_splat":
            steps.append(r.visit(_only(entry), row, "Dict.values"))
        elif entry.is_named:
            steps.append(r.visit(entry, row, "Dict.values"))
    r.then(*steps)


def _comprehension(construct: str) -> Handler:
    def read(r: Reader, node: Node, parent: int, role: str) -> None:
        clauses = [n for n in node.children if n.type in ("for_in_clause", "if_clause")]
        loops = [i for i, n in enumerate(clauses) if _target(n) is not None]
        if not loops:
            r.unknown(node, parent, role)
            return
        row = r.row(construct, parent, role, node)
        element = field(node, "body")
        steps: list[Step] = []
        if construct != "DictComp":
            steps.append(r.visit(element, row, f"{construct}.elt"))
        elif element is not None:
            steps.append(r.visit(field(element, "key"), row, "DictComp.key"))
            steps.append(r.visit(field(element, "value"), row, "DictComp.value"))
        for start, end in pairwise([*loops, len(clauses)]):
            steps.append(_clause(r, clauses[start], clauses[start + 1 : end], row, construct))
        steps.append(lambda: r.columns.comprehensions.append((row, len(r.columns.kinds))))
        r.then(*steps)

    return read


def _target(clause: Node) -> Node | None:
    """What a `for` of a comprehension assigns, where it could be read."""
    target = field(clause, "left") if clause.type == "for_in_clause" else None
    return None if target is None or target.is_error else target


def _clause(r: Reader, loop: Node, tests: list[Node], parent: int, construct: str) -> Step:
    """`for target in iterable if test`: a row without a place of its own."""

    def read() -> None:
        row = r.row("comprehension", parent, f"{construct}.generators", loop)
        r.then(
            r.visit(_target(loop), row, "comprehension.target"),
            r.at_least_one(row, "comprehension.target"),
            lambda: iterate(row, len(r.columns.kinds)),
            *(s for t in tests if t.type == "if_clause" for s in test(t, row)),
        )

    def test(clause: Node, row: int) -> list[Step]:
        return r.visits(parts(clause), row, "comprehension.ifs")

    def iterate(row: int, first: int) -> None:
        rest = [n for n in loop.children_by_field_name("right") if n.is_named]
        r.then(
            *r.visits(rest, row, "comprehension.iter"),
            lambda: r.columns.iterables.append((parent, first, len(r.columns.kinds))),
        )

    return read


EXPRESSIONS: dict[str, Handler] = {
    "identifier": _identifier,
    "dotted_name": _identifier,
    "parenthesized_expression": _inside,
    "parenthesized_list_splat": _inside,
    "type": _inside,
    "as_pattern_target": _inside,
    "format_expression": _inside,
    "attribute": _attribute,
    "member_type": _member_type,
    "call": _call,
    "subscript": _subscript,
    "generic_type": _generic_type,
    "slice": _slice,
    "binary_operator": _binary_operator,
    "union_type": _union_type,
    "complex_pattern": _complex_pattern,
    "unary_operator": _unary_operator,
    "not_operator": _not_operator,
    "boolean_operator": _boolean_operator,
    "comparison_operator": _comparison,
    "conditional_expression": _conditional,
    "named_expression": _named_expression,
    "await": _await,
    "yield": _yield,
    "list_splat": _starred,
    "list_splat_pattern": _starred,
    "splat_type": _starred,
    "tuple": _sequence("Tuple"),
    "tuple_pattern": _tuple_pattern,
    "expression_list": _sequence("Tuple"),
    "pattern_list": _sequence("Tuple"),
    "list": _sequence("List"),
    "list_pattern": _sequence("List"),
    "set": _sequence("Set"),
    "dictionary": _dictionary,
    "list_comprehension": _comprehension("ListComp"),
    "set_comprehension": _comprehension("SetComp"),
    "dictionary_comprehension": _comprehension("DictComp"),
    "generator_expression": _comprehension("GeneratorExp"),
}
