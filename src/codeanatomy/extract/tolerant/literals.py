"""Rows of constants and of strings with expressions in them."""

import ast
import re
import warnings

from tree_sitter import Node

from codeanatomy.extract.tolerant.reader import Handler, Reader, Step, field

MAX_EVALUATED = 1 << 20  # longer literals are shown as they are written
MAX_DIGITS = 4_000  # int() refuses more than 4,300
_OLD_NUMBER = re.compile(r"(0?)(\d+)[lL]?")
_WORDS = {"true": True, "false": False, "none": None, "ellipsis": ...}


def value_of(text: str) -> object:
    """The constant that a literal stands for; what it says where this Python cannot read it."""
    if text.isdecimal() and text.isascii() and text[0] != "0" and len(text) < MAX_DIGITS:
        return int(text)
    if len(text) <= MAX_EVALUATED:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return ast.literal_eval(text)
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            pass
    old = _OLD_NUMBER.fullmatch(text)
    if old is not None and len(text) < MAX_DIGITS:
        try:
            return int(old[2], 8 if old[1] else 10)  # Python 2: 0777, 10L
        except ValueError:
            pass
    body = text.lstrip("rRbBuUfFtT")
    shown = body.strip(body[:1]) if body[:1] in ("'", '"') else text
    prefix = text[: len(text) - len(body)].lower()
    return shown.encode("utf-8", "replace") if "b" in prefix else shown


def string_of(r: Reader, node: Node) -> str | None:
    """The text of a plain string, as a docstring needs it; None for anything else."""
    pieces = _pieces(node)
    if not pieces or any(_expressions(p) or "b" in _prefix(r, p) for p in pieces):
        return None
    if any(set("ft") & set(_prefix(r, p)) for p in pieces):
        return None
    found = [value_of(r.text(p)) for p in pieces]
    return "".join(p for p in found if isinstance(p, str))


def _constant(r: Reader, node: Node, parent: int, role: str) -> None:
    value = _WORDS[node.type] if node.type in _WORDS else value_of(r.text(node))
    if isinstance(value, str):  # a number that this Python cannot read
        r.unknown(node, parent, role)
        return
    r.row("Constant", parent, role, node)
    r.columns.values.append(value)


def _string(r: Reader, node: Node, parent: int, role: str) -> None:
    """A constant, or a JoinedStr (TemplateStr) of its constant and replaced parts."""
    pieces = _pieces(node)
    prefixes = "".join(_prefix(r, p) for p in pieces)
    if not set("ft") & set(prefixes):
        r.row("Constant", parent, role, node)
        parts = [value_of(r.text(p)) for p in pieces]
        r.columns.values.append(_joined(parts))
        return
    template = "t" in prefixes
    construct = "TemplateStr" if template else "JoinedStr"
    row = r.row(construct, parent, role, node)
    inner = "Interpolation" if template else "FormattedValue"
    contents = [(n, _opening(r, p)) for p in pieces for n in p.named_children]
    r.then(*_values(r, contents, row, f"{construct}.values", inner))


def _joined(parts: list[object]) -> object:
    """What adjacent literals stand for together."""
    texts = [p for p in parts if isinstance(p, str)]
    if len(texts) == len(parts):
        return "".join(texts)
    return b"".join(p if isinstance(p, bytes) else str(p).encode("utf-8", "replace") for p in parts)


def _values(
    r: Reader, contents: list[tuple[Node, str]], row: int, role: str, construct: str
) -> list[Step]:
    """The steps that read the parts of a joined string, each with how its literal opens; constant
    parts that touch are one."""
    steps: list[Step] = []
    run: list[tuple[int, int, str]] = []
    for node, opening in contents:
        if node.type == "string_content":
            run.append((node.start_byte, node.end_byte, _content(r.text(node), opening)))
        elif node.type == "interpolation":
            run += _shown(r, node)
            steps += _text(r, run, row, role)
            run = []
            steps.append(_replaced(r, node, row, role, construct))
    return steps + _text(r, run, row, role)


def _text(r: Reader, run: list[tuple[int, int, str]], row: int, role: str) -> list[Step]:
    if not run:
        return []

    def read() -> None:
        r.row_at("Constant", row, role, (run[0][0], run[-1][1]))
        r.columns.values.append("".join(text for _, _, text in run))

    return [read]


def _shown(r: Reader, node: Node) -> list[tuple[int, int, str]]:
    """The constant part that `{x = }` stands for besides its value."""
    equals = [n for n in node.children if n.type == "="]
    if not equals:
        return []
    start, end = node.start_byte + 1, equals[-1].end_byte
    while r.utf8[end : end + 1].isspace():
        end += 1
    return [(start, end, r.utf8[start:end].decode("utf-8", "backslashreplace"))]


def _content(text: str, opening: str) -> str:
    """What a part of a literal stands for; `opening` is the literal's prefix and quotes."""
    quotes = opening.lstrip("rRbBuUfFtT")
    raw = "r" if "r" in opening.lower() else ""
    value = value_of(f"{raw}{quotes}{text}{quotes}") if "\\" in text else text
    return (value if isinstance(value, str) else text).replace("{{", "{").replace("}}", "}")


def _replaced(r: Reader, node: Node, parent: int, role: str, construct: str) -> Step:
    def read() -> None:
        row = r.row(construct, parent, role, node)
        r.then(r.visit(field(node, "expression"), row, f"{construct}.value"), lambda: written(row))

    def written(row: int) -> None:
        format_ = field(node, "format_specifier")
        if format_ is None:
            return
        joined = r.row("JoinedStr", row, f"{construct}.format_spec", format_)
        steps: list[Step] = []
        place = format_.start_byte + 1  # after the colon; the text between has no nodes
        for inner in format_.named_children:
            steps += _between(r, place, inner.start_byte, joined)
            if inner.type in ("format_expression", "interpolation"):
                steps.append(_replaced(r, inner, joined, "JoinedStr.values", "FormattedValue"))
            place = inner.end_byte
        r.then(*steps, *_between(r, place, format_.end_byte, joined))

    return read


def _between(r: Reader, start: int, end: int, row: int) -> list[Step]:
    """The step for the constant text of a format between two places, if there is any."""

    def read() -> None:
        r.row_at("Constant", row, "JoinedStr.values", (start, end))
        r.columns.values.append(r.utf8[start:end].decode("utf-8", "backslashreplace"))

    return [read] if start < end else []


def _pieces(node: Node) -> list[Node]:
    if node.type == "string":
        return [node]
    return [n for n in node.named_children if n.type == "string"]


def _opening(r: Reader, piece: Node) -> str:
    start = piece.children[0] if piece.child_count else piece
    return r.text(start) if start.type == "string_start" else ""


def _prefix(r: Reader, piece: Node) -> str:
    return _opening(r, piece).rstrip("'\"").lower()


def _expressions(piece: Node) -> bool:
    return any(n.type == "interpolation" for n in piece.named_children)


LITERALS: dict[str, Handler] = {
    "integer": _constant,
    "float": _constant,
    "true": _constant,
    "false": _constant,
    "none": _constant,
    "ellipsis": _constant,
    "string": _string,
    "concatenated_string": _string,
}
