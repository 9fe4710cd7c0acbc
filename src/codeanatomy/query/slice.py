"""What does a line depend on, what depends on it, and how does data get from here to there?

Inside a function the steps are REACHING_DEF and CDG edges, from statement to statement. Across
functions a parameter gets its value from the statements that call its function, and a call's value
is what the callee returns; the arguments of a call are not told apart.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from codeanatomy.facts.errors import UsageError
from codeanatomy.query.at import source_of
from codeanatomy.query.resolve_name import Symbol
from codeanatomy.query.tables import Tables, id_table
from codeanatomy.query.walk import ids_of, places

# node, other node, why, calls crossed, certainty, confidence
Way = tuple[int, int, str, int, str, float]

MOST = 10_000  # statements of a slice
SHOWN = 80  # characters of a line
_FLOWS = {"REACHING_DEF": "data", "CDG": "control"}
_STEPS = pa.schema(
    [
        *((name, pa.int64()) for name in ("way", "step", "calls", "near", "far")),
        *((name, pa.string()) for name in ("why", "name", "certainty")),
        ("doubt", pa.float64()),
    ]
)


class Node(NamedTuple):
    """A node and the statement that it stands in: itself for a parameter."""

    id: int
    kind: str
    name: str | None
    statement: int
    parent: int
    container: int


class Step(NamedTuple):
    """A way from one statement to another. `calls` counts the calls crossed since the start."""

    calls: int
    doubt: float  # 1 - confidence
    why: str
    name: str  # variable that carries the value
    near: int
    far: int
    certainty: str


class Slicer:
    """Steps in one direction, through at most `depth` calls; `control`: also to what decides
    whether a statement runs. Afterwards `cut` says whether there are more than `MOST`."""

    def __init__(
        self, tables: Tables, depth: int, *, forward: bool, certain: bool, control: bool = True
    ) -> None:
        self._tables, self._forward, self._depth = tables, forward, depth
        self._certain = " AND t.certainty = 'certain'" if certain else ""
        self.cut = False
        self._flows = [kind for kind in _FLOWS if control or kind != "CDG"]

    def steps(self, seeds: Iterable[int], stop: Iterable[int] = ()) -> list[Step]:
        """The step that first leads to each statement of the slice, nearest first: over the fewest
        calls, then the surest. No step leads to those where it stops."""
        calls = dict.fromkeys(seeds, 0) | dict.fromkeys(stop, self._depth + 1)
        found: list[Step] = []
        frontier = [s for s in calls if not calls[s]]
        while frontier and len(calls) < MOST:
            new: dict[int, Step] = {}
            for step in sorted(self._from(frontier, calls)):
                if step.far not in calls and step.calls <= self._depth:
                    new.setdefault(step.far, step)
            calls |= {far: step.calls for far, step in new.items()}
            found += new.values()
            frontier = [*new]
        self.cut = bool(frontier)
        return found

    def _from(self, statements: list[int], calls: dict[int, int]) -> Iterator[Step]:
        inner = {n.id: n for n in self._nodes("statement", statements)}
        inner |= {n.id: n for n in self._nodes("node_id", statements)}
        ways = [
            (node, other, _FLOWS[kind], 0, certainty, confidence)
            for node, other, kind, certainty, confidence in self._linked(
                inner, self._flows, into=not self._forward
            )
        ]
        if self._depth:
            ways += self._crossing(inner)
        others = {n.id: n for n in self._nodes("node_id", {way[1] for way in ways})}
        for node, other, why, crossed, certainty, confidence in ways:
            near, far = inner[node], others[other]
            # data goes by the name of what binds it, an argument by the parameter's
            carrier = near if self._forward == (why == "data") else far
            yield Step(
                calls[near.statement] + crossed,
                1.0 - confidence,
                why,
                (carrier.name or "") if why in ("data", "argument") else "",
                near.statement,
                far.statement,
                certainty,
            )

    def _crossing(self, inner: dict[int, Node]) -> Iterator[Way]:
        """Ways through calls."""
        entering, leaving = ("argument", "result") if self._forward else ("result", "argument")
        callees = [*self._linked(inner, ("CALL",), into=False)]
        key, kind = ("parent", "METHOD_PARAMETER_IN") if self._forward else ("container", "RETURN")
        ends: dict[int, list[int]] = {}
        for node in self._nodes(key, {method for _, method, *_ in callees}, kind):
            ends.setdefault(getattr(node, key), []).append(node.id)
        for site, method, _, certainty, confidence in callees:
            found = ends.get(method, [])
            if self._forward and len(found) > 1:  # one of several parameters
                certainty, confidence = "possible", confidence / len(found)
            for end in found:
                yield site, end, entering, 1, certainty, confidence
        left = "RETURN" if self._forward else "METHOD_PARAMETER_IN"
        methods: dict[int, list[int]] = {}
        for node in inner.values():
            if node.kind == left:
                methods.setdefault(node.container, []).append(node.id)
        for method, site, _, certainty, confidence in self._linked(methods, ("CALL",), into=True):
            for node_id in methods[method]:
                yield node_id, site, leaving, 1, certainty, confidence

    def _linked(
        self, ids: Iterable[int], kinds: Iterable[str], *, into: bool
    ) -> Iterator[tuple[int, int, str, str, float]]:
        """Edges of these kinds into the nodes (or out of them): node, other end, kind, certainty,
        confidence."""
        wanted = np.array([*ids], np.int64)
        only = f"t.kind IN ({', '.join(map(repr, kinds))})"
        sources = wanted
        if into:
            sources = self._tables.lookup("edges_by_dst", "dst", wanted, "t.src", only)["src"]
        columns = "t.src, t.dst, t.kind, t.certainty, t.confidence"
        edges = self._tables.lookup(
            "edges", "src", np.asarray(sources), columns, only + self._certain
        )
        near, far = ("dst", "src") if into else ("src", "dst")
        rows = self._tables.sql_with(
            {"edge": edges, "asked": id_table(wanted)},
            f"SELECT DISTINCT {near} AS node, {far} AS other, kind, certainty, confidence "
            f"FROM edge JOIN asked ON {near} = asked.id",
        )
        yield from zip(*rows.to_pydict().values(), strict=True)

    def _nodes(self, key: str, ids: Iterable[int], kind: str = "") -> Iterator[Node]:
        columns = "t.node_id, t.kind, t.name, coalesce(t.statement, t.node_id) AS statement"
        columns += ", coalesce(t.parent, 0) AS parent, coalesce(t.container, 0) AS container"
        only = f"t.kind = '{kind}'" if kind else "true"
        rows = self._tables.lookup("nodes", key, np.array([*ids], np.int64), columns, only)
        yield from map(Node._make, zip(*rows.to_pydict().values(), strict=True))


def starting(tables: Tables, file_id: int, line: int, place: str) -> list[int]:
    """The statements and parameters on a line; UsageError if there are none."""
    rows = tables.asked("starting", {}, file_id=file_id, line=line)
    if not rows.num_rows:
        raise UsageError(f"no statement begins at {place}; see `codeanatomy at {place}`")
    return [int(x) for x in rows["statement"].to_pylist()]


def using(tables: Tables, symbols: list[Symbol]) -> list[int]:
    """The statements that call one of the symbols, or name it."""
    wanted = "t.kind IN ('CALL', 'REF')"
    sites = tables.lookup("edges_by_dst", "dst", ids_of(symbols), "t.src", wanted)["src"]
    rows = tables.lookup(
        "nodes", "node_id", sites.to_numpy(), "t.statement", "t.statement IS NOT NULL"
    )
    return sorted({int(x) for x in rows["statement"].to_pylist()})


def ways(seeds: list[int], steps: list[Step], goals: Iterable[int]) -> list[list[Step]]:
    """For each goal that was reached, or is a seed itself: its start, and the steps to it."""
    to = {seed: start(seed) for seed in seeds} | {step.far: step for step in steps}
    found = []
    for goal in sorted({*goals} & {*to}):
        way = [to[goal]]
        while way[-1].near != way[-1].far:
            way.append(to[way[-1].near])
        found.append(way[::-1])
    return found


def start(statement: int) -> Step:
    """The step that leads nowhere else."""
    return Step(0, 0.0, "start", "", statement, statement, "certain")


def placed(tables: Tables, lists: list[list[Step]]) -> pa.Table:
    """The steps with places and source lines: `way` numbers the lists, `step` what is in them."""
    told = [
        (way, number, step)
        for way, steps in enumerate(lists, 1)
        for number, step in enumerate(steps)
    ]
    rows = [{"way": way, "step": number} | step._asdict() for way, number, step in told]
    ends = np.array([end for *_, step in told for end in (step.near, step.far)], np.int64)
    taken = pa.Table.from_pylist(rows, _STEPS)
    found = tables.asked("placed", {"taken": taken, "places": places(tables, ends)})
    contents, numbers = found["content"].to_pylist(), found["line"].to_pylist()
    lines = {content: source_of(tables, content).splitlines() for content in {*contents}}
    texts = [
        b"".join(lines[content][line - 1 : line]).decode("utf-8", "replace").strip()[:SHOWN]
        for content, line in zip(contents, numbers, strict=True)
    ]
    return found.set_column(4, "text", pa.array(texts, pa.string()))
