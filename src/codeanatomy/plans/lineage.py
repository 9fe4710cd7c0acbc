"""What is known of a plan node's output: where each column comes from and what can touch it; how
changes on one side of a join, or inside a window's partition, reach other rows.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from codeanatomy.plans.reach import ALL, Col, Path, best, either, hop

Source: TypeAlias = tuple[int, str]  # a leaf and its column
Reach: TypeAlias = Mapping[int, Path]  # the path of every leaf
Pairs: TypeAlias = Sequence[tuple[int, int]]  # places of equal columns, left and right

KEEPS_LEFT = {"Inner", "Left", "LeftSemi", "LeftAnti", "LeftMark"}
KEEPS_RIGHT = {"Inner", "Right", "RightSemi", "RightAnti", "RightMark"}


class Column(msgspec.Struct, frozen=True):
    """One output column; mappings are by leaf.

    `sources`: the base columns its values are computed from (direct lineage). `direct`: the leaf's
    column that this column is, unchanged; several leaves only where every row comes from one of
    them (union, full join), and then all of them must be followed. `reach`: the path of every leaf
    of the relation; None where the column says nothing about changes.
    """

    name: str
    sources: frozenset[Source] = frozenset()
    direct: Mapping[int, str] = {}
    reach: Reach | None = None


class Relation(msgspec.Struct, frozen=True):
    """The columns of a plan node in order, and the leaves below it.

    `merged`: what `coalesce(a, b)` of two columns (by place) is where a join made them equal.
    """

    columns: tuple[Column, ...]
    leaves: frozenset[int] = frozenset()
    merged: Mapping[frozenset[int], Column] = {}

    def sources(self, places: Iterable[int]) -> frozenset[Source]:
        """Sources of the columns at these places together."""
        return frozenset[Source]().union(*(self.columns[p].sources for p in places))

    def every_source(self) -> frozenset[Source]:
        """Sources of all columns together."""
        return self.sources(range(len(self.columns)))


def pick(relation: Relation, places: Sequence[int]) -> Relation:
    """The relation with only the columns at these places, in this order."""
    columns = tuple(relation.columns[p] for p in places)
    return Relation(columns, relation.leaves, moved(relation, {p: i for i, p in enumerate(places)}))


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
    columns = tuple(Column(c.name, c.sources) for c in relation.columns)
    return Relation(columns, relation.leaves)


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
    columns = [c if how in KEEPS_LEFT else Column(c.name, c.sources) for c in crossed_left]
    columns += [c if how in KEEPS_RIGHT else Column(c.name, c.sources) for c in crossed_right]
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
        left.sources | right.sources,
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
