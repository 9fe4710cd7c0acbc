"""A finished graph, opened for questions: one pinned snapshot that no later build changes."""

import contextlib
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path

import msgspec
import pyarrow as pa

from codeanatomy.cpg.artifacts import ARTIFACTS
from codeanatomy.cpg.kinds import COLUMNS
from codeanatomy.engine.manifest import Snapshot
from codeanatomy.engine.store import Store
from codeanatomy.facts.errors import StoreError, UsageError, nearest
from codeanatomy.facts.ids import Ids
from codeanatomy.query import at, explain
from codeanatomy.query import slice as slices
from codeanatomy.query.about import About, facts_of, stated
from codeanatomy.query.resolve_name import Symbol, UnknownNameError, ends_as, resolve
from codeanatomy.query.tables import Tables, id_table, question_sql, quoted
from codeanatomy.query.walk import bodies, ids_of, sure, unresolved_calls, walk
from codeanatomy.sources.walk import Changes, changes

FOLDER = ".codeanatomy"


def open_graph(folder: str | Path) -> "Graph":
    """The newest graph in a store, or in the `.codeanatomy` of a repository."""
    path = Path(folder)
    inside = path / FOLDER
    return Graph(inside if inside.is_dir() else path)


def nearest_store(start: Path) -> Path:
    """The `.codeanatomy` of the folder or the nearest above it. StoreError when there is none."""
    start = start.resolve()
    for folder in (start, *start.parents):
        if (folder / FOLDER).is_dir():
            return folder / FOLDER
    raise StoreError(
        f"no graph in {start} or above it; run `codeanatomy build` first, or name one with --graph"
    )


class Graph(contextlib.ExitStack):
    """Questions about one snapshot. Answers are Arrow tables that carry a statement about
    themselves (`query.about.about_of`). Close it, or use it in a `with`, to let the snapshot go."""

    def __init__(self, store: Path) -> None:
        super().__init__()
        self.store = store.resolve()
        self.snapshot: Snapshot = self.enter_context(Store(self.store).open().pin())
        self.facts = facts_of(self.snapshot)
        self._tables = Tables(self.snapshot)  # for look-ups

    @property
    def nodes(self) -> pa.Table:
        """All nodes with their places (`cpg_nodes`), in the order of their ids."""
        return self._whole.sql("SELECT * FROM cpg_nodes ORDER BY node_id")

    @property
    def edges(self) -> pa.Table:
        """All edges with their places (`cpg_edges`), in the order of their ends."""
        return self._whole.sql("SELECT * FROM cpg_edges ORDER BY src, kind, dst, ordinal")

    def sql(self, text: str, *, limit: int | None = None) -> pa.Table:
        """Rows of one read-only statement over the public views. UsageError when it is refused."""
        rows, scans = self._whole.ask(text)
        return stated(rows, msgspec.structs.replace(self.statement(), scans=str(scans)), limit)

    def listed(self, question: str, *, limit: int | None = None) -> pa.Table:
        """Rows of a query in `sql/questions` that reads the public views only, as `sql` gives."""
        return self.sql(question_sql(question), limit=limit)

    def artifact(self, name: str, *, limit: int | None = None) -> pa.Table:
        """Rows of an artifact (`cpg.artifacts`). UsageError for a graph of an older version."""
        found = ARTIFACTS[name]
        if found.table not in self.snapshot.tables:
            raise UsageError("this graph is of an older version; run `codeanatomy build` again")
        return self.sql(found.sql, limit=limit)

    def callers(
        self, name: str, *, depth: int = 1, certain: bool = False, limit: int | None = None
    ) -> pa.Table:
        """Call sites of NAME and, from depth 2 on, of what calls it."""
        self.facts.needs("CALL")
        found = self.resolve(name)
        rows = walk(self._tables, found, into=True, depth=depth, certain=certain)
        missed = self._unresolved_named(_last(found), ("call",))
        return self._answer(rows, missed, f"call sites of that name ({_last(found)})", limit)

    def callees(
        self, name: str, *, depth: int = 1, certain: bool = False, limit: int | None = None
    ) -> pa.Table:
        """Calls made by NAME (a class or module: by all its code) and, from depth 2 on, by what it
        calls."""
        self.facts.needs("CALL")
        found = self.resolve(name)
        rows = walk(self._tables, found, into=False, depth=depth, certain=certain)
        missed = unresolved_calls(self._tables, "container", bodies(self._tables, found))
        return self._answer(rows, missed, f"call sites in {found[0].qualified_name}", limit)

    def defs(self, name: str, *, limit: int | None = None) -> pa.Table:
        """Where NAME is defined: definitions, variables, parameters, external symbols."""
        found = self.resolve(name, variables=True)
        rows = self._tables.asked("definitions", {"asked": id_table(ids_of(found))})
        missed = self._unresolved_named(_last(found), ())
        return self._answer(rows, missed, f"sites of that name ({_last(found)})", limit)

    def refs(self, name: str, *, certain: bool = False, limit: int | None = None) -> pa.Table:
        """Names, attributes and imports that mean NAME."""
        self.facts.needs("REF")
        found = self.resolve(name, variables=True)
        given = {"asked": id_table(ids_of(found))}
        rows = self._tables.asked("references", given, kept=sure(certain))
        missed = self._unresolved_named(_last(found), ("name", "attribute", "import"))
        return self._answer(rows, missed, f"uses of that name ({_last(found)})", limit)

    def at(
        self, path: str, line: int, column: int | None = None, *, limit: int | None = None
    ) -> pa.Table:
        """What stands at a line, or at a line and column (both from 1), and what it means."""
        rows = at.at(self._tables, self._relative(path), line, column)
        reasons = [reason for reason in rows["reason"].to_pylist() if reason]
        return self._answer(rows, len(reasons), "sites among them", limit)

    def slice(
        self,
        path: str,
        line: int,
        *,
        forward: bool = False,
        certain: bool = False,
        depth: int = 1,
        limit: int | None = None,
    ) -> pa.Table:
        """Statements that those on a line depend on, or (forward) that depend on them: through
        variables, through what decides whether they run, and through `depth` calls."""
        self.facts.needs("REACHING_DEF", "CDG", "CALL", "PARAMETER_LINK")
        file_id = at.file_of(self._tables, self._relative(path))[0]
        seeds = self._tables.asked("starting", {}, file_id=file_id, line=line)
        if not seeds.num_rows:
            place = f"{path}:{line}"
            raise UsageError(f"no statement begins at {place}; see `codeanatomy at {place}`")
        steps, cut = slices.taken(
            self._tables, seeds, seeds[:0], depth=depth, forward=forward, certain=certain
        )
        first = self._tables.asked("first", {"taken": steps})
        rows = slices.placed(self._tables, first, "path, bstart, bend")
        return self._sliced(rows, steps, "call sites in the slice", cut, limit)

    def path(
        self,
        source: str | Sequence[str],
        sink: str | Sequence[str],
        *,
        sanitizers: Sequence[str] = (),
        known_only: bool = False,
        certain: bool = False,
        depth: int = 3,
        limit: int | None = None,
    ) -> pa.Table:
        """Ways of data from the statements that use SOURCE to those that use SINK, one for each of
        these; none through a statement that uses a sanitizer. `known_only` leaves out names that
        are not in the graph, or not of one thing."""
        self.facts.needs("REACHING_DEF", "CALL", "PARAMETER_LINK", "REF")
        seeds, goals, stop = (self._using(x, known_only) for x in (source, sink, sanitizers))
        steps, cut = slices.taken(
            self._tables, seeds, stop, depth=depth, forward=True, certain=certain, control=False
        )
        ways = self._tables.asked("ways", {"taken": steps, "goals": goals})
        rows = slices.placed(self._tables, ways, "way, step", "way, step,")
        led = steps.slice(steps["why"].to_pylist().count("start"))
        return self._sliced(rows, led, "call sites that the data may reach", cut, limit)

    def explain_edge(
        self, source: str, target: str, *, kind: str = "", limit: int | None = None
    ) -> tuple[list[explain.Explained], About]:
        """Why the edges from SOURCE, or what it evaluates, to TARGET are believed. Each is a
        name or FILE:LINE. UsageError where there is none, with what may be missing."""
        kinds = {*COLUMNS, *(relation.kind for relation in self.facts.relations)}
        if not self.facts.relations:
            raise UsageError("this graph is of an older version; run `codeanatomy build` again")
        if kind and kind not in kinds:
            raise UsageError(f"this graph has no {kind!r} edges{nearest(kind, kinds)}")
        starts, near = self._meant(source)
        edges = explain.between(self._tables, starts, self._meant(target)[0], near, kind)
        if not edges.num_rows:
            raise explain.unexplained(self._tables, source, target, near)
        told = explain.explain_edges(self._tables, edges.slice(0, limit), self.facts.relations)
        about = {"rows": edges.num_rows, "shown": len(told)}
        return told, msgspec.structs.replace(self.statement(), **about)

    def explain_node(self, name: str) -> list[explain.ExplainedNode]:
        """What is known of the nodes that NAME means, and from whom."""
        return explain.explain_nodes(self._tables, ids_of(self.resolve(name, variables=True)))

    def tables(self) -> pa.Table:
        """The stored tables: rows, content hash and bytes of each."""
        stored = sorted(self.snapshot.tables.items())
        rows = [(name, t.rows, t.content_hash, t.bytes) for name, t in stored]
        names = ("table", "rows", "content_hash", "bytes")
        return pa.table(dict(zip(names, zip(*rows, strict=True), strict=True)))

    def package(self) -> pa.Table:
        """What the graph was made from: its id, and the fingerprint of each part."""
        found = self.facts.package
        if found is None:
            raise UsageError("this graph is of an older version; run `codeanatomy build` again")
        made = msgspec.structs.replace(found, contents=self.snapshot.contents())
        parts = {"id": made.id, **msgspec.to_builtins(found), **made.contents}
        del parts["contents"]
        rows = [{"part": part, "fingerprint": value} for part, value in parts.items()]
        return stated(pa.Table.from_pylist(rows), self.statement(), None)

    def schema(self, *, limit: int | None = None) -> pa.Table:
        """Columns of all public views and stored tables, with what they mean."""
        return stated(self._tables.described(), self.statement(), limit)

    def callgraph(self, *, certain: bool = False) -> dict[str, list[str]]:
        """{caller: [callees]} in the conventions of the public benchmarks, all sorted.

        A module's body is named as the module; class bodies and comprehensions belong to the scope
        around them; `#n` is dropped; calling a class is an edge to its `__init__` and none to
        itself; builtins are `<builtin>.len`, methods of literals `<str>.join`, external things keep
        their import path. A decorator is a call of the scope that holds the definition, save those
        that only mark a method.
        """
        self.facts.needs("CALL")
        rows = self._whole.asked("callgraph", {}, kept=sure(certain))
        return dict(zip(*rows.to_pydict().values(), strict=True))

    def resolve(self, name: str, *, variables: bool = False) -> list[Symbol]:
        """The nodes that NAME means; UnknownNameError lists candidates or near names."""
        return resolve(self._tables, name, variables=variables)

    def freshness(self) -> Changes:
        """Which files changed since the snapshot; scans and hashes the repository."""
        files = self._tables.sql("SELECT path, content FROM files")
        recorded = dict(zip(*files.to_pydict().values(), strict=True))
        folder, kept = self.facts.folder(self.store), msgspec.structs.asdict(self.facts.scope)
        return changes(folder, recorded, **kept, out=self.store)

    def statement(self) -> About:
        """What is true of the whole graph: its snapshot, ref, and doubtful call sites."""
        of, sites = self.facts, self.facts.call_sites
        at = (self.snapshot.id, of.ref, of.commit, of.dirty)
        if sites is None:
            return About(*at, 0, 0, "call sites: it was built without CALL edges")
        return About(*at, sites.possible, sites.unresolved, "call sites in the graph")

    @cached_property
    def _whole(self) -> Tables:
        """The same tables, for questions that may read all of them."""
        return Tables(self.snapshot, partitions=2)

    def _answer(self, rows: pa.Table, missed: int, concerns: str, limit: int | None) -> pa.Table:
        named = "certainty" in rows.schema.names
        possible = rows["certainty"].to_pylist().count("possible") if named else 0
        told = {"possible": possible, "unresolved": missed, "concerns": concerns}
        return stated(rows, msgspec.structs.replace(self.statement(), **told), limit)

    def _meant(self, named: str) -> tuple[Ids, Ids]:
        """The nodes of a name or at FILE:LINE, and the METHODs that they are."""
        path, _, line = named.rpartition(":")
        if line.isdecimal():
            found = explain.starting_at(self._tables, self._relative(path), int(line))
            return found, found
        symbols = self.resolve(named, variables=True)
        return ids_of(symbols), bodies(self._tables, symbols)

    def _using(self, names: str | Sequence[str], known_only: bool) -> pa.Table:
        """The statements that use what has one of these names."""
        found: list[Symbol] = []
        for name in [names] if isinstance(names, str) else names:
            with contextlib.suppress(*[UnknownNameError] * known_only):
                found += self.resolve(name)
        return self._tables.asked("using", {"asked": id_table(ids_of(found))})

    def _sliced(
        self, rows: pa.Table, steps: pa.Table, concerns: str, cut: bool, limit: int | None
    ) -> pa.Table:
        missed = unresolved_calls(self._tables, "statement", steps["id"].to_numpy())
        more = f", of which more than {slices.MOST:,} statements are not followed" if cut else ""
        return self._answer(rows, missed, concerns + more, limit)

    def _unresolved_named(self, last: str, what: Sequence[str]) -> int:
        """Unresolved sites whose text is the name, or ends with it after a dot."""
        asked = f"what IN ({quoted(*what)})" if what else "true"
        words = {"named": ends_as("text", last, "."), "asked": asked}
        return int(self._tables.asked("named_missed", {}, **words)["sites"][0].as_py())

    def _relative(self, path: str) -> str:
        """The path as the graph names files: POSIX, relative to the repository."""
        given, folder = Path(path), self.facts.folder(self.store)
        full = Path.cwd() / given
        if full.exists() and full.resolve().is_relative_to(folder):
            return full.resolve().relative_to(folder).as_posix()
        return given.as_posix()


def _last(found: list[Symbol]) -> str:
    """The name by which code calls the symbol: a class's for its `__init__`."""
    parts = [part.partition("#")[0] for part in found[0].qualified_name.split(".")]
    return parts[-2] if parts[-1] == "__init__" and len(parts) > 1 else parts[-1]
