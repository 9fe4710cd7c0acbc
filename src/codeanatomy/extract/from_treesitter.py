"""The tree-sitter witness: what can be read of files that CPython's parser refuses."""

import re

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import tree_sitter_python
from tree_sitter import Language, Parser

from codeanatomy.extract import comments, definitions, from_ast, names
from codeanatomy.extract.columns import coded, optional
from codeanatomy.extract.decoding import Offsets, line_starts
from codeanatomy.extract.forest import Forest, Text
from codeanatomy.extract.scopes import NAMED, Scopes
from codeanatomy.extract.tolerant.definitions import DEFINITIONS, docstring_of
from codeanatomy.extract.tolerant.expressions import EXPRESSIONS
from codeanatomy.extract.tolerant.literals import LITERALS
from codeanatomy.extract.tolerant.mend import Region, extras, mended, outermost
from codeanatomy.extract.tolerant.patterns import PATTERNS
from codeanatomy.extract.tolerant.reader import MAX_ROWS, Reader
from codeanatomy.extract.tolerant.statements import STATEMENTS
from codeanatomy.extract.walker import Columns
from codeanatomy.extract.witness import Extractor, Source, trouble, trouble_table
from codeanatomy.facts.schema import table_name
from codeanatomy.facts.tables.names import Argument, Base, CallSite, Capture, Reference
from codeanatomy.facts.tables.syntax import (
    Comment,
    Decorator,
    Definition,
    Field,
    ImportAlias,
    Literal,
    Parameter,
    Syntax,
    Variable,
)
from codeanatomy.facts.tables.trouble import FileProblem

WITNESS = "treesitter"
MAX_REGIONS = 50  # per file; one more row tells how many others there are
FEW_CONTROLS = 10  # control characters that any text survives
MAX_CONTROLS = 0.02  # share of them in a text
SHOWN = 40  # characters of a region in its message
TABLES = (
    *(Syntax, Literal, Definition, Parameter, ImportAlias, Variable, Field, Decorator, Comment),
    *(Reference, Capture, CallSite, Argument, Base, FileProblem),
)

_HANDLERS = EXPRESSIONS | LITERALS | DEFINITIONS | STATEMENTS | PATTERNS
_LANGUAGE = Language(tree_sitter_python.language())
_CONTROLS = bytes([*range(9), *range(14, 32), 127])
# lines that hold nothing but a continuation take the grammar's scanner quadratic time
_CONTINUED = re.compile(rb"(?:\\\r?\n[ \t\f]*){50,}")
_LONE_CR = re.compile(rb"\r(?!\n)")


class TreeSitterCollector:
    """Reads one file after the other into columns, and makes the tables of the batch from them.

    In a file with broken regions a binding may be hidden, so there a name is said to mean something
    only where that is a parameter or definition, and how it is found is not said at all.
    """

    def __init__(self) -> None:
        self._parser = Parser(_LANGUAGE)
        self._columns = Columns()
        self._texts: list[Text] = []
        self._counts: list[int] = []
        self._positions: list[npt.NDArray[np.int32]] = []
        self._broken: list[bool] = []
        self._comments: list[tuple[int, int, int, int]] = []
        self._problems: list[tuple[int, FileProblem]] = []

    def add(self, ordinal: int, source: Source) -> bool:
        """True for every file without a tree."""
        if source.tree is not None:
            return False
        utf8 = source.utf8
        binary = _is_binary(utf8)
        text = b"" if binary else _readable(utf8)
        root, blanked = mended(self._parser, text, _suspect(source))
        reader = Reader(self._columns, utf8, _HANDLERS)
        reader.read(root, docstring_of(reader, root.children))
        lines = line_starts(utf8)
        number = len(self._texts)
        self._texts.append(Text(ordinal, utf8, source.origin, lines, len(source.content)))
        self._counts.append(len(reader.starts))
        self._positions.append(_positions(lines, reader.starts, reader.ends))
        notes, regions = extras(root)
        regions = sorted([*regions, *((*span, "") for span in blanked)], key=_outer_first)
        self._broken.append(bool(regions) or reader.cut)
        self._comments += [(number, start, end, _line(lines, start)) for start, end in notes]
        problems = _regions(regions, utf8, lines, source.origin)
        if binary:
            problems = [
                trouble(WITNESS, "syntax-region", "no text", bend=len(source.content), line=1)
            ]
        if reader.cut:
            message = f"only the first {MAX_ROWS:,} parts of the file were read"
            problems.append(trouble(WITNESS, "too-large", message))
        self._problems += [(ordinal, problem) for problem in problems]
        return True

    def finish(self) -> dict[str, pa.Table]:
        """The tables of `TABLES`."""
        forest = Forest(self._columns, self._texts, self._counts, self._positions)
        starts = definitions.name_starts(forest)
        scopes = Scopes(forest)
        last, calls = names.calls(forest)
        tables = from_ast.syntax(forest, last) | from_ast.literals(forest)
        tables |= from_ast.fields(forest) | calls
        tables |= definitions.definitions(forest, starts) | definitions.parameters(forest)
        tables |= definitions.imports(forest) | definitions.decorators(forest)
        tables |= names.references(forest, scopes) | names.variables(forest, scopes, starts)
        tables |= names.bases(forest) | comments.comment_table(forest, self._comments)
        tables = self._without_guesses(tables, forest, scopes)
        return tables | {table_name(FileProblem): trouble_table(self._problems)}

    def _without_guesses(
        self, tables: dict[str, pa.Table], forest: Forest, scopes: Scopes
    ) -> dict[str, pa.Table]:
        """The tables without what a broken region may have made wrong."""
        broken = np.array(self._broken, np.bool_)
        found = scopes.found
        doubtful = broken[forest.file[scopes.uses]]
        kept = (found >= 0) & (np.append(scopes.declares, -1)[found] == NAMED)
        references = tables[table_name(Reference)]
        how = references["how"].combine_chunks()
        unknown = names.HOW.index("unknown")
        codes = np.where(doubtful, unknown, how.indices.to_numpy())
        declared = references["declared"].combine_chunks()
        guessed = doubtful & ~kept | declared.is_null().to_numpy(zero_copy_only=False)
        columns = {
            "how": coded(codes, how.dictionary),
            "declared": optional(declared.fill_null(0).to_numpy(), guessed),
        }
        for name, column in columns.items():
            at = references.schema.get_field_index(name)
            references = references.set_column(at, references.schema.field(at), column)
        ordinals = np.array([text.ordinal for text in self._texts], np.int32)[broken]
        whole = {table_name(s): tables[table_name(s)] for s in (Variable, Capture)}
        for name, table in whole.items():
            whole[name] = table.filter(~np.isin(table["file"].to_numpy(), ordinals))
        return tables | whole | {table_name(Reference): references}


def _is_binary(content: bytes) -> bool:
    """Whether so much is control characters that what looks like names would mean nothing."""
    controls = len(content) - len(content.translate(None, _CONTROLS))
    return controls > FEW_CONTROLS and controls > len(content) * MAX_CONTROLS


def _readable(utf8: bytes) -> bytes:
    """The text at the same offsets, with line ends that the grammar knows and no NUL bytes."""
    text = utf8.replace(b"\0", b" ")
    if b"\\" in text:
        text = _CONTINUED.sub(lambda found: b" " * len(found.group()), text)
    return _LONE_CR.sub(b"\n", text) if b"\r" in text else text


def _suspect(source: Source) -> int | None:
    """The byte of the text where CPython's parser met its error."""
    if source.error is None or not source.error.line:
        return None
    if source.origin is None:
        return source.error.bstart
    return int(np.searchsorted(source.origin, source.error.bstart))


def _outer_first(region: Region) -> tuple[int, int]:
    return region[0], -region[1]


def _line(lines: Offsets, place: int) -> int:
    return max(int(np.searchsorted(lines[1:], place, "right")), 1)


def _positions(lines: Offsets, starts: list[int], ends: list[int]) -> npt.NDArray[np.int32]:
    """(line, column, end line, end column) of each row, in one flat array."""
    parts = []
    for places in (np.array(starts, np.int64), np.array(ends, np.int64)):
        line = np.maximum(np.searchsorted(lines[1:], places, "right"), 1)
        parts += [line, places - lines[line]]
    return np.stack(parts, axis=1).astype(np.int32).reshape(-1)


def _regions(
    regions: list[Region], utf8: bytes, lines: Offsets, origin: Offsets | None
) -> list[FileProblem]:
    """A problem for each outermost region that was not read."""
    found = outermost(regions)
    problems: list[FileProblem] = []
    for start, stop, missing in found[:MAX_REGIONS]:
        text = " ".join(utf8[start:stop][: 4 * SHOWN].decode("utf-8", "replace").split())
        message = f"{missing} is missing" if missing else f"not read: {text[:SHOWN]}"
        line = _line(lines, start)
        if origin is not None:
            start, stop = int(origin[start]), int(origin[stop])
        problems.append(
            trouble(WITNESS, "syntax-region", message, bstart=start, bend=stop, line=line)
        )
    if len(found) > MAX_REGIONS:
        message = f"{len(found) - MAX_REGIONS} more regions were not read"
        problems.append(trouble(WITNESS, "syntax-region", message))
    return problems


EXTRACTOR = Extractor(WITNESS, 1, 20, TABLES, TreeSitterCollector)
