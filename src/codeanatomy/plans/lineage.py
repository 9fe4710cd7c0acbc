"""What is known of a plan node's output: where each column comes from and what can touch it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import TypeAlias

import msgspec
from msgspec.structs import replace

from codeanatomy.plans.reach import ALL, Path

Source: TypeAlias = tuple[int, str]  # a leaf and its column
Reach: TypeAlias = Mapping[int, Path]  # the path of every leaf


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
