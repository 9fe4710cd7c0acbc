"""What is known while a plan is walked: where each column of a node's output comes from and what
can touch it; how changes on one side of a join, or inside a window's partition, reach other rows;
and beside the columns: scans, functions, what decides which rows there are, doubts.
"""

import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

import msgspec
import pyarrow as pa
from msgspec.structs import replace

from codeanatomy.facts.errors import PlanError
from codeanatomy.plans.reach import ALL, Col, Path, best, either, hop

Source: TypeAlias = tuple[int, str]  # a leaf and its column
Reach: TypeAlias = Mapping[int, Path]  # the path of every leaf
Scan: TypeAlias = tuple[str, str | None]  # table and its columns as printed, None for all
Pairs: TypeAlias = Sequence[tuple[int, int]]  # places of equal columns, left and right

_SCAN = re.compile(r"^\s*TableScan: (\S+)(?: projection=\[([^\]\n]*)\])?", re.MULTILINE)
KEEPS_LEFT = {"Inner", "Left", "LeftSemi", "LeftAnti", "LeftMark"}
KEEPS_RIGHT = {"Inner", "Right", "RightSemi", "RightAnti", "RightMark"}


class Column(msgspec.Struct, frozen=True):
    """One output column; mappings are by leaf.

    `direct`: the leaf's column that this column is, unchanged; several leaves only where every row
    comes from one of them (union, full join), and then all of them must be followed. `reach`: the
    path of every leaf of the relation; None where the column says nothing about changes. `sources`:
    the base columns that its values are computed from.
    """

    name: str
    direct: Mapping[int, str] = {}
    reach: Reach | None = None
    sources: frozenset[Source] = frozenset()

    def alone(self) -> "Column":
        """The column where nothing but its sources is known of it."""
        return Column(self.name, sources=self.sources)


class Relation(msgspec.Struct, frozen=True):
    """The columns of a plan node in order, and the leaves below it.

    `merged`: what `coalesce(a, b)` of two columns (by place) is where a join made them equal.
    """

    columns: tuple[Column, ...]
    leaves: frozenset[int] = frozenset()
    merged: Mapping[frozenset[int], Column] = {}


def together(sources: Iterable[Collection[Source]]) -> frozenset[Source]:
    """All these sources."""
    return frozenset[Source]().union(*sources)


def moved(relation: Relation, where: Mapping[int, int]) -> dict[frozenset[int], Column]:
    """The merged columns whose two parts are still there, at their new places."""
    return {
        frozenset(where[p] for p in pair): column
        for pair, column in relation.merged.items()
        if all(p in where for p in pair)
    }


def renamed(relation: Relation, names: Sequence[str]) -> Relation:
    """The relation under other column names."""
    columns = tuple(replace(c, name=n) for c, n in zip(relation.columns, names, strict=True))
    return replace(relation, columns=columns)


def without_reach(relation: Relation) -> Relation:
    """The relation after a step in which any row may decide about any other."""
    return Relation(tuple(c.alone() for c in relation.columns), relation.leaves)


def reached(relation: Relation, more: Callable[[Reach], Reach]) -> Relation:
    """The relation with the paths that `more` makes of each column's; the others say nothing."""

    def widened(column: Column) -> Column:
        return column if column.reach is None else replace(column, reach=more(column.reach))

    merged = {pair: widened(column) for pair, column in relation.merged.items()}
    return Relation(tuple(map(widened, relation.columns)), relation.leaves, merged)


def with_global_leaves(relation: Relation, leaves: frozenset[int]) -> Relation:
    """The relation after a step that reads these further leaves as a whole."""
    whole = dict.fromkeys(sorted(leaves), ALL)
    widened = reached(relation, lambda reach: {**reach, **whole})
    return replace(widened, leaves=relation.leaves | leaves)


def through(columns: Sequence[Column], inner: Sequence[Path], then: Mapping[int, Path]) -> Path:
    """The values that `then` leads to from values of these key columns, over the key's leaves.

    A key's leaves are followed together (each row comes from one of them); keys with the same
    leaves are taken together; of the ways that remain the cheapest is as good as any.
    """
    groups: dict[tuple[int, ...], list[tuple[Column, Path]]] = {}
    for column, path in zip(columns, inner, strict=True):
        groups.setdefault(tuple(sorted(column.direct)), []).append((column, path))
    return best(
        either(_over(leaf, group, then.get(leaf, ALL)) for leaf in leaves)
        for leaves, group in groups.items()
    )


def _over(leaf: int, keys: Sequence[tuple[Column, Path]], then: Path) -> Path:
    owned = [(column.direct[leaf], path) for column, path in keys]
    flat = [(name, path.columns[0]) for name, path in owned if isinstance(path, Col)]
    ways = [hop(path, leaf, (name,), then) for name, path in owned]
    if len(flat) > 1:
        values, names = Col(tuple(v for _, v in flat)), tuple(n for n, _ in flat)
        ways.insert(0, hop(values, leaf, names, then))
    return best(ways)


def joined(left: Relation, right: Relation, how: str, pairs: Pairs) -> Relation:
    """All columns of both sides with the reach that the join leaves them.

    `pairs` are the equalities that matter; none of them means that any row of one side may decide
    about any row of the other. A side that is padded with NULLs keeps nothing: its NULL rows depend
    on every row.
    """
    width = len(left.columns)
    crossed_left = _crossed(left, right, pairs)
    crossed_right = _crossed(right, left, [(b, a) for a, b in pairs])
    columns = [c if how in KEEPS_LEFT else c.alone() for c in crossed_left]
    columns += [c if how in KEEPS_RIGHT else c.alone() for c in crossed_right]
    merged = {}
    for a, b in pairs:
        column = _merged(crossed_left[a], crossed_right[b], how)
        if column is not None:
            merged[frozenset((a, width + b))] = column
    return Relation(tuple(columns), left.leaves | right.leaves, merged)


def _crossed(mine: Relation, other: Relation, pairs: Pairs) -> Sequence[Column]:
    """Columns of one side with paths for the leaves of the other side added."""
    keys = [(mine.columns[a], other.columns[b].reach) for a, b in pairs]
    known = [(key, reach) for key, reach in keys if key.reach is not None and reach is not None]
    inner = {leaf: [r.get(leaf, ALL) for _, r in known] for leaf in sorted(other.leaves)}
    columns = [key for key, _ in known]

    def crossed(reach: Reach) -> Reach:
        return {**reach, **{leaf: through(columns, p, reach) for leaf, p in inner.items()}}

    return reached(mine, crossed).columns


def _merged(left: Column, right: Column, how: str) -> Column | None:
    """What `coalesce` of two equal key columns is: the kept side's, both in a full join."""
    if how in ("Inner", "Left"):
        return left
    if how == "Right":
        return right
    if how != "Full" or left.reach is None or right.reach is None:
        return None
    return Column(
        left.name,
        {**left.direct, **right.direct} if left.direct and right.direct else {},
        {n: either((left.reach[n], right.reach[n])) for n in sorted(left.reach)},
    )


def partitioned(relation: Relation, keys: Sequence[Column]) -> Relation:
    """The columns of a window's input, with the reach that the window leaves them.

    A row that moves touches its own values and, through the partition keys, those of every row of
    its old and its new partition.
    """
    keys = [k for k in keys if k.reach is not None]

    def wider(reach: Reach) -> Reach:
        inner = {leaf: [(k.reach or {}).get(leaf, ALL) for k in keys] for leaf in reach}
        return {leaf: either((p, through(keys, inner[leaf], reach))) for leaf, p in reach.items()}

    return reached(relation, wider)


class Leaf(msgspec.Struct, frozen=True):
    """One scan: table, required columns, row limit."""

    table: str
    columns: tuple[str, ...]
    fetch: int | None = None


class Notes:
    """What was met so far while one plan is walked.

    Leaves are numbered in the order in which they are met; working tables of recursive queries have
    negative numbers, because they are not read from anywhere.
    """

    def __init__(self, schemas: Mapping[str, pa.Schema]) -> None:
        self.schemas = schemas
        self.leaves: list[Leaf] = []
        self.working: dict[int, str] = {}  # leaf number -> recursive query
        self.recursive: dict[str, dict[int, str]] = {}  # queries being walked: columns read
        self.nodes: Counter[str] = Counter()
        self.influence: set[Source] = set()  # what decides which rows there are
        self.functions: set[str] = set()
        self.joins: list[tuple[str, ...]] = []  # type and equal keys of each
        self.sorts: list[str] = []
        self.filters: dict[str, list[str]] = {}  # of scans, by table
        self.slow_distinct = False
        self.opaque: list[str] = []  # what could not be read
        self.lost: list[str] = []  # why reach was lost, in the order of the walk
        self.unprinted: list[str] = []  # what the plan's text leaves out
        self.subqueries = False

    def scan(self, leaf: Leaf, names: Iterable[str]) -> Relation:
        """The relation of one more scan, of a table or of a working table: each column is itself.

        `names` are its columns as the plan calls them. Under a row limit any row decides, so none
        has reach. Raises PlanError for a table without a stub.
        """
        if leaf.table in self.recursive:
            number = -1 - len(self.working)
            self.working[number] = leaf.table
        elif leaf.table in self.schemas:
            number = len(self.leaves)
            self.leaves.append(leaf)
        else:
            raise PlanError(
                f"the plan reads {leaf.table!r}, which is not among the given schemas; "
                "plan over stubs (planning_session)"
            )
        columns = tuple(
            Column(name, {number: c}, {number: Col((c,))}, frozenset({(number, c)}))
            for name, c in zip(names, leaf.columns, strict=True)
        )
        made = Relation(columns, frozenset({number}))
        return made if leaf.fetch is None else without_reach(made)

    def type(self, column: Column) -> pa.DataType | None:
        """The type of what the column is, unchanged; None where leaves differ or have none."""
        types = {
            self.schemas[self.leaves[n].table].field(c).type if n >= 0 else None
            for n, c in column.direct.items()
        }
        return types.pop() if len(types) == 1 else None

    def sources(self, leaves: Iterable[int]) -> set[Source]:
        """All columns read from these leaves."""
        return {(n, c) for n in leaves if n >= 0 for c in self.leaves[n].columns}

    def texts(self, sources: Iterable[Source]) -> tuple[str, ...]:
        """Sources as sorted `table.column`."""
        return tuple(sorted({f"{self.leaves[n].table}.{c}" for n, c in sources}))


def scans(text: str) -> Counter[Scan]:
    """The scans in a plan's text, counted."""
    return Counter((m[1], m[2]) for m in _SCAN.finditer(text))
