"""The `ast` witness: syntax, names, calls and comments of files that CPython's parser reads."""

import re
from collections.abc import Sequence
from itertools import chain
from operator import attrgetter

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from codeanatomy.extract import names
from codeanatomy.extract.columns import Column, coded, constant, interned, located, table
from codeanatomy.extract.comments import TOKENS, comments
from codeanatomy.extract.decoding import line_starts
from codeanatomy.extract.emission import constraint_tables, emit, members
from codeanatomy.extract.emission.state import Emitted
from codeanatomy.extract.flow import Flow
from codeanatomy.extract.forest import (
    CONTEXTS,
    DEFINITIONS,
    FUNCTIONS,
    Forest,
    Ints,
    Text,
    kinds,
    ordinals,
    roles,
)
from codeanatomy.extract.parse import deep
from codeanatomy.extract.scopes import Scopes
from codeanatomy.extract.walker import Columns, visitor
from codeanatomy.extract.witness import Extractor, Source, Wanted, evidence_schema
from codeanatomy.facts.ids import ANNOTATION, EXIT, FIELD, mix
from codeanatomy.facts.schema import structs_of, table_name
from codeanatomy.facts.tables import constraints, syntax
from codeanatomy.facts.tables import flow as flowing
from codeanatomy.facts.tables import names as naming

WITNESS = "ast"
# Frames of the walks, up to four for a level of the tree; they take no C stack.
WALK_DEPTH = 40_000
LITERAL_LIMIT = 200
_LONG = 10**4300  # what Python writes out by default
TABLES = (*structs_of(syntax), *structs_of(naming), *structs_of(flowing), *structs_of(constraints))
EVERYTHING = {table_name(s): frozenset(s.__struct_fields__) for s in TABLES}
_EMITTED = {*map(table_name, structs_of(constraints)), table_name(syntax.Member)}
_FLOW = {*map(table_name, structs_of(flowing))}
_DOMINATORS = {"dominator", "post_dominator"}
_POSITION = attrgetter("lineno", "col_offset", "end_lineno", "end_col_offset")
DOCSTRING_LIMIT = 20_000
SIGNATURE_LIMIT = 500
_BEFORE_NAME = re.compile(rb"(?:async(?:\s|\\)+)?(?:def|class)(?:\s|\\)+")
_TOKENS = re.compile(
    rb"(?P<open>[(\[{]) | (?P<close>[)\]}]) | (?P<colon>:) | " + TOKENS.pattern, TOKENS.flags
)
_NESTED = re.compile(rb"[(\[{#'\"]")
_PASSING = ("positional_only", "positional", "vararg", "keyword_only", "kwarg")
_PASSED_AS = ("posonlyargs", "args", "vararg", "kwonlyargs", "kwarg")
_LAST_WORD = re.compile(rb"[\w\x80-\xff]+\Z")
_LITERAL = kinds("Constant")
_ATTRIBUTE = kinds("Attribute")
_SYNTAX = ~(DEFINITIONS | _LITERAL | kinds("arg", "alias"))
_TYPES = (str, bytes, int, float, complex, bool, type(None), type(...))
_TYPE_NAMES = (*(kind.__name__ for kind in _TYPES[:-2]), "None", "Ellipsis")
_TYPE_OF = {kind: number for number, kind in enumerate(_TYPES)}


class AstCollector:
    """Walks one file after the other into columns, and makes the tables of the batch from them."""

    def __init__(self, wanted: Wanted = EVERYTHING) -> None:
        self._emits = not _EMITTED.isdisjoint(wanted)
        columns = frozenset().union(*wanted.values())
        self._flows = not (_FLOW.isdisjoint(wanted) and _DOMINATORS.isdisjoint(columns))
        self._columns = Columns()
        self._visit = visitor(self._columns)
        self._texts: list[Text] = []
        self._emitted: list[tuple[int, Emitted]] = []

    def add(self, ordinal: int, source: Source) -> bool:
        """True when the file has a tree. RecursionError for one that is too deep to be walked."""
        if source.tree is None:
            return False
        with deep(WALK_DEPTH):
            self._visit(source.tree)
            if self._emits:
                self._emitted.append((ordinal, emit(source.tree)))
        nodes = self._columns.nodes
        places = chain.from_iterable(map(_POSITION, nodes))
        positions = np.fromiter(places, np.int32, 4 * len(nodes)).reshape(-1, 4)
        nodes.clear()
        lines = line_starts(source.utf8)
        self._texts.append(Text(ordinal, source.utf8, source.origin, lines, positions))
        return True

    def finish(self, broken: Sequence[bool] = ()) -> dict[str, pa.Table]:
        """The tables of `TABLES`; `broken` as in `forest`."""
        forest = self.forest(broken)
        scopes, starts = Scopes(forest), name_starts(forest)
        last, calls = names.calls(forest)
        with deep(WALK_DEPTH):
            flow = Flow(forest, scopes) if self._flows else None
        tables = {table_name(s): evidence_schema(s).empty_table() for s in structs_of(flowing)}
        tables |= flow.tables() if flow else {}
        tables |= nodes(forest, last, flow) | literals(forest, flow) | fields(forest) | calls
        tables |= definitions(forest, starts, flow) | parameters(forest)
        tables |= imports(forest) | decorators(forest)
        tables |= names.references(forest, scopes) | names.variables(forest, scopes, starts)
        tables |= (
            comments(forest) | names.bases(forest) | names.members(forest, *members(self._emitted))
        )
        # rows count through the batch: no file starts anew
        return tables | constraint_tables(self._emitted, forest.key)

    def forest(self, broken: Sequence[bool] = ()) -> Forest:
        """The files added so far as arrays over their rows; `broken` as in `Forest`, else none."""
        flags = np.array(broken or [False] * len(self._texts), np.bool_)
        return Forest(self._columns, self._texts, flags)


def nodes(
    forest: Forest, last_names: npt.NDArray[np.int32], flow: Flow | None
) -> dict[str, pa.Table]:
    """The syntax table; `last_names` are codes of the callees' last names at the rows of calls."""
    rows = forest.rows(_SYNTAX)
    imports = kinds("ImportFrom")[forest.kind[rows]]
    called = kinds("Call")[forest.kind[rows]]
    name = np.where(imports, -1, np.where(called, last_names[rows], forest.text[rows]))
    columns = _evaluated(forest, rows, flow)
    columns |= {
        "name": coded(name, forest.names.words()),
        "context": coded(forest.context[rows].astype(np.int32), CONTEXTS),
    }
    return table(syntax.Syntax, columns)


def literals(forest: Forest, flow: Flow | None) -> dict[str, pa.Table]:
    """The literal table."""
    rows = forest.rows(_LITERAL)
    values = forest.columns.values
    types = np.fromiter(map(_TYPE_OF.__getitem__, map(type, values)), np.int32, len(values))
    columns = _evaluated(forest, rows, flow)
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


def name_starts(forest: Forest) -> Ints:
    """For every definition, where its name stands in the text (where it starts if it has none)."""
    rows = forest.definitions
    named = np.flatnonzero(kinds("FunctionDef", "AsyncFunctionDef", "ClassDef")[forest.kind[rows]])
    starts = forest.start[rows]
    starts[named] = [
        found.end() if (found := _BEFORE_NAME.match(forest.source, start)) else start
        for start in starts[named].tolist()
    ]
    return starts


def definitions(forest: Forest, names: Ints, flow: Flow | None) -> dict[str, pa.Table]:
    """The definition table; `names` as from `name_starts`."""
    rows = forest.definitions
    kind = forest.kind[rows]
    generators = np.zeros(len(rows), np.bool_)
    yields = forest.rows(kinds("Yield", "YieldFrom"))
    generators[forest.definition[forest.scope[yields]]] = True
    docs = [d if d is None else d[:DOCSTRING_LIMIT] for d in forest.columns.docstrings]
    own = [q.rpartition(".")[2].partition("#")[0] for q in forest.qualnames]
    columns = _evaluated(forest, rows, flow)
    columns |= {
        "name": interned(own),
        "qualname": forest.qualnames,
        "body": forest.definition_bodies,
        "exit": mix(forest.definition_bodies, EXIT),
        "asynchronous": kinds("AsyncFunctionDef")[kind],
        "generator": generators & ~kinds("Module", "ClassDef")[kind],
        "signature": _signatures(forest, names),
        "docstring": docs,
        "name_bstart": forest.places[names],
    }
    if flow:
        columns["exit_dominator"] = flow.exit_dominators()
    return table(syntax.Definition, columns)


def parameters(forest: Forest) -> dict[str, pa.Table]:
    """The parameter table."""
    rows = forest.rows(kinds("arg"))
    passing = np.argmax([roles("." + field) for field in _PASSED_AS], axis=0)
    functions = forest.parent[rows]
    columns = located(forest, rows) | {
        "position": ordinals(functions),
        "name": coded(forest.text[rows], forest.names.words()),
        "function": forest.key[functions],
        "passing": coded(passing[forest.role[rows]], _PASSING),
    }
    return table(syntax.Parameter, columns)


def imports(forest: Forest) -> dict[str, pa.Table]:
    """The import_alias table."""
    rows, names = forest.rows(kinds("alias")), forest.names.words()
    statements = forest.parent[rows]
    plain = kinds("Import")[forest.kind[statements]]
    written = forest.text[rows]
    levels = np.zeros(forest.size, np.int32)
    levels[forest.rows(kinds("ImportFrom"))] = forest.columns.levels
    # `from . import a` has no module
    module = np.where(plain, written, forest.text[statements])
    columns = located(forest, rows) | {
        "name": coded(np.where(forest.bound[rows] < 0, written, forest.bound[rows]), names),
        "module": coded(np.where(module < 0, forest.no_name, module), names),
        "level": levels[statements],
        "imported": coded(np.where(plain, -1, written), names),
        "statement": forest.key[statements],
        "renamed": np.array([r is not None for r in forest.columns.renames], np.bool_),
    }
    return table(syntax.ImportAlias, columns)


def decorators(forest: Forest) -> dict[str, pa.Table]:
    """The decorator table."""
    rows = forest.rows_in(roles(".decorator_list"))
    columns = located(forest, rows) | {
        "node": mix(forest.key[rows], ANNOTATION),
        "construct": constant("Decorator", len(rows)),
        "name": interned(forest.columns.decorators),
        "decorated": forest.key[forest.parent[rows]],
    }
    return table(syntax.Decorator, columns)


def _evaluated(forest: Forest, rows: Ints, flow: Flow | None) -> dict[str, Column]:
    """Where the rows stand, and what the flow says of them where anybody reads that."""
    return located(forest, rows) | (flow.columns(rows) if flow else {})


def _signatures(forest: Forest, names: Ints) -> list[str | None]:
    """Parameters as written, on one line, and ` -> annotation`; None where there are none."""
    returned = forest.rows_in(roles(".returns"))
    returns = dict(zip(forest.parent[returned].tolist(), returned.tolist(), strict=True))
    lengths = forest.names.lengths()
    lengths[-1] = len("lambda")
    rows = forest.definitions
    found: list[str | None] = [None] * len(rows)
    after = (names + lengths[forest.text[rows]]).tolist()
    bodies = forest.start[np.minimum(forest.body_row, forest.size - 1)].tolist()
    is_lambda = kinds("Lambda")[forest.kind[rows]]
    for number in np.flatnonzero(FUNCTIONS[forest.kind[rows]]).tolist():
        header = forest.source[after[number] : bodies[number]]
        text = _parameters(header, is_lambda[number])
        if row := returns.get(int(rows[number])):
            text += " -> " + _one_line(forest.slice(row))
        found[number] = text[:SIGNATURE_LIMIT]
    return found


def _parameters(header: bytes, is_lambda: bool) -> str:
    """The parameters in a header (from after the name), in parentheses; type parameters skipped."""
    first, last, depth = 0, header.find(b")") + 1, 0
    if is_lambda or not header.startswith(b"(") or _NESTED.search(header, 1, last):
        for token in _TOKENS.finditer(header):
            if token.lastgroup == "open":
                first = first if depth or is_lambda else token.start()
                depth += 1
            elif token.lastgroup == "close":
                depth -= 1
                if not depth and token[0] == b")" and not is_lambda:
                    last = token.end()
                    break
            elif token.lastgroup == "colon" and is_lambda and not depth:
                last = token.start()
    text = _one_line(header[first:last])
    return f"({text})" if is_lambda else text


def _one_line(text: bytes) -> str:
    """The text without comments and with single spaces."""
    if b"#" in text:
        text = _TOKENS.sub(lambda t: b" " if t.lastgroup == "comment" else t.group(), text)
    return " ".join(text.replace(b"\\\n", b" ").decode("utf-8", "replace").split())


def _shown(values: list[object]) -> list[str]:
    """repr of each constant, at most 200 characters; integers too long for it in hexadecimal."""
    try:
        shown = list(map(repr, values))
    except ValueError:  # more digits than Python is willing to write
        shown = [hex(v) if isinstance(v, int) and abs(v) >= _LONG else repr(v) for v in values]
    return [text[:LITERAL_LIMIT] for text in shown]


EXTRACTOR = Extractor(WITNESS, 1, 10, TABLES, AstCollector)
