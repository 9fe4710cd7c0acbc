"""The SCIP witness: what an index, made by another tool, says of names and what they stand for."""

import os
import string
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path

import numpy as np
import pyarrow as pa

from codeanatomy.extract import scip as index
from codeanatomy.extract import scip_python
from codeanatomy.extract.decoding import Offsets, line_starts, utf8_of
from codeanatomy.extract.scip import Said, Value, fields, text, whole
from codeanatomy.extract.witness import Survey, Surveyed, Trouble
from codeanatomy.facts.ids import EXTERNAL_FILE, hash_text
from codeanatomy.facts.schema import schema_from_struct, structs_of, table_of
from codeanatomy.facts.tables import scip
from codeanatomy.sources.reading import opened

MOST = 1_000_000  # relationships, and problems
SHOWN = 2000  # characters of a message
_STALE = "the index has another text of it: make it again, with the files as they are"
_BROKEN = "a document that is broken: make the index again"
_FOREIGN = "{:,} documents of no scanned file, or not the first one of it; the first: {!r}"
_LEVELS = {1: "error ", 2: "warning ", 3: "information ", 4: "hint "}
# code units that start at a byte of UTF-8, by PositionEncoding; an index that does not say counts
# in UTF-16, as scip-python and language servers do
_BYTE = np.arange(256)
_UTF32 = ((_BYTE & 0xC0) != 0x80).astype(np.int32)
_UTF16 = _UTF32 + (_BYTE >= 0xF0)
_UNITS = {1: np.ones_like(_UTF16), 3: _UTF32}
_IN_WORD = np.isin(_BYTE, list(map(ord, f"{string.ascii_letters}{string.digits}_")))


def read(repo: Path, files: pa.Table, roots: Sequence[str], asked: str) -> Surveyed:
    """What the index in the file `asked` says of the files; without one scip-python makes it."""
    reader = Reader(repo, files)
    with tempfile.TemporaryDirectory(prefix="codeanatomy-") as folder:
        path, wrong = Path(asked), ""
        if not asked:
            path, wrong = scip_python.make(repo, files, roots, Path(folder))
        if not wrong or path.exists():
            reader.read(path)
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
        self._relations: set[tuple[int, int, int, str]] = set()
        self._foreign, self._first = 0, ""
        self.problems: list[Trouble] = []

    def read(self, path: Path) -> None:
        """Reads the whole file."""
        known, wrong = 0, "it is empty"
        try:
            with opened(path, follow=True) as descriptor:
                file = os.fdopen(descriptor, "rb", closefd=False)
                for field, message in index.messages(file, os.fstat(descriptor).st_size):
                    known, wrong = known + 1, ""
                    if field == index.DOCUMENT:
                        self._document(message)
                    elif field == index.EXTERNAL:
                        self._relate(EXTERNAL_FILE, "", [message])
                    if len(self._relations) + len(self.problems) > MOST:
                        raise OSError(0, f"it says more than {MOST:,} things; the rest is left out")
        except ValueError:
            wrong = f"it is cut off, or no SCIP index, after {known:,} messages; make it again"
        except OSError as error:
            wrong = error.strerror or type(error).__name__
        if wrong:
            self.problems.append(Trouble("scip-failed", f"index {path.name}: {wrong}"))
        if self._foreign:
            told = _FOREIGN.format(self._foreign, self._first)
            self.problems.append(Trouble("scip-document", told))

    def tables(self) -> dict[str, pa.Table]:
        """All tables, sorted."""
        empty = schema_from_struct(scip.ScipOccurrence).empty_table()
        found = [table for _, table in sorted(self._occurrences.items())]
        return {
            "scip_occurrence": pa.concat_tables([empty, *found]).combine_chunks(),
            "scip_relationship": table_of(scip.ScipRelationship, sorted(self._relations)),
        }

    def _document(self, message: bytes) -> None:
        """Takes a document, if it is whole, of a scanned file, and of the text that was scanned."""
        path = ""
        try:
            document = fields(message, index.OF_DOCUMENT)
            path = text(document, "path")
            if path not in self._files:
                self._foreign, self._first = self._foreign + 1, self._first or path[:SHOWN]
                return
            file_id, size, content = self._files.pop(path)
            known = scip_python.read(self._repo / path, size, content)
            if known is None or len(document.get("occurrence", ())) > 4 * size + 100:
                raise ValueError(_STALE)
            said = [fields(one, index.OF_OCCURRENCE) for one in document.get("occurrence", ())]
            spans = _spans(said, known, whole(document, "encoding"))
            told = list(islice(_diagnostics(path, said, spans), MOST + 1))
            self._relate(file_id, path, document.get("symbol", ()))
        except ValueError as error:
            self.problems.append(Trouble("scip-document", str(error) or _BROKEN, path))
            return
        self.problems += told
        rows = {
            (file_id, *span, _key(path, text(one, "symbol")), whole(one, "roles"))
            for one, span in zip(said, spans, strict=True)
            if text(one, "symbol")
        }
        self._occurrences[file_id] = table_of(scip.ScipOccurrence, sorted(rows))

    def _relate(self, file_id: int, path: str, symbols: Iterable[Value]) -> None:
        self._relations |= set(islice(_relations(file_id, path, symbols), MOST + 1))


def _spans(said: Sequence[Said], content: bytes, encoding: int) -> list[list[int]]:
    """Start and end of each occurrence, and of what is around it; ValueError where one is not in
    the text, or starts or ends inside a word."""
    pairs = []
    for one in said:
        own = index.lines(one) or [-1] * 4
        pairs += own + (index.lines(one, "around ") or own)
    spans = places(content, encoding, np.array(pairs, np.int64).reshape(-1, 2)).reshape(-1, 4)
    edges = spans[:, :2]
    in_word = _IN_WORD[np.frombuffer(content + b" ", np.uint8)]
    if (
        (spans < 0).any()
        or (spans[:, ::2] > spans[:, 1::2]).any()
        or (in_word[edges] & in_word[edges - 1]).any()
    ):
        raise ValueError(_STALE)
    found: list[list[int]] = spans.tolist()
    return found


def _diagnostics(
    path: str, said: Iterable[Said], spans: Iterable[Sequence[int]]
) -> Iterator[Trouble]:
    for one, (start, end, *_) in zip(said, spans, strict=True):
        for told in (fields(value, index.OF_DIAGNOSTIC) for value in one.get("diagnostic", ())):
            level = _LEVELS.get(whole(told, "severity"), "")
            message = f"{text(told, 'source')} {level}{text(told, 'code')}: {text(told, 'message')}"
            line = index.lines(one)[0] + 1
            yield Trouble("scip-diagnostic", message[:SHOWN], path, start, end, line)


def _relations(file_id: int, path: str, symbols: Iterable[Value]) -> Iterator[tuple[int, int, int, str]]:
    """Rows about relationships of the symbols."""
    for said in (fields(one, index.OF_SYMBOL) for one in symbols):
        for other in (fields(one, index.OF_RELATIONSHIP) for one in said.get("relationship", ())):
            symbol, related = (_key(path, text(one, "symbol")) for one in (said, other))
            for how in index.OF_RELATIONSHIP.values():
                if whole(other, how):
                    yield file_id, symbol, related, how


def _key(path: str, symbol: str) -> int:
    """What tells a symbol: its text; of a local one also its file."""
    return hash_text(f"{path}:{symbol}" if symbol.startswith("local ") else symbol)


SURVEY = Survey("scip", 2, tuple(structs_of(scip)), read)
