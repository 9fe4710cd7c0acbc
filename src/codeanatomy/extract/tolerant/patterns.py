"""Rows of match statements and their patterns."""

from tree_sitter import Node

from codeanatomy.extract.tolerant.reader import Handler, Reader, Step, field, parts

_SINGLE = ("true", "false", "none")


def _match(r: Reader, node: Node, parent: int, role: str) -> None:
    row = r.row("Match", parent, role, node)
    subjects = [n for n in node.children_by_field_name("subject") if n.is_named]
    block = field(node, "body")
    cases = [n for n in (block.children if block is not None else []) if n.type == "case_clause"]
    steps = r.visits(subjects, row, "Match.subject")
    if len(subjects) > 1:
        steps = [lambda: several(row)]

    def several(row: int) -> None:
        span = (subjects[0].start_byte, subjects[-1].end_byte)
        made = r.row_at("Tuple", row, "Match.subject", span)
        r.then(*r.visits(subjects, made, "Tuple.elts"))

    r.then(*steps, *(_case(r, case, row) for case in cases))


def _case(r: Reader, node: Node, parent: int) -> Step:
    def read() -> None:
        row = r.row("match_case", parent, "Match.cases", node)
        patterns = [n for n in node.children if n.type == "case_pattern"]
        guard, block = field(node, "guard"), field(node, "consequence")
        steps: list[Step] = [pattern(r, n, row, "match_case.pattern") for n in patterns[:1]]
        if len(patterns) > 1:
            steps = [lambda: several(row, patterns)]
        steps.append(r.at_least_one(row, "match_case.pattern"))
        if guard is not None:
            steps += r.visits(parts(guard), row, "match_case.guard")
        if block is not None:
            steps += r.visits(block.children, row, "match_case.body")
        r.then(*steps)

    def several(row: int, patterns: list[Node]) -> None:
        span = (patterns[0].start_byte, patterns[-1].end_byte)
        made = r.row_at("MatchSequence", row, "match_case.pattern", span)
        r.then(*(pattern(r, n, made, "MatchSequence.patterns") for n in patterns))

    return read


def pattern(r: Reader, node: Node, parent: int, role: str) -> Step:
    """The step that reads a pattern."""

    def read() -> None:
        inner = node
        while inner.type == "case_pattern" and inner.child_count == 1 == len(parts(inner)):
            inner = parts(inner)[0]
        if inner.is_missing or inner.is_error:
            return
        if inner.type == "case_pattern":  # `_`, or a negative number
            r.then(*_alternatives(r, inner, parent, role))
            return
        _KINDS.get(inner.type, _value)(r, inner, parent, role)

    return read


def _alternatives(r: Reader, node: Node, parent: int, role: str) -> list[Step]:
    """The steps that read the patterns of a node; `_` and the minus of a number are bare tokens."""
    steps: list[Step] = []
    minus: Node | None = None
    for child in node.children:
        if child.type == "_":
            steps.append(_wildcard(r, child, parent, role))
        elif child.type == "-":
            minus = child
        elif child.is_named and not child.is_extra:
            negative = minus is not None and child.type in ("integer", "float")
            if negative and minus is not None:
                steps.append(_negative(r, minus, child, parent, role))
            else:
                steps.append(pattern(r, child, parent, role))
            minus = None
    return steps


def _wildcard(r: Reader, node: Node, parent: int, role: str) -> Step:
    def read() -> None:
        r.row("MatchAs", parent, role, node, None)

    return read


def _negative(r: Reader, minus: Node, number: Node, parent: int, role: str) -> Step:
    def read() -> None:
        span = (minus.start_byte, number.end_byte)
        row = r.row_at("MatchValue", parent, role, span)
        inner = r.row_at("UnaryOp.USub", row, "MatchValue.value", span)
        r.then(r.visit(number, inner, "UnaryOp.operand"))

    return read


def _value(r: Reader, node: Node, parent: int, role: str) -> None:
    single = node.type in _SINGLE
    row = r.row("MatchSingleton" if single else "MatchValue", parent, role, node)
    if not single:
        r.then(r.visit(node, row, "MatchValue.value"))


def _dotted(r: Reader, node: Node, parent: int, role: str) -> None:
    """A name is captured, a dotted one is a value."""
    if node.child_count > 1:
        row = r.row("MatchValue", parent, role, node)
        _attributes(r, node, row, "MatchValue.value")
    else:
        r.row("MatchAs", parent, role, node, r.name(node))


def _attributes(r: Reader, node: Node, parent: int, role: str) -> None:
    """A dotted name as attribute accesses of its first name."""
    words = parts(node)
    for word in reversed(words[1:]):
        span = (node.start_byte, word.end_byte)
        parent = r.row_at("Attribute", parent, role, span, r.name(word))
        role = "Attribute.value"
    r.row("Name", parent, role, words[0] if words else node, r.name(words[0] if words else node))


def _later(r: Reader, node: Node, parent: int, role: str) -> Step:
    return lambda: _attributes(r, node, parent, role)


def _as(r: Reader, node: Node, parent: int, role: str) -> None:
    held = parts(node)
    inner = held[0] if held else node
    while inner.type == "case_pattern" and parts(inner):
        inner = parts(inner)[0]
    named = inner.type == "keyword_pattern" and len(parts(inner)) > 1
    start = parts(inner)[1].start_byte if named else node.start_byte
    name = r.name(held[-1]) if len(held) > 1 else None
    row = r.row_at("MatchAs", parent, role, (start, node.end_byte), name)
    r.then(*(pattern(r, n, row, "MatchAs.pattern") for n in held[:1]))


def _star(r: Reader, node: Node, parent: int, role: str) -> None:
    name = r.text(node).lstrip("* ")
    r.row("MatchStar", parent, role, node, None if name == "_" else name)


def _keyword(r: Reader, node: Node, parent: int, role: str) -> None:
    r.then(*(pattern(r, n, parent, role) for n in parts(node)[1:2]))


def _sequence(construct: str) -> Handler:
    def read(r: Reader, node: Node, parent: int, role: str) -> None:
        row = r.row(construct, parent, role, node)
        r.then(*_alternatives(r, node, row, f"{construct}.patterns"))

    return read


def _mapping(r: Reader, node: Node, parent: int, role: str) -> None:
    held = parts(node)
    rest = next((r.text(n).lstrip("* ") for n in held if n.type == "splat_pattern"), None)
    row = r.row("MatchMapping", parent, role, node, rest)
    values = node.children_by_field_name("value")
    steps: list[Step] = []
    for key in held:
        if key in values:
            steps.append(pattern(r, key, row, "MatchMapping.patterns"))
        elif key.type == "dotted_name":
            steps.append(_later(r, key, row, "MatchMapping.keys"))
        elif key.type != "splat_pattern":
            steps.append(r.visit(key, row, "MatchMapping.keys"))
    r.then(*steps)


def _class(r: Reader, node: Node, parent: int, role: str) -> None:
    row = r.row("MatchClass", parent, role, node)
    name, *given = parts(node) or [node]
    steps: list[Step] = [_later(r, name, row, "MatchClass.cls")]
    for place in given:
        inner = place
        while inner.type in ("case_pattern", "as_pattern") and parts(inner):
            inner = parts(inner)[0]
        named = inner.type == "keyword_pattern"
        steps.append(pattern(r, place, row, f"MatchClass.{'kwd_' if named else ''}patterns"))
    r.then(*steps)


_KINDS: dict[str, Handler] = {
    "dotted_name": _dotted,
    "as_pattern": _as,
    "splat_pattern": _star,
    "union_pattern": _sequence("MatchOr"),
    "list_pattern": _sequence("MatchSequence"),
    "tuple_pattern": _sequence("MatchSequence"),
    "dict_pattern": _mapping,
    "class_pattern": _class,
    "keyword_pattern": _keyword,
}

PATTERNS: dict[str, Handler] = {"match_statement": _match}
