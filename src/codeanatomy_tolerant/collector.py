"""The tree-sitter witness: what can be read of files that CPython's parser refuses."""

import re

import msgspec
import numpy as np
import pyarrow as pa
import tree_sitter_python
from tree_sitter import Language, Node, Parser, Query, QueryCursor

from codeanatomy.extract.decoding import Offsets, line_starts
from codeanatomy.extract.from_ast import EVERYTHING, AstCollector
from codeanatomy.extract.from_ast import TABLES as AST_TABLES
from codeanatomy.extract.witness import Extractor, Source, Wanted, trouble, trouble_table
from codeanatomy.facts.schema import table_name
from codeanatomy.facts.tables.trouble import FileProblem
from codeanatomy_tolerant.mending import MAX_ROWS, Mender, Region

WITNESS = "treesitter"
MAX_REGIONS = 50  # per file; one more row tells how many others there are
MAX_ROUNDS = 6  # of leaving lines out
LARGE = 1 << 20  # bytes from which a single round must do
SHOWN = 40  # characters of a region in its message
FEW_CONTROLS = 10  # control characters that any text survives
MAX_CONTROLS = 0.02  # share of them in a text
TABLES: tuple[type[msgspec.Struct], ...] = (*AST_TABLES, FileProblem)

_LANGUAGE = Language(tree_sitter_python.language())
_TROUBLE = Query(_LANGUAGE, "(ERROR) @trouble (MISSING) @trouble")
_CONTROLS = bytes([*range(9), *range(14, 32), 127])
_SPACES = bytes(32 if byte in _CONTROLS or byte == 11 else byte for byte in range(256))
_INVISIBLE = re.compile(rb"(?<!^)\xef\xbb\xbf|\xe2\x80\x8b|\xe2\x81\xa0")  # blanks to the grammar
# lines that hold nothing but a continuation take the grammar's scanner quadratic time
_CONTINUED = re.compile(rb"(?:\\\r?\n[ \t\f]*){50,}")
_LONE_CR = re.compile(rb"\r(?!\n)")


class TreeSitterCollector:
    """Reads one file after the other into a tree for the `ast` witness's collector, and makes the
    tables of the batch from its. In a file with broken regions a binding may be hidden."""

    def __init__(self, wanted: Wanted = EVERYTHING) -> None:
        self._parser = Parser(_LANGUAGE)
        self._trees = AstCollector(wanted)
        self._broken: list[bool] = []
        self._problems: list[tuple[int, FileProblem]] = []

    def add(self, ordinal: int, source: Source) -> bool:
        """True for every file without a tree."""
        if source.tree is not None:
            return False
        utf8, origin, error = source.utf8, source.origin, source.error
        # where so much is control characters, what looks like names would mean nothing
        controls = len(utf8) - len(utf8.translate(None, _CONTROLS))
        binary = controls > max(FEW_CONTROLS, len(utf8) * MAX_CONTROLS)
        suspect = None
        if error is not None and error.line:  # the byte where CPython's parser met its error
            suspect = error.bstart
            if origin is not None:
                suspect = int(np.searchsorted(origin, error.bstart))
        text = b"" if binary else _readable(utf8)
        text, root, blanked = _mended(self._parser, text, suspect)
        reader = Mender(text, root)
        tree, mended, places = reader.read()
        places = places if origin is None else origin[places]
        self._trees.add(ordinal, Source(source.content, tree, None, mended, places))
        regions = _regions(root) + blanked + reader.lost
        self._broken.append(bool(regions) or reader.cut or reader.deep)
        found = _problems(regions, utf8, origin)
        if binary:
            found = [trouble(WITNESS, "syntax-region", "no text", bend=len(source.content), line=1)]
        if reader.cut:
            message = f"only the first {MAX_ROWS:,} parts of the file were read"
            found.append(trouble(WITNESS, "too-large", message))
        if reader.deep:
            found.append(trouble(WITNESS, "too-deep", "what nests too deeply was not read"))
        self._problems += [(ordinal, problem) for problem in found]
        return True

    def finish(self) -> dict[str, pa.Table]:
        """The tables of `TABLES`."""
        tables = self._trees.finish(self._broken)
        return tables | {table_name(FileProblem): trouble_table(self._problems)}


def _readable(utf8: bytes) -> bytes:
    """The text at the same offsets, with line ends that the grammar knows, question marks for what
    is no UTF-8, and no NUL bytes."""
    text = utf8.translate(_SPACES).decode("utf-8", "surrogateescape").encode("utf-8", "replace")
    text = _INVISIBLE.sub(b"   ", text)
    if b"\\" in text:
        text = _CONTINUED.sub(lambda found: b" " * len(found.group()), text)
    return _LONE_CR.sub(b"\n", text) if b"\r" in text else text


def _mended(parser: Parser, text: bytes, suspect: int | None) -> tuple[bytes, Node, list[Region]]:
    """The text that is read best, the root of its tree, and the lines left out for that: the one
    where another parser met an error (`suspect`, a byte), then those where regions of several lines
    start. They are blanked, so that all offsets stay."""
    root = parser.parse(text).root_node
    blanked: list[Region] = []
    for turn in range(1 if len(text) > LARGE else MAX_ROUNDS):
        broken = _outermost(_regions(root)) if root.has_error else []
        starts = [start for start, end, _ in broken if b"\n" in text[start:end]]
        places = starts if turn or suspect is None else [suspect]
        lines = sorted({_line_at(text, place) for place in places}) if broken else []
        trial = bytearray(text)
        for start, end, _ in lines:
            trial[start:end] = b" " * (end - start)
        other = parser.parse(bytes(trial)).root_node if lines else root
        if _size(lines) + _size(_outermost(_regions(other))) < _size(broken):
            text, root = bytes(trial), other
            blanked += lines
        elif turn or not broken:
            break
    return text, root, blanked


def _regions(root: Node) -> list[Region]:
    """What was not read."""
    found = QueryCursor(_TROUBLE).captures(root).get("trouble", [])
    if len(found) > 1:
        found = [node for node in found if node != root]  # inner ones say more than the file
    return [(n.start_byte, n.end_byte, n.type if n.is_missing else "") for n in found]


def _problems(regions: list[Region], utf8: bytes, origin: Offsets | None) -> list[FileProblem]:
    """A problem for each outermost region."""
    found, lines = _outermost(regions), line_starts(utf8)
    made: list[FileProblem] = []
    for start, end, missing in found[:MAX_REGIONS]:
        text = " ".join(utf8[start:end][: 4 * SHOWN].decode("utf-8", "replace").split())
        message = f"{missing} is missing" if missing else f"not read: {text[:SHOWN]}"
        line = max(int(np.searchsorted(lines[1:], start, "right")), 1)
        if origin is not None:
            start, end = int(origin[start]), int(origin[end])
        made.append(trouble(WITNESS, "syntax-region", message, bstart=start, bend=end, line=line))
    if len(found) > MAX_REGIONS:
        message = f"{len(found) - MAX_REGIONS} more regions were not read"
        made.append(trouble(WITNESS, "syntax-region", message))
    return made


def _outermost(regions: list[Region]) -> list[Region]:
    """The regions that lie in no other."""
    found: list[Region] = []
    for region in sorted(regions, key=lambda r: (r[0], -r[1])):
        end = found[-1][1] if found else -1
        if region[0] >= end and (region[0] > end or region[1] > end):
            found.append(region)
    return found


def _size(regions: list[Region]) -> int:
    return sum(end - start for start, end, _ in regions)


def _line_at(text: bytes, place: int) -> Region:
    """The line around a byte, without its end."""
    end = text.find(b"\n", place)
    return text.rfind(b"\n", 0, place) + 1, len(text) if end < 0 else end, ""


EXTRACTOR = Extractor(WITNESS, 3, 20, TABLES, TreeSitterCollector)
