"""The `ast` witness: syntax, names, calls and comments of files that CPython's parser reads."""

import re
import sys
from collections.abc import Sequence
from itertools import chain
from operator import attrgetter

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from codeanatomy.extract import comments, definitions, names
from codeanatomy.extract.columns import coded, constant, located, table
from codeanatomy.extract.decoding import line_starts
from codeanatomy.extract.emission import Emitted, constraint_tables, emit, members
from codeanatomy.extract.flow import Flow
from codeanatomy.extract.forest import CONTEXTS, DEFINITIONS, Forest, Text, kinds
from codeanatomy.extract.scopes import Scopes
from codeanatomy.extract.walker import Columns, visitor
from codeanatomy.extract.witness import Extractor, Source, trouble
from codeanatomy.facts.ids import FIELD, mix
from codeanatomy.facts.schema import structs_of
from codeanatomy.facts.tables import constraints, syntax
from codeanatomy.facts.tables import flow as flowing
from codeanatomy.facts.tables import names as naming

WITNESS = "ast"
# Frames of the walk, one per level of the tree; they take no C stack.
WALK_DEPTH = 10_000
LITERAL_LIMIT = 200
_LONG = 10**4300  # what Python writes out by default
TABLES = (*structs_of(syntax), *structs_of(naming), *structs_of(flowing), *structs_of(constraints))
_POSITION = attrgetter("lineno", "col_offset", "end_lineno", "end_col_offset")
_LAST_WORD = re.compile(rb"[\w\x80-\xff]+\Z")
_LITERAL = kinds("Constant")
_ATTRIBUTE = kinds("Attribute")
_SYNTAX = ~(DEFINITIONS | _LITERAL | kinds("arg", "alias"))
_TYPES = (str, bytes, int, float, complex, bool, type(None), type(...))
_TYPE_NAMES = (*(kind.__name__ for kind in _TYPES[:-2]), "None", "Ellipsis")
_TYPE_OF = {kind: number for number, kind in enumerate(_TYPES)}


class AstCollector:
    """Walks one file after the other into columns, and makes the tables of the batch from them."""

    def __init__(self) -> None:
        self._columns = Columns()
        self._visit = visitor(self._columns)
        self._texts: list[Text] = []
        self._counts: list[int] = []
        self._positions: list[npt.NDArray[np.int32]] = []
        self._emitted: list[tuple[int, Emitted]] = []

    def add(self, ordinal: int, source: Source) -> bool:
        """True when the file has a tree that could be walked."""
        if source.tree is None:
            return False
        columns = self._columns
        mark = columns.mark()
        before = sys.getrecursionlimit()
        sys.setrecursionlimit(max(before, WALK_DEPTH))
        try:
            self._visit(source.tree)
            self._emitted.append((ordinal, emit(source.tree)))
        except RecursionError:
            columns.undo(mark)
            message = "nested more deeply than the walker can follow"
            source.tree, source.error = None, trouble(WITNESS, "too-deep", message)
            return False
        finally:
            sys.setrecursionlimit(before)
        places = chain.from_iterable(map(_POSITION, columns.nodes))
        self._positions.append(np.fromiter(places, np.int32, 4 * len(columns.nodes)))
        self._counts.append(len(columns.nodes))
        columns.nodes.clear()
        lines = line_starts(source.utf8)
        self._texts.append(Text(ordinal, source.utf8, source.origin, lines))
        return True

    def finish(self) -> dict[str, pa.Table]:
        """The tables of `TABLES`."""
        forest = self.forest()
        return self.tables(forest, Scopes(forest)) | comments.comments(forest)

    def tables(self, forest: Forest, scopes: Scopes) -> dict[str, pa.Table]:
        """All tables but that of comments."""
        starts = definitions.name_starts(forest)
        last, calls = names.calls(forest)
        flow = evaluated(forest, scopes)
        tables = nodes(forest, last, flow) | literals(forest, flow) | fields(forest) | calls
        tables |= flow.tables() | definitions.definitions(forest, starts, flow)
        tables |= definitions.parameters(forest)
        tables |= definitions.imports(forest) | definitions.decorators(forest)
        tables |= names.references(forest, scopes) | names.variables(forest, scopes, starts)
        tables |= names.bases(forest) | names.members(forest, *members(self._emitted))
        # rows count through the batch: no file starts anew
        return tables | constraint_tables(self._emitted, forest.key)

    def forest(self, broken: Sequence[bool] = ()) -> Forest:
        """The files added so far as arrays over their rows; `broken` as in `Forest`, else none."""
        flags = np.array(broken or [False] * len(self._texts), np.bool_)
        return Forest(self._columns, self._texts, self._counts, self._positions, flags)


def evaluated(forest: Forest, scopes: Scopes) -> Flow:
    """The flow of the batch; branches take up to four frames for a level of the tree."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, 4 * WALK_DEPTH))
    try:
        return Flow(forest, scopes)
    finally:
        sys.setrecursionlimit(before)


def nodes(forest: Forest, last_names: npt.NDArray[np.int32], flow: Flow) -> dict[str, pa.Table]:
    """The syntax table; `last_names` are codes of the callees' last names at the rows of calls."""
    rows = forest.rows(_SYNTAX)
    imports = kinds("ImportFrom")[forest.kind[rows]]
    called = kinds("Call")[forest.kind[rows]]
    name = np.where(imports, -1, np.where(called, last_names[rows], forest.text[rows]))
    columns = located(forest, rows) | flow.columns(rows)
    columns |= {
        "name": coded(name, forest.names.words()),
        "context": coded(forest.context[rows].astype(np.int32), CONTEXTS),
    }
    return table(syntax.Syntax, columns)


def literals(forest: Forest, flow: Flow) -> dict[str, pa.Table]:
    """The literal table."""
    rows = forest.rows(_LITERAL)
    values = forest.columns.values
    types = np.fromiter(map(_TYPE_OF.__getitem__, map(type, values)), np.int32, len(values))
    columns = located(forest, rows) | flow.columns(rows)
    columns |= {"type": coded(types, _TYPE_NAMES), "value": _shown(values)}
    return table(syntax.Literal, columns)


def fields(forest: Forest) -> dict[str, pa.Table]:
    """The field table: the last name of each attribute access."""
    rows = forest.rows(_ATTRIBUTE)
    keys = forest.key[rows]
    codes, end = forest.text[rows], forest.end[rows]
    start = end - forest.names.lengths()[codes]
    for i in forest.respelled(rows, codes, start, end):
        word = _LAST_WORD.search(forest.slice(int(rows[i])))
        start[i] = end[i] - len(word.group()) if word else start[i]
    columns = located(forest, rows) | {
        "node": mix(keys, FIELD),
        "parent": keys,
        "construct": constant("Field", len(rows)),
        "role": constant("Attribute.attr", len(rows)),
        "position": np.ones(len(rows), np.int32),
        "bstart": forest.places[start],
        "line": forest.last_line[rows],
        "name": coded(codes, forest.names.words()),
    }
    return table(syntax.Field, columns)


def _shown(values: list[object]) -> list[str]:
    """repr of each constant, at most 200 characters; integers too long for it in hexadecimal."""
    try:
        shown = list(map(repr, values))
    except ValueError:  # more digits than Python is willing to write
        shown = [hex(v) if isinstance(v, int) and abs(v) >= _LONG else repr(v) for v in values]
    return [text[:LITERAL_LIMIT] for text in shown]


EXTRACTOR = Extractor(WITNESS, 1, 10, TABLES, AstCollector)
