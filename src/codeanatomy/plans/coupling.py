"""How changes on one side of a join, or inside a window's partition, reach other rows."""

from collections.abc import Mapping, Sequence

from codeanatomy.plans.lineage import Column, Reach, Relation, reached
from codeanatomy.plans.reach import ALL, Col, Path, best, either, hop

Pairs = Sequence[tuple[int, int]]  # places of equal columns, left and right

KEEPS_LEFT = {"Inner", "Left", "LeftSemi", "LeftAnti", "LeftMark"}
KEEPS_RIGHT = {"Inner", "Right", "RightSemi", "RightAnti", "RightMark"}


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
