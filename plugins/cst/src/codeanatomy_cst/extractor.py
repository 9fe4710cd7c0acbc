"""The cst witness, on demand: LibCST's exact tokens and whitespace-inclusive spans."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec
import numpy as np
import pyarrow as pa

from codeanatomy.extract.columns import Column, coded, interned, table
from codeanatomy.extract.decoding import BOM, Offsets, line_starts
from codeanatomy.extract.forest import Ints, Names
from codeanatomy.extract.parse import REFUSALS, refusal
from codeanatomy.extract.witness import Extractor, Source, Wanted, trouble, trouble_table
from codeanatomy.facts.schema import table_name
from codeanatomy.facts.tables.trouble import FileProblem
from codeanatomy_cst.tables import FullSpan, Token

if TYPE_CHECKING:
    from codeanatomy_cst.concrete import Concrete
    from codeanatomy_cst.constructs import Row

WITNESS = "cst"
SIZE_LIMIT = 1 << 19  # bytes of text; they take 3 to 5 s here, and a file has 10 for all witnesses
TEXT_LIMIT = 80


class Spans(msgspec.Struct, frozen=True):
    """Constructs of a file: what they are, and their places as rows of (start, end, full start,
    full end)."""

    whats: list[str]
    constructs: list[str]
    places: Ints
    line: Ints


class CstCollector:
    """Has LibCST read one file after the other."""

    def __init__(self, _wanted: Wanted) -> None:
        # late: LibCST takes half a second to load, which only workers of such a build should pay
        from codeanatomy_cst import concrete, constructs, tokens

        self._concrete, self._constructs, self._tokens = concrete, constructs, tokens
        self._files: list[int] = []
        self._texts = Names()
        self._rows: list[Ints] = []  # of each file its tokens: start, end, line, kind, text
        self._spans: list[Spans] = []
        self._problems: list[tuple[int, FileProblem]] = []

    def add(self, ordinal: int, source: Source) -> bool:
        """True when LibCST reads the file, also one that is too new for this interpreter."""
        if source.error is not None and source.error.code != "syntax-error":
            return False
        if len(source.utf8) > SIZE_LIMIT:
            message = f"more than {SIZE_LIMIT >> 10} KiB, for which LibCST needs too long"
            problem = trouble(WITNESS, "too-long", message)
        else:
            mark = BOM if source.utf8.startswith(BOM) else b""
            try:
                text = source.utf8.removeprefix(mark).decode()
                found = self._concrete.read(text)
            except self._concrete.Refused as error:
                message = f"LibCST: {error}"[:300]
                problem = trouble(WITNESS, "tool-failed", message, line=error.line)
            except REFUSALS as error:
                problem = refusal(error, source, WITNESS)
            else:
                self._files.append(ordinal)
                self._take(source, text, len(mark), found)
                return True
        if source.tree is not None:  # else the parser's own problem says it
            self._problems.append((ordinal, problem))
        return False

    def _take(self, source: Source, text: str, mark: int, found: "Concrete") -> None:
        """Add the rows of a file whose text starts behind a mark of so many bytes."""
        kinds, chars = self._tokens.tokens(found)
        offsets = mark + (chars if text.isascii() else _widths(text)[chars])
        places = offsets if source.origin is None else source.origin[offsets]
        lines = np.searchsorted(line_starts(source.utf8), offsets, "right") - 1
        self._spans.append(_spans(self._constructs.Constructs(found).rows, places, lines))
        rows = np.flatnonzero(np.diff(chars))
        blank = kinds[rows] == self._tokens.WHITESPACE
        rows = rows[~(blank & np.append(False, blank)[:-1])]  # neighbouring blanks are one
        ends = np.append(rows, len(kinds))[1:]
        bounds = zip(chars[rows].tolist(), chars[ends].tolist(), strict=True)
        short = [text[a:b] if b - a <= TEXT_LIMIT else None for a, b in bounds]
        told = [places[rows], places[ends], lines[rows], kinds[rows], self._texts.codes(short)]
        if mark:
            first = (0, mark, 1, self._tokens.BOM, self._texts.code("\ufeff"))
            told = [np.append(one, column) for one, column in zip(first, told, strict=True)]
        self._rows.append(np.stack(told))

    def finish(self) -> dict[str, pa.Table]:
        """The tables of `EXTRACTOR`."""
        file = np.array(self._files, np.int32)
        rows = np.concatenate([np.zeros((5, 0), np.int64), *self._rows], 1)
        start, end, line, kind, text = rows
        tokens: dict[str, Column] = {
            "file": np.repeat(file, [one.shape[1] for one in self._rows]),
            "bstart": start,
            "bend": end,
            "line": line.astype(np.int32),
            "kind": coded(kind, self._tokens.KINDS),
            "text": coded(text, self._texts.words()),
        }
        places = np.concatenate([np.zeros((0, 4), np.int64), *(s.places for s in self._spans)])
        lines = np.concatenate([np.zeros(0, np.int64), *(one.line for one in self._spans)])
        spans: dict[str, Column] = {
            "file": np.repeat(file, [len(one.line) for one in self._spans]),
            "what": interned([what for one in self._spans for what in one.whats]),
            "construct": interned([name for one in self._spans for name in one.constructs]),
            "line": lines.astype(np.int32),
        }
        names = ("bstart", "bend", "full_bstart", "full_bend")
        spans |= {name: places[:, at] for at, name in enumerate(names)}
        problems = {table_name(FileProblem): trouble_table(self._problems)}
        return table(Token, tokens) | table(FullSpan, spans) | problems


def _widths(text: str) -> Offsets:
    """Byte of the UTF-8 text at which each character starts, and its end."""
    points = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    widths = 1 + (points > 0x7F) + (points > 0x7FF) + (points > 0xFFFF)
    return np.append(0, np.cumsum(widths))


def _spans(rows: "Sequence[Row]", places: Ints, line: Ints) -> Spans:
    """The constructs in source order, from those whose places are numbers of tokens."""
    numbers = np.array([(*own, *whole) for _, _, own, whole in rows], np.int64)
    numbers = np.minimum(numbers, len(places) - 1)  # LibCST ends each file with a line end
    order = np.lexsort((-numbers[:, 1], numbers[:, 0]))
    whats = [rows[at][0] for at in order.tolist()]
    constructs = [rows[at][1] for at in order.tolist()]
    found = places[numbers[order]]
    found[[what == "module" for what in whats], ::2] = 0  # also where a mark stands before it
    return Spans(whats, constructs, found, np.maximum(line[numbers[order, 0]], 1))


EXTRACTOR = Extractor(WITNESS, 1, 50, (Token, FullSpan, FileProblem), CstCollector, on_demand=True)
