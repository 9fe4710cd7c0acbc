"""What does a literal stand for, as far as this Python can say?"""

import ast
import re
import warnings
from collections.abc import Iterator

from tree_sitter import Node

Run = tuple[int, int, str]  # start, end, what the text stands for

MAX_EVALUATED = 1 << 20  # longer literals are shown as they are written
_OLD_NUMBER = re.compile(r"0([0-7]{1,4000})[lL]?|([0-9]{1,4000})[lL]")  # Python 2
_QUOTED = re.compile(r"[a-z]*('''|\"\"\"|'|\")(.*)\1", re.DOTALL | re.IGNORECASE)
_VALUES = (str, bytes, int, float, complex, type(None), type(...))


def value_of(text: str) -> object:
    """The constant that a literal stands for; what it says where this Python cannot read it."""
    if len(text) <= MAX_EVALUATED:
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                value: object = ast.literal_eval(f"({text}\n)")
            return value if isinstance(value, _VALUES) else text
        except (ValueError, SyntaxError, MemoryError, RecursionError):
            pass
    old = _OLD_NUMBER.fullmatch(text)
    if old is not None:
        return int(old[1], 8) if old[1] else int(old[2])
    quoted = _QUOTED.fullmatch(text)
    return quoted[2] if quoted is not None else text


def prefixes(utf8: bytes, node: Node) -> set[str]:
    """The letters (and quotes) in front of all string literals in a node, in lower case."""
    return {letter for piece in _pieces(node) for letter in _opening(utf8, piece).lower()}


def parts(utf8: bytes, node: Node) -> Iterator[Node | Run]:
    """The expressions in string literals that stand side by side (or in a format), and the runs of
    text between them."""
    run: list[Run] = []
    for piece in _pieces(node):
        opening = _opening(utf8, piece)
        place = piece.start_byte + len(opening)
        for inner in piece.named_children:
            if inner.type in ("interpolation", "format_expression"):
                run += _text(utf8, place, inner.start_byte, opening)
                yield from _joined(run)
                run = []
                yield inner
                place = inner.end_byte
        last = piece.children[-1] if piece.children else piece
        end = last.start_byte if last.type == "string_end" else piece.end_byte
        run += _text(utf8, place, end, opening)
    yield from _joined(run)


def _pieces(node: Node) -> list[Node]:
    held = [n for n in node.children if n.type == "string"]
    return held if node.type == "concatenated_string" else [node]


def _opening(utf8: bytes, piece: Node) -> str:
    """Prefix and quotes of a literal; the colon of a format."""
    first = next((n for n in piece.children if n.type in ("string_start", ":")), None)
    return "" if first is None else utf8[first.start_byte : first.end_byte].decode()


def _text(utf8: bytes, start: int, end: int, opening: str) -> list[Run]:
    """What the text at a place stands for; nothing for an empty one."""
    text = utf8[start:end].decode("utf-8", "backslashreplace")
    quotes = opening.lstrip("bBuUfFtT:")
    if "\\" in text and quotes and "r" not in opening.lower():
        value = value_of(f"{quotes}{text}{quotes}")
        text = value if isinstance(value, str) else text
    return [(start, end, text.replace("{{", "{").replace("}}", "}"))] if start < end else []


def _joined(run: list[Run]) -> list[Run]:
    return [(run[0][0], run[-1][1], "".join(text for *_, text in run))] if run else []
