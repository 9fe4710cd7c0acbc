"""Reading the tables of one snapshot: a session that opens only what a question, ours or a user's,
names.

Stored tables hold ids and spans apart, so that a thing that only moved changes one table; the views
join them again. One file each in `sql/`: what a row says on its first line, then the query. Our own
queries of many lines stand in `sql/questions/` in the same form.

Ids are clustered by file and the tables sorted by id, so a lookup of few ids (`among`) states the
ranges they lie in: row groups outside them are never read.
"""

import difflib
import re
from collections.abc import Mapping
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
from datafusion import SQLOptions

from codeanatomy.cpg.kinds import COLUMNS, EDGE_KINDS
from codeanatomy.engine.border import engine_errors
from codeanatomy.engine.manifest import Snapshot, decoded, schema_of
from codeanatomy.engine.pruning import Pruning, pruning
from codeanatomy.engine.session import register, session
from codeanatomy.facts.errors import EngineError, UsageError
from codeanatomy.facts.ids import LOW_BITS, Ids, distinct, hash_text, sql_mix
from codeanatomy.facts.schema import DOC, GROUP
from codeanatomy.planning.workload import PROFILES, QUERY

READ_ONLY = SQLOptions().with_allow_ddl(False).with_allow_dml(False).with_allow_statements(False)
MOST_RANGES = 48  # more ranges than this cost more to test than the row groups they skip
_SQL = Path(__file__).with_name("sql")
_WORD = re.compile(r"[A-Za-z_]\w*")
_AMONG = re.compile(r"among\((\w+)\.(\w+), (\w+)\.(\w+)\)")
_CATALOGUE = {"show", "describe", "desc", "information_schema"}
_TABLE = re.compile(r"table '(?:datafusion\.public\.)?([^']*)' not found")
_FIELD = re.compile(r"No field named ([^\s]+?)\.?(?:\s|$)")
_FIELDS = re.compile(r'([^ .,"][^.,"]*)"?(?:,|\.?$)')
_REFUSED = re.compile(r"(DDL|DML|Statement) not supported|Unsupported SQL statement")
_LAYERS = re.compile(
    r"^((DataFusion error|Error during planning|Schema error|SQL error|"
    r"This feature is not implemented|Arrow error|Execution error|External error): )+"
)
_VALUE = re.compile(r"Arrow error|Execution error|Cast error|Invalid argument")
_PARSER = re.compile(r'^ParserError\("(.*)"\)$', re.DOTALL)


def question_sql(question: str) -> str:
    """The query of that name in `sql/questions`."""
    return (_SQL / "questions" / f"{question}.sql").read_text("utf-8").partition("\n")[2]


class View(msgspec.Struct, frozen=True):
    """A public view: its name, what a row of it says, and its SQL over stored tables."""

    name: str
    meaning: str
    sql: str


def held_edges(nodes: str = "nodes") -> str:
    """SQL of a query: the edges that nodes hold in columns, as rows of `edges` and `held`."""
    return " UNION ALL ".join(
        f"SELECT '{kind}' AS kind, {column} AS src, node_id AS dst, arrow_cast(0, 'Int32') AS "
        f"ordinal, file_id, node_id AS site, '{origin}' AS origin, 'certain' AS certainty, "
        f"1.0 AS confidence, {trust} AS score, evidence, true AS held "
        f"FROM {nodes} WHERE {column} IS NOT NULL"
        for kind, (column, origin, trust) in COLUMNS.items()
    )


def edges_with_ids(edges: str = "edges", nodes: str = "nodes") -> str:
    """SQL of a query in parentheses: all columns of the edges, `edge_id`, and whether a node holds
    the edge (`held`).

    The recipe is that of `facts.ids.sql_edge_id`, one mix per level: nested, its text would grow
    eightfold with every mix.
    """
    every = f"SELECT *, false AS held FROM {edges} UNION ALL {held_edges(nodes)}"
    kinds = " ".join(f"WHEN '{k.kind}' THEN {hash_text(k.kind)}" for k in EDGE_KINDS)
    hashed = f"SELECT *, CASE kind {kinds} END AS kind_hash FROM ({every})"
    halves = (
        f"SELECT *, {sql_mix('kind_hash', 'src')} AS begins, {sql_mix('dst', 'ordinal')} AS ends "
        f"FROM ({hashed})"
    )
    return f"(SELECT *, {sql_mix('begins', 'ends')} AS edge_id FROM ({halves}))"


def _read(path: Path) -> View:
    meaning, _, sql = path.read_text("utf-8").removeprefix("-- ").partition("\n")
    return View(path.stem, meaning, sql.replace("{edges_with_ids}", edges_with_ids()))


VIEWS = {view.name: view for view in map(_read, sorted(_SQL.glob("*.sql")))}


class Tables:
    """The tables and views of one snapshot; what a query does not name is never opened."""

    def __init__(self, snapshot: Snapshot, partitions: int = 1) -> None:
        """Look-ups of few rows cost least in one partition; whole tables are fastest in two."""
        self.snapshot = snapshot
        self.names = sorted({*snapshot.tables, *VIEWS})
        parts = {"datafusion.execution.target_partitions": partitions}
        self._session = session({**PROFILES[QUERY], **parts})
        self._open: set[str] = set()

    def sql(self, text: str) -> pa.Table:
        """Rows of one of our own queries. UsageError for a graph from before one of its tables."""
        self._need(text)
        with engine_errors("query"):
            try:
                return self._session.sql(text).to_arrow_table()
            except ValueError as error:
                if found := _TABLE.search(str(error)):
                    told = f"this graph is of an older version, without the table {found[1]!r}"
                    raise UsageError(f"{told}; run `codeanatomy build` again") from error
                raise

    def ask(self, text: str) -> tuple[pa.Table, Pruning]:
        """Rows of a user's SQL: one SELECT, WITH, EXPLAIN, SHOW or DESCRIBE; and what its scans
        left unread. UsageError, with what was probably meant, for any other text."""
        self._need(text)
        try:
            frame = self._session.sql(text, options=READ_ONLY)
        except ValueError as error:
            raise UsageError(_explained(self.names, str(error))) from error
        try:
            with engine_errors("query"):
                return frame.to_arrow_table(), pruning(frame.execution_plan())
        except EngineError as error:
            if not _VALUE.search(str(error.__cause__)):
                raise
            raise UsageError(f"the query failed: {_cleaned(str(error.__cause__))}") from error

    def described(self) -> pa.Table:
        """One row per column of every public view and stored table, views first."""
        rows: list[tuple[str, ...]] = []
        for name in sorted(self.names, key=lambda n: (n not in VIEWS, n)):
            self._need(name)
            about = VIEWS[name].meaning if name in VIEWS else "stored table"
            for field in self._session.table(name).schema():
                doc = (field.metadata or {}).get(DOC, b"").decode()
                rows.append((name, field.name, str(field.type), doc, about))
        names = ("table", "column", "type", "meaning", "about")
        return pa.table(dict(zip(names, zip(*rows, strict=True), strict=True)))

    def asked(self, question: str, given: Mapping[str, pa.Table], **words: object) -> pa.Table:
        """Rows of a query in `sql/questions`, which may read given tables, too; the words stand
        for their names in braces. Steps, `name: query;`, make tables that later ones read (no
        view may have their names)."""
        *steps, last = question_sql(question).format(**words).split(";\n")
        held = dict(given)
        for name, _, text in (step.partition(":") for step in steps):
            held[name.strip()] = self.sql_with(held, text)
        return self.sql_with(held, last)

    def sql_with(self, given: Mapping[str, pa.Table], text: str) -> pa.Table:
        """Rows of one of our own queries that also reads the given Arrow tables.

        `among(table.key, given.ids)` stands for the rows of a table whose key is among the ids.
        """

        def ranged(call: re.Match[str]) -> str:
            table, key, name, column = call.groups()
            chosen = f"(SELECT DISTINCT {column} AS id FROM {name}) w"
            # from a list: drop_null imports pyarrow.compute, a third of what the engine takes
            held = [one for one in given[name][column].to_pylist() if one is not None]
            ranges = within(f"k.{key}", np.array(held, np.int64))
            return f"(SELECT k.* FROM {chosen} JOIN {table} k ON k.{key} = w.id WHERE {ranges})"

        with engine_errors("query"):
            for name, table in given.items():
                register(self._session, name, table, partitions=1)
            try:
                return self.sql(_AMONG.sub(ranged, text))
            finally:
                for name in given:
                    self._session.deregister_table(name)

    def _need(self, text: str) -> None:
        words = {word.lower() for word in _WORD.findall(text)}
        meant = set(self.names) if words & _CATALOGUE else words & set(self.names)
        for name in sorted(meant):
            if name in self._open:
                continue
            self._open.add(name)
            if (view := VIEWS.get(name)) is not None:
                self._need(view.sql)
                self._session.register_view(name, self._session.sql(view.sql))
            else:
                directory = f"{self.snapshot.directory(name)}/"
                # texts plain, since coded ones cost the engine up to thirty times more to sort, and
                # no metadata of the table itself: the engine refuses to swap sides that differ
                schema = decoded(schema_of(self.snapshot.tables[name]))
                self._session.register_parquet(name, directory, schema=schema)


def id_table(ids: Ids) -> pa.Table:
    """The ids as a table of one column, `id`."""
    # from a list: pa.array of a numpy array imports numpy.ma, too
    return pa.table({"id": pa.array(ids.tolist(), pa.int64())})


def within(key: str, ids: Ids) -> str:
    """SQL condition of the ranges, one per file, that the ids lie in; `true` when they are many."""
    ids = distinct(ids)
    if not len(ids):
        return "false"
    starts = np.flatnonzero(np.diff(ids >> np.int64(LOW_BITS), prepend=-1))
    if len(starts) > MOST_RANGES:
        return "true"
    ends = np.append(starts[1:], len(ids)) - 1
    # a range of one id is widened: more than 20 equalities would become a list that prunes nothing
    pairs = zip(ids[starts].tolist(), ids[ends].tolist(), strict=True)
    ranges = [f"{key} BETWEEN {low} AND {max(high, low + 1)}" for low, high in pairs]
    return f"({' OR '.join(ranges)})"


def is_id(field: pa.Field) -> bool:
    """Whether a column holds ids of nodes, edges or files."""
    return (field.metadata or {}).get(GROUP) in (b"id", b"file")


def quoted(*texts: str) -> str:
    """The texts as SQL literals, with commas between them."""
    return ", ".join("'" + text.replace("'", "''") + "'" for text in texts)


def _explained(names: list[str], message: str) -> str:
    """The engine's refusal in plain words, with names that were probably meant."""
    if _REFUSED.search(message):
        return "a graph is read-only: only SELECT, WITH, EXPLAIN, SHOW and DESCRIBE can be asked"
    if "single SQL statement" in message:
        return "one statement at a time: the text holds several"
    if "No SQL statements" in message:
        return "the query is empty; try: SELECT kind, count(*) FROM cpg_nodes GROUP BY kind"
    if found := _TABLE.search(message):
        return f"no table {found[1]!r}{_near(found[1], names)}; there are {', '.join(names)}"
    if found := _FIELD.search(message):
        asked = found[1].replace('"', "")
        fields = [*dict.fromkeys(_FIELDS.findall(message.partition("Valid fields are")[2]))]
        there = f"; there are {', '.join(fields)}" if fields else ""
        return f"no column {asked!r}{_near(asked.rpartition('.')[2], fields)}{there}"
    return f"the query cannot be understood: {_cleaned(message)}"


def _cleaned(message: str) -> str:
    """An engine's message without the names of its layers, on one line."""
    message = _LAYERS.sub("", message)
    found = _PARSER.search(message)
    return " ".join((found[1] if found else message).split())


def _near(asked: str, known: list[str]) -> str:
    near = difflib.get_close_matches(asked, known, 1, 0.6)
    return f" (did you mean {near[0]!r}?)" if near else ""
