"""What does CPython's parser get to read of a piece of the text, and where did it stand?

A draft is the piece with cuts: names stand for the pieces in it that are read apart (its holes),
and what no parser or not this Python's reads is left out or spelled in another way.
"""

import ast
import keyword
import re
from bisect import bisect_right
from collections.abc import Sequence

from tree_sitter import Node

Cut = tuple[int, int, str]  # start, end, and what is read instead
Span = tuple[int, int]

# How much is cut: blocks; all expressions and trouble; defaults and bases; names as well
WHOLE, PIECES, BARE, NAMES = range(4)
COMPOUND = (
    *("_definition", "if_statement", "for_statement", "while_statement", "try_statement"),
    *("with_statement", "match_statement"),
)
STRINGS = ("string", "concatenated_string")
_EXPRESSIONS = {
    *("attribute", "call", "subscript", "lambda", "await", "yield", "named_expression"),
    *("binary_operator", "unary_operator", "not_operator", "boolean_operator", *STRINGS),
    *("comparison_operator", "conditional_expression", "parenthesized_expression"),
    *("tuple", "list", "set", "dictionary", "expression_list", "list_comprehension"),
    *("set_comprehension", "dictionary_comprehension", "generator_expression"),
}
# what is part of the node around it, as CPython reads it
_SPLICED = {
    *(("boolean_operator", "boolean_operator"), ("expression_list", "delete_statement")),
    ("string", "concatenated_string"),
}
_PARAMETERS = ("parameters", "lambda_parameters", "default_parameter")
# what identifiers are no expressions in
_NAMING = {
    *(*_PARAMETERS, "typed_parameter", "typed_default_parameter", "dotted_name"),
    *("function_definition", "class_definition", "global_statement", "nonlocal_statement"),
    "keyword_argument",
}
_OLD_NUMBER = re.compile(rb"0([0-7]+)[lL]?|(\w+)[lL]")  # Python 2
_LETTERS = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
_LINE_END = re.compile(rb"\n")


class Draft:
    """A piece of the text with cuts; `holes` are the nodes that names in it stand for, which start
    with `name`."""

    def __init__(
        self, utf8: bytes, span: Span, cuts: Sequence[Cut], holes: dict[str, Node], name: str
    ) -> None:
        self._utf8, self._span, self._holes, self._name = utf8, span, holes, name
        self._at: list[int] = []  # where parts of the draft start,
        self._of: list[Span] = []  # and what they are of the text
        parts: list[bytes] = []
        size, place = 0, span[0]
        # at one place in the given order
        for start, end, made in sorted(cuts, key=lambda c: c[:2]):
            for part, of in ((utf8[place:start], (place, -1)), (made.encode(), (start, end))):
                self._at.append(size)
                self._of.append(of)
                parts.append(part)
                size += len(part)
            place = max(place, end)
        self._text = b"".join(parts)
        self._lines = [0, *(found.end() for found in _LINE_END.finditer(self._text))]

    def parsed(self) -> list[ast.stmt]:
        """CPython's statements; none where it refuses them."""
        try:
            return ast.parse(self._text.decode()).body
        except (SyntaxError, ValueError, OverflowError, MemoryError, RecursionError):
            return []

    def span(self, node: ast.AST) -> Span:
        """Start and end in the text of a node of the draft."""
        line, column, end_line, end_column = (getattr(node, name) for name in ast.expr._attributes)
        return self._place(line, column, 0), self._place(end_line, end_column - 1, 1)

    def hole(self, node: ast.AST) -> Node | None:
        """The node of the text that a node of the draft stands for."""
        inner = node.value if isinstance(node, ast.Expr) else node
        return self._holes.get(inner.id) if isinstance(inner, ast.Name) else None

    def spelled(self, word: str) -> str:
        """A word of the draft as it is in the text."""
        if self._name in word:
            for name, node in reversed(self._holes.items()):
                source = self._utf8[node.start_byte : node.end_byte].decode("utf-8", "replace")
                word = word.replace(name, source)
            word = word.replace(f"{self._name}_", "")
        return word

    def _place(self, line: int, column: int, after: int) -> int:
        """The byte at (or after) that of the draft; the ends of what was cut count for all of it.
        Positions in formatted strings may lie outside (before Python 3.12)."""
        offset = max(self._lines[min(line, len(self._lines)) - 1] + column, 0)
        part = bisect_right(self._at, offset) - 1
        start, end = self._of[part]
        place = start + offset - self._at[part] + after if end < 0 else end if after else start
        return min(max(place, self._span[0]), self._span[1])


def cut(utf8: bytes, root: Node, how: int, name: str) -> tuple[list[Cut], dict[str, Node]]:
    """The cuts in a piece and, by names that start with `name`, the holes that they make."""
    cuts: list[Cut] = []
    holes: dict[str, Node] = {}
    waiting = [(n, root) for n in reversed(root.children)]

    def hole(node: Node, start: int, end: int, shape: str = "({})") -> None:
        cuts.append((start, end, shape.format(f"{name}{len(holes)}")))
        holes[f"{name}{len(holes)}"] = node

    while waiting:
        node, around = waiting.pop()
        kind, start, end = node.type, node.start_byte, node.end_byte
        below = node.children
        if kind == "block" and around.type != "match_statement":
            last = _last_end(node)
            hole(node, start, last, " {}")
            cuts.append((last, end, " "))
            continue
        if how == WHOLE:
            below = below if kind.endswith(("_clause", "_definition", "block")) else []
        elif _is_piece(node, around, how):
            apart = starred(utf8, node) and start > root.start_byte
            hole(node, start, end, "*({})" if apart else "({})")
            continue
        elif kind in ("interpolation", "format_expression"):
            value = node.child_by_field_name("expression") or node
            below = [n for n in below if n.start_byte >= value.end_byte and n.type != "comment"]
            if below and below[0].type == "=":  # it writes out itself, as it is
                hole(value, value.start_byte, value.end_byte, "{}")
            elif below:
                hole(value, start + 1, below[0].start_byte, "{}")
        elif (other := _respelled(utf8, node, around, how, name)) is not None:
            cuts += other
            continue
        waiting += [(n, node) for n in reversed(below)]
    return cuts, holes


def starred(utf8: bytes, node: Node) -> bool:
    """Whether `*a.b` was read as `b` of `*a`, or a call or subscript of it: by the grammar."""
    return node.type in ("attribute", "call", "subscript") and utf8[node.start_byte] == ord("*")


def _is_piece(node: Node, around: Node, how: int) -> bool:
    """Whether a node is an expression that is read apart."""
    if (node.type, around.type) in _SPLICED:
        return False
    if how == NAMES and node.type == "identifier":
        return around.type not in _NAMING and not node.is_missing
    return node.is_named and node.type in _EXPRESSIONS


def _respelled(utf8: bytes, node: Node, around: Node, how: int, name: str) -> list[Cut] | None:
    """What is read instead of a node; None for what is read as it is."""
    start, end = node.start_byte, node.end_byte
    made: str | None = None
    match node.type:
        case _ if node.is_error:
            made = " "
        case kind if node.is_missing:
            made = "" if kind[0].isalpha() else kind
        case "type_parameter" if around.type.endswith("_definition"):
            made = " "
        case "argument_list" if how == BARE and around.type == "class_definition":
            made = " "
        case "default_parameter" | "typed_default_parameter" if how == BARE:
            first = node.child_by_field_name("name")
            start, made = end if first is None else first.end_byte, ""
        case "(" | ")" if around.type == "tuple_pattern" and _is_parameter(around):
            made = " "  # Python 2: its names become parameters
        case "<>":
            made = "!="
        case "except":
            return _caught(utf8, around)
        case "case_pattern":
            return []
        case "identifier" if (word := utf8[start:end].decode()) in keyword.kwlist:
            made = f"{name}_{word}"
        case "integer" if (old := _OLD_NUMBER.fullmatch(utf8, start, end)) is not None:
            made = f"0o{old[1].decode()}" if old[1] else old[2].decode()
        case "string_start":
            letters, quotes = utf8[start:end].decode().lower(), utf8[start:end].lstrip(_LETTERS)
            plain = "br" if "b" in letters else "r"  # escapes that mean nothing stay as written
            formatted = letters.rstrip("'\"").replace("t", "f")
            made = (formatted if "f" in formatted else plain) + quotes.decode()
    return None if made is None else [(start, end, made)]


def _caught(utf8: bytes, handler: Node) -> list[Cut] | None:
    """Parentheses around several exceptions, or `as` in Python 2's `except Error, name`."""
    values = [n for n in handler.children_by_field_name("value") if n.is_named]
    if len(values) < 2:
        return None
    start, end, last = values[0].start_byte, values[-1].end_byte, values[-1]
    if len(values) == 2 and last.type == "identifier" and utf8[last.start_byte : end].islower():
        return [(values[0].end_byte, last.start_byte, " as ")]
    return [(start, start, "("), (end, end, ")")]


def _last_end(node: Node) -> int:
    """Where the last statement in a block ends."""
    while node.type.endswith(("block", "_clause", *COMPOUND)):
        inner = [n for n in node.children if not n.is_extra or n.is_error]
        if not inner:
            break
        node = inner[-1]
    return node.end_byte


def _is_parameter(node: Node) -> bool:
    """Whether a pattern is a parameter of Python 2, or in one."""
    around: Node | None = node
    while around is not None and around.type == "tuple_pattern":
        around = around.parent
    return around is not None and around.type in _PARAMETERS
