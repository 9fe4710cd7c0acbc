"""The SCIP witness: what an index, made by another tool, says of names and what they stand for."""

import functools
import os
import re
import string
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from codeanatomy.extract import scip_python
from codeanatomy.extract.decoding import Offsets, line_starts, utf8_of
from codeanatomy.extract.scip import Value, fields, messages, text, whole, wholes
from codeanatomy.extract.witness import Survey, Surveyed, Trouble
from codeanatomy.facts.ids import EXTERNAL_FILE, hash_text
from codeanatomy.facts.schema import schema_from_struct, structs_of, table_of
from codeanatomy.facts.tables import scip
from codeanatomy.sources.reading import opened

MOST = 5_000_000  # symbols, relationships and diagnostics
NAMED = 100  # documents that problems name; one more problem counts the others
SHOWN = 2000  # characters of documentation and messages
_STALE = "the index has another text of it, or two: make it again, with the files as they are"
_LEVELS = {1: "error ", 2: "warning ", 3: "information ", 4: "hint "}
_HOW = {2: "reference", 3: "implementation", 4: "type", 5: "definition"}
_WORD = re.compile(r"[^\s`/#.:!()\[\]]+")
# code units that start at a byte of UTF-8, by PositionEncoding; an index that does not say counts
# in UTF-16, as scip-python and language servers do
_BYTE = np.arange(256)
_UTF32 = ((_BYTE & 0xC0) != 0x80).astype(np.int32)
_UTF16 = _UTF32 + (_BYTE >= 0xF0)
_UNITS = {1: np.ones_like(_UTF16), 3: _UTF32}
_IN_WORD = np.isin(_BYTE, list(map(ord, f"{string.ascii_letters}{string.digits}_")))
_hashed = functools.lru_cache(1 << 16)(hash_text)


def read(repo: Path, files: pa.Table, roots: Sequence[str], asked: str) -> Surveyed:
    """What the index in the file `asked` says of the files; without one scip-python makes it."""
    reader = Reader(repo, files)
    with tempfile.TemporaryDirectory(prefix="codeanatomy-") as folder:
        index, wrong = Path(asked), ""
        if not asked:
            index, wrong = scip_python.make(repo, files, roots, Path(folder))
        if asked or index.exists():
            reader.read(index)
    failed = (Trouble("scip-failed", wrong),) if wrong else ()
    return Surveyed(reader.tables(), (*failed, *reader.problems))


def places(content: bytes, encoding: int, pairs: Offsets) -> Offsets:
    """Bytes of the file at (line, column) pairs, both from 0; -1 for what is not in the text, or
    inside a character. A column's unit is a PositionEncoding of scip.proto."""
    try:
        utf8, origin = utf8_of(content)
    except (LookupError, ValueError):
        utf8, origin = content, None
    units = _UNITS.get(encoding, _UTF16)[np.frombuffer(utf8, np.uint8)]
    before = np.append(0, np.cumsum(units, dtype=np.int64))
    starts = line_starts(utf8)[1:]
    starts[0] = 0  # a byte order mark counts
    line, column = pairs.T
    known = (line >= 0) & (line < len(starts)) & (column >= 0)
    line = np.where(known, line, 0)
    unit = before[starts[line]] + column
    byte = np.searchsorted(before, unit, "right") - 1
    known &= (before[byte] == unit) & (byte <= np.append(starts[1:], len(utf8))[line])
    return np.where(known, byte if origin is None else origin[byte], -1)


class Reader:
    """Reads the documents of an index one by one, and gives what they say of scanned files."""

    def __init__(self, repo: Path, files: pa.Table) -> None:
        columns = (files[name].to_pylist() for name in ("path", "file_id", "size", "content"))
        self._files = {path: rest for path, *rest in zip(*columns, strict=True)}
        self._repo = repo
        self._occurrences: dict[int, pa.Table] = {}
        self._symbols: dict[tuple[int, int], tuple[str, str, int, str]] = {}
        self._relations: dict[tuple[int, ...], str] = {}
        self._refused: Counter[str] = Counter()
        self.problems: list[Trouble] = []

    def read(self, index: Path) -> None:
        """Reads the whole file."""
        known, wrong = 0, "it is empty"
        try:
            with opened(index, follow=True) as descriptor:
                size = os.fstat(descriptor).st_size
                for field, message in messages(os.fdopen(descriptor, "rb", closefd=False), size):
                    known, wrong = known + 1, ""
                    if field == 2:
                        self._document(message)
                    elif field == 3:
                        self._describe(EXTERNAL_FILE, message)
                    if len(self._symbols) + len(self._relations) + len(self.problems) > MOST:
                        raise OSError(0, f"it has more than {MOST:,} symbols; the rest is left out")
        except ValueError:
            wrong = f"it is cut off, or no SCIP index, after {known:,} messages; make it again"
        except OSError as error:
            wrong = error.strerror or type(error).__name__
        if wrong:
            self.problems.append(Trouble("scip-failed", f"index {index.name}: {wrong}"))
        for what, number in self._refused.items():
            if number > NAMED:
                left = f"{what}: {number - NAMED:,} more documents"
                self.problems.append(Trouble("scip-document", left))

    def tables(self) -> dict[str, pa.Table]:
        """All tables, sorted."""
        empty = schema_from_struct(scip.ScipOccurrence).empty_table()
        found = [table for _, table in sorted(self._occurrences.items())]
        symbols = ((*key, *rest) for key, rest in sorted(self._symbols.items()))
        relations = ((*ends, how) for ends, how in sorted(self._relations.items()))
        return {
            "scip_occurrence": pa.concat_tables([empty, *found]).combine_chunks(),
            "scip_symbol": table_of(scip.ScipSymbol, symbols),
            "scip_relationship": table_of(scip.ScipRelationship, relations),
        }

    def _document(self, message: bytes) -> None:
        """Takes a document, if it is whole, of a scanned file, and of the text that was scanned."""
        path = ""
        try:
            said = dict(fields(message))
            path = text(said.get(1))
            if path not in self._files:
                return self._refuse(f"no scanned file (by its path in the repository): {path!r}")
            file_id, size, content = self._files[path]
            known = scip_python.read(self._repo / path, size, content)
            found = _occurrences(message, 4 * size + NAMED)  # more is not of this text
            pairs = np.array([ranges for *_, ranges in found], np.int64).reshape(-1, 2)
            spans = places(known or b"", whole(said.get(6)), pairs).reshape(-1, 4)
            if known is None or file_id in self._occurrences or _misplaced(spans, known):
                return self._refuse(_STALE, path)
            for value in _all(message, 3):
                self._describe(file_id, value)
        except ValueError:
            return self._refuse("a document that is broken: make the index again", path)
        rows = set()
        for (symbol, roles, syntax, told, ranges), span in zip(found, spans.tolist(), strict=True):
            start, end, *around = span
            if symbol:
                key = self._key(symbol, file_id)
                rows.add((file_id, start, end, *key, roles, syntax, *around))
            place = (path, start, end, ranges[0] + 1)
            self.problems += [Trouble("scip-diagnostic", one, *place) for one in told]
        self._occurrences[file_id] = table_of(scip.ScipOccurrence, sorted(rows))

    def _key(self, symbol: str, file_id: int) -> tuple[int, int]:
        """Home and hash of a symbol, which is known from here on."""
        home = file_id if symbol.startswith("local ") else EXTERNAL_FILE
        key = home, _hashed(f"scip:{symbol}")
        if key not in self._symbols:
            shown = symbol[:SHOWN]
            self._symbols[key] = (shown, (_WORD.findall(shown) or [shown])[-1], 0, "")
        return key

    def _describe(self, file_id: int, message: Value) -> None:
        said = dict(fields(message))
        key = self._key(text(said.get(1)), file_id)
        symbol, name, _, described = self._symbols[key]
        if not described:
            shown = "\n".join(map(text, _all(message, 3)))[:SHOWN]
            self._symbols[key] = (symbol, text(said.get(6)) or name, whole(said.get(5)), shown)
        for one in map(dict, map(fields, _all(message, 4))):
            how = "+".join(word for field, word in _HOW.items() if whole(one.get(field)))
            self._relations.setdefault((*key, *self._key(text(one.get(1)), file_id)), how)

    def _refuse(self, what: str, path: str = "") -> None:
        kind = what.partition(":")[0]
        self._refused[kind] += 1
        if self._refused[kind] <= NAMED:
            self.problems.append(Trouble("scip-document", what[:SHOWN], path))


def _occurrences(message: bytes, most: int) -> list[tuple[str, int, int, list[str], list[int]]]:
    """Symbol, roles, syntax, diagnostics, and line and column of start and end, its own and those
    around, of each occurrence in a document. ValueError for more than `most`."""
    found, count = [], 0
    for value in _all(message, 2):
        said, told = dict(fields(value)), []
        for one in map(dict, map(fields, islice(_all(value, 6), most))):
            code, words, source = (text(one.get(field)) for field in (2, 3, 4))
            level = _LEVELS.get(whole(one.get(1)), "")
            told.append(f"{source} {level}{code}: {words}"[:SHOWN])
        own = _range(said, 1, 8, 9) or [-1] * 4
        ranges = own + (_range(said, 7, 10, 11) or own)
        found.append((text(said.get(2)), whole(said.get(3)), whole(said.get(5)), told, ranges))
        count += 1 + len(told)
        if count > most:
            raise ValueError
    return found


def _range(said: dict[int, Value], plain: int, line: int, lines: int) -> list[int]:
    """The four numbers of a range, by its fields; empty for any other number of them."""
    found = wholes(said.get(plain))
    for field, numbers in ((line, (1, 2, 3)), (lines, (1, 2, 3, 4))):
        if field in said:
            part = dict(fields(said[field]))
            found = [whole(part.get(number)) for number in numbers]
    if len(found) == 3:
        found.insert(2, found[0])
    return found if len(found) == 4 else []


def _misplaced(spans: Offsets, content: bytes) -> bool:
    """Whether a span is not in the text, or starts or ends inside a word."""
    if (spans < 0).any() or (spans[:, ::2] > spans[:, 1::2]).any():
        return True
    in_word = _IN_WORD[np.frombuffer(content + b" ", np.uint8)]
    edges = spans[:, :2]
    return bool((in_word[edges] & in_word[edges - 1]).any())


def _all(message: Value, wanted: int) -> Iterator[Value]:
    return (value for field, value in fields(message) if field == wanted)


SURVEY = Survey("scip", 1, tuple(structs_of(scip)), read)
