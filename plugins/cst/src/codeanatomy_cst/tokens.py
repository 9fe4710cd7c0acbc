"""What kind of token each piece of a concrete syntax is."""

import keyword
from itertools import accumulate

import libcst as cst
import numpy as np

from codeanatomy.extract.forest import Flags, Ints
from codeanatomy_cst.concrete import Concrete, Place

KINDS = (
    *("NAME", "KEYWORD", "NUMBER", "STRING", "OP", "COMMENT", "NEWLINE", "NL", "WHITESPACE", "BOM"),
    *("FSTRING_START", "FSTRING_MIDDLE", "FSTRING_END"),
    *("TSTRING_START", "TSTRING_MIDDLE", "TSTRING_END"),
)
_CODE = {kind: code for code, kind in enumerate(KINDS)}
NEWLINE, NL, WHITESPACE, BOM = (_CODE[k] for k in ("NEWLINE", "NL", "WHITESPACE", "BOM"))
_CONVERSIONS = ("r", "s", "a")  # f"{x!r}": what else has letters and is no Name is a keyword
_STRINGS = {cst.FormattedString: "FSTRING", cst.TemplatedString: "TSTRING"}
_PIECES = {
    cst.SimpleString: _CODE["STRING"],
    cst.FormattedStringText: _CODE["FSTRING_MIDDLE"],
    cst.TemplatedStringText: _CODE["TSTRING_MIDDLE"],
}
_BLANK = (cst.EmptyLine, cst.ParenthesizedWhitespace)  # line ends in these end no statement


class _Kinds(dict[str, int]):
    """Kinds by the text alone."""

    def __missing__(self, text: str) -> int:
        first = text[:1]
        if first.isdigit() or (first == "." and text[1:2].isdigit()):
            kind = "NUMBER"
        elif first.isalpha() or first == "_":
            kind = "NAME" if text in _CONVERSIONS else "KEYWORD"
        elif first == "#":
            kind = "COMMENT"
        elif first in ("\r", "\n"):
            kind = "NEWLINE"
        else:
            kind = "WHITESPACE" if first in (" ", "\t", "\f", "\\", "") else "OP"
        code = self[text] = _CODE[kind]
        return code


def tokens(found: Concrete) -> tuple[Ints, Ints]:
    """Kinds of the tokens, and at which characters each starts (and where the text ends)."""
    known = _Kinds()
    kinds = [known[text] for text in found.tokens]
    blank: list[Place] = []
    for node in found.nodes:
        kind = node.__class__
        if isinstance(node, cst.Name):
            constant = keyword.iskeyword(node.value)
            kinds[found.own[id(node)][0]] = _CODE["KEYWORD" if constant else "NAME"]
        elif piece := _PIECES.get(kind):
            kinds[found.own[id(node)][0]] = piece
        elif string := _STRINGS.get(kind):
            start, end = found.own[id(node)]
            kinds[start], kinds[end - 1] = _CODE[f"{string}_START"], _CODE[f"{string}_END"]
        elif kind in _BLANK:
            blank.append(found.whole[id(node)])
    codes = np.array(kinds, np.int64)
    codes[_within(blank, len(kinds)) & (codes == NEWLINE)] = NL
    return codes, np.array([0, *accumulate(map(len, found.tokens))], np.int64)


def _within(places: list[Place], count: int) -> Flags:
    """Which of so many tokens stand in one of the places."""
    start, end = np.array(places, np.int64).reshape(-1, 2).T
    steps = np.bincount(start, minlength=count + 2) - np.bincount(end, minlength=count + 2)
    return np.cumsum(steps)[:count] > 0
