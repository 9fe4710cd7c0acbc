"""What does a line depend on, what depends on it, and how does data get from here to there?

Inside a function the steps are REACHING_DEF and CDG edges, from statement to statement. Across
functions a parameter gets its value from the arguments that fill it, and a call's value is what the
callee returns. A statement is entered at the node that the data reaches it by, since only what
stands around that (forward) or inside it (backward) is an argument with that data.
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from codeanatomy.facts.errors import UsageError
from codeanatomy.facts.ids import grouped
from codeanatomy.query.at import lines_of
from codeanatomy.query.resolve_name import Symbol
from codeanatomy.query.tables import Tables, id_table, quoted
from codeanatomy.query.walk import ids_of, places, sure

MOST = 10_000  # statements of a slice
SHOWN = 80  # characters of a line
_CROSSING = ("argument", "result")
_KINDS = {
    "REACHING_DEF": "data",
    "CDG": "control",
    "PARAMETER_LINK": "argument",
    "CALL": "result",
}
_STEPS = pa.schema(
    [
        *((name, pa.int64()) for name in ("way", "step", "calls", "near", "far")),
        *((name, pa.string()) for name in ("why", "name", "certainty")),
        ("doubt", pa.float64()),
    ]
)


class Way(NamedTuple):
    """An edge, or two for what a call returns, from a node of one statement to one of another."""

    near: int
    far: int
    node: int
    other: int
    kind: str
    certainty: str
    confidence: float
    near_name: str | None
    far_name: str | None


Entry = tuple[int, int]  # a statement, and the node by which data enters it; 0: all of it


class Step(NamedTuple):
    """A way from one statement to another. `calls` counts the calls crossed since the start."""

    calls: int
    doubt: float  # 1 - confidence
    why: str
    name: str  # variable that carries the value
    near: int
    far: int
    certainty: str
    entry: int  # node of `far` that the data reaches; 0: all of it
    before: int  # the same of `near`


class Slicer:
    """Steps in one direction, through at most `depth` calls; `control`: also to what decides
    whether a statement runs. Afterwards `cut` says whether there are more than `MOST`, and `taken`
    which step led to each entry."""

    def __init__(
        self, tables: Tables, depth: int, *, forward: bool, certain: bool, control: bool = True
    ) -> None:
        self._tables, self._forward, self._depth = tables, forward, depth
        self.cut = False
        self.taken: dict[Entry, Step] = {}
        kinds = ["REACHING_DEF", *["CDG"] * control, *["PARAMETER_LINK"] * (depth > 0)]
        self._words = {"kinds": quoted(*kinds), "crossing": depth > 0, "kept": sure(certain)}

    def steps(self, seeds: Iterable[int], stop: Iterable[int] = ()) -> list[Step]:
        """The step that first leads to each statement of the slice, nearest first: over the fewest
        calls, then the surest. No step leads to those where it stops."""
        stopped = {*stop}
        entered: dict[Entry, int] = {(s, 0): 0 for s in {*seeds} - stopped}  # calls crossed
        found: dict[int, Step] = {}
        known, frontier = {*seeds} | stopped, entered
        while frontier and len(entered) < MOST:
            new: dict[Entry, int] = {}
            for step in sorted(self._from(frontier)):
                entry, whole = (step.far, step.entry), (step.far, 0)
                again = entry in entered or whole in entered or entry in new
                if again or step.far in stopped or step.calls > self._depth:
                    continue
                new[entry], self.taken[entry] = step.calls, step
                if step.far not in known:
                    known.add(step.far)
                    found[step.far] = step
            entered |= new
            frontier = new
        self.cut = bool(frontier)
        return [*found.values()]

    def _from(self, frontier: dict[Entry, int]) -> Iterator[Step]:
        entries, forward = grouped(frontier), self._forward
        ids = np.array([*entries], np.int64)
        rows = self._tables.asked(
            "forward" if forward else "backward", {"entered": id_table(ids)}, **self._words
        )
        inner = self._tables.lookup("nodes", "statement", ids, "t.node_id, t.parent")
        parents = dict(zip(*inner.to_pydict().values(), strict=True))
        for way in map(Way._make, zip(*rows.to_pydict().values(), strict=True)):
            why = _KINDS[way.kind]
            # data goes by the name of what binds it, an argument by the parameter's
            carrier = way.near_name if forward == (why == "data") else way.far_name
            # what data is in: an argument around where it entered, or what stands in one
            within = why != "control" and forward == (why == "argument")
            entering = why != "control" and forward != (why == "argument")
            for entry in entries[way.near]:
                ends = (way.node, entry) if forward else (entry, way.node)
                if within and entry and not _encloses(parents, *ends):
                    continue
                yield Step(
                    frontier[way.near, entry] + (why in _CROSSING),
                    1.0 - way.confidence,
                    why,
                    (carrier or "") if why in ("data", "argument") else "",
                    way.near,
                    way.far,
                    way.certainty,
                    way.other if entering else 0,
                    entry,
                )


def _encloses(parents: dict[int, int], outer: int, node: int) -> bool:
    """Whether one node of a statement stands inside another, or is it."""
    while node != outer and node in parents:
        node = parents[node]
    return node == outer


def starting(tables: Tables, file_id: int, line: int, place: str) -> list[int]:
    """The statements and parameters on a line; UsageError if there are none."""
    rows = tables.asked("starting", {}, file_id=file_id, line=line)
    if not rows.num_rows:
        raise UsageError(f"no statement begins at {place}; see `codeanatomy at {place}`")
    return [int(x) for x in rows["statement"].to_pylist()]


def using(tables: Tables, symbols: list[Symbol]) -> list[int]:
    """The statements that call one of the symbols, or name it."""
    rows = tables.asked("using", {"asked": id_table(ids_of(symbols))})
    return [int(x) for x in rows["statement"].to_pylist()]


def ways(
    seeds: list[int], steps: list[Step], taken: dict[Entry, Step], goals: Iterable[int]
) -> list[list[Step]]:
    """For each goal that was reached, or is a seed itself: its start, and the steps to it, each
    from where the one before it entered. `taken` as of the slicer."""
    to = {seed: start(seed) for seed in seeds} | {step.far: step for step in steps}
    found = []
    for goal in sorted({*goals} & {*to}):
        way = [to[goal]]
        while (last := way[-1]).why != "start":
            way.append(taken.get((last.near, last.before)) or start(last.near))
        found.append(way[::-1])
    return found


def start(statement: int) -> Step:
    """The step that leads nowhere else."""
    return Step(0, 0.0, "start", "", statement, statement, "certain", 0, 0)


def placed(tables: Tables, lists: list[list[Step]]) -> pa.Table:
    """The steps with places and source lines: `way` numbers the lists, `step` what is in them."""
    rows = [
        {"way": way, "step": number} | step._asdict()
        for way, steps in enumerate(lists, 1)
        for number, step in enumerate(steps)
    ]
    taken = pa.Table.from_pylist(rows, _STEPS)
    ends = np.concatenate([taken["near"].to_numpy(), taken["far"].to_numpy()])
    found = tables.asked("placed", {"taken": taken, "places": places(tables, ends)})
    texts = [text[:SHOWN] for text in lines_of(tables, found)]
    return found.set_column(4, "text", pa.array(texts, pa.string()))
