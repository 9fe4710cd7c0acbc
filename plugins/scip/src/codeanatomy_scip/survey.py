"""The SCIP witness: what an index, made by another tool, says of names and what they stand for."""

import os
import string
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from codeanatomy.extract.decoding import Offsets, line_starts, utf8_of
from codeanatomy.extract.witness import Survey, Surveyed, Trouble
from codeanatomy.facts.ids import hash_text
from codeanatomy.facts.schema import table_of
from codeanatomy.sources.reading import as_scanned, opened
from codeanatomy_scip import indexer, tables
from codeanatomy_scip import messages as index
from codeanatomy_scip.messages import Said, Value, fields, text, whole

SHOWN = 2000  # characters of a message
_OTHER = "its document is broken or of another text: make the index again, with files as they are"
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
            path, wrong = indexer.make(repo, files, roots, Path(folder))
        if wrong:
            reader.problems.append(Trouble("tool-failed", wrong))
        if not wrong or path.exists():
            reader.read(path)
    found = {
        "scip_occurrence": pa.concat_tables(reader.occurrences).sort_by("file_id").combine_chunks(),
        "scip_relationship": table_of(tables.ScipRelationship, sorted(reader.relationships)),
    }
    return Surveyed(found, tuple(reader.problems))


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
    """Reads the documents of an index one by one, and keeps what they say of scanned files."""

    def __init__(self, repo: Path, files: pa.Table) -> None:
        columns = (files[name].to_pylist() for name in ("path", "file_id", "size", "content"))
        self._files = {path: rest for path, *rest in zip(*columns, strict=True)}
        self._repo = repo
        self._foreign, self._first, self._left = 0, "", 0
        self.occurrences = [table_of(tables.ScipOccurrence, ())]
        self.relationships: set[tuple[int, int, int, str]] = set()
        self.problems: list[Trouble] = []

    def read(self, path: Path) -> None:
        """Reads the whole file."""
        known, wrong = 0, ""
        try:
            with opened(path, follow=True) as descriptor:
                if os.fstat(descriptor).st_size > index.LARGEST:
                    raise OSError(0, f"it has more than {index.LARGEST:,} bytes")
                for field, value in index.values(os.fdopen(descriptor, "rb", closefd=False)):
                    known += 1
                    if field == index.DOCUMENT:
                        self._document(value)
            if not known:
                raise OSError(0, "it is empty")
        except ValueError:
            wrong = f"it is cut off, or no SCIP index, after {known:,} messages; make it again"
        except OSError as error:
            wrong = error.strerror or type(error).__name__
        if wrong:
            self.problems.append(Trouble("tool-failed", f"index {path.name}: {wrong}"))
        if self._foreign:
            told = (
                f"{self._foreign:,} documents are of no scanned file, or not its first; one is of "
            )
            self.problems.append(Trouble("tool-skipped", f"{told}{self._first!r}"))

    def _document(self, message: Value) -> None:
        """Takes a document, if it is whole, of a scanned file, and of the text that was scanned."""
        path = ""
        try:
            document = fields(message, index.OF_DOCUMENT)
            path = text(document, "path")
            if path not in self._files:
                self._foreign, self._first = self._foreign + 1, self._first or path[:SHOWN]
                return
            file_id, size, content = self._files.pop(path)
            known = as_scanned(self._repo / path, size, content)
            self._left = 8 * size + 100  # more is not of this text
            said = list(self._all(document, "occurrence", index.OF_OCCURRENCE))
            spans = _spans(said, known, whole(document, "encoding"))
            told = [
                _diagnostic(one, path, span, index.lines(around)[0] + 1)
                for around, span in zip(said, spans, strict=True)
                for one in self._all(around, "diagnostic", index.OF_DIAGNOSTIC)
            ]
            related = {
                (file_id, _key(path, one), _key(path, other), how)
                for one in self._all(document, "symbol", index.OF_SYMBOL)
                for other in self._all(one, "relationship", index.OF_RELATIONSHIP)
                for how in index.OF_RELATIONSHIP.values()
                if whole(other, how)
            }
        except (OSError, ValueError):
            self.problems.append(Trouble("tool-skipped", _OTHER, path))
            return
        rows = {
            (file_id, *span, _key(path, one), whole(one, "roles"), exact)
            for one, both in zip(said, spans, strict=True)
            for span, exact in ((both[:2], True), (both[2:], False))
            if text(one, "symbol") and (exact or whole(one, "roles") & 1)
        }
        self.occurrences.append(table_of(tables.ScipOccurrence, sorted(rows)))
        self.relationships |= related
        self.problems += told

    def _all(self, said: Said, name: str, layout: Mapping[int, str]) -> Iterator[Said]:
        """The messages in a field."""
        for value in said.get(name, ()):
            self._left -= 1
            if self._left < 0:
                raise ValueError
            yield fields(value, layout)


def _spans(said: Iterable[Said], content: bytes, encoding: int) -> list[list[int]]:
    """Start and end of each occurrence, and of what is around it; ValueError where one is not in
    the text, or starts or ends inside a word."""
    pairs = [index.lines(one, around) for one in said for around in ("", "around ")]
    spans = places(content, encoding, np.array(pairs, np.int64).reshape(-1, 2)).reshape(-1, 4)
    in_word = _IN_WORD[np.frombuffer(content + b" ", np.uint8)]
    split = (in_word[spans[:, :2]] & in_word[spans[:, :2] - 1]).any()
    if split or (spans < 0).any() or (spans[:, ::2] > spans[:, 1::2]).any():
        raise ValueError
    found: list[list[int]] = spans.tolist()
    return found


def _diagnostic(told: Said, path: str, span: Sequence[int], line: int) -> Trouble:
    level = _LEVELS.get(whole(told, "severity"), "")
    shown = f"{text(told, 'source')} {level}{text(told, 'code')}: {text(told, 'message')}"[:SHOWN]
    return Trouble("tool-diagnostic", shown, path, span[0], span[1], line)


def _key(path: str, said: Said) -> int:
    """What tells a symbol: its text; of a local one also its file."""
    symbol = text(said, "symbol")
    return hash_text(f"{path}:{symbol}" if symbol.startswith("local ") else symbol)


SURVEY = Survey("scip", 1, (tables.ScipOccurrence, tables.ScipRelationship), read)
