"""Reach paths: which values of an output column can the changed rows of one leaf touch?

A leaf is one scan of a table. A path is a function from the changed rows of a leaf to values of an
output column; every output row that differs because of those rows holds one of these values. Paths
are over-approximations: too many values cost time, too few would be wrong. Values compare
null-safe.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeAlias

import msgspec


class Col(msgspec.Struct, frozen=True, tag="col"):
    """The values that the changed rows themselves hold in these columns."""

    columns: tuple[str, ...]


class Hop(msgspec.Struct, frozen=True, tag="hop"):
    """`inner` gives values of `keys`; the rows of `leaf` that hold them go on through `then`.

    Only the new state of `leaf` is read: whatever changed in it has a path of its own.
    """

    inner: "Path"
    leaf: int
    keys: tuple[str, ...]
    then: "Path"


class Or(msgspec.Struct, frozen=True, tag="or"):
    """The values of all these paths together."""

    paths: tuple["Path", ...]


class All(msgspec.Struct, frozen=True, tag="all"):
    """Any value may be touched."""


Path: TypeAlias = Col | Hop | Or | All

ALL = All()


def hop(inner: Path, leaf: int, keys: tuple[str, ...], then: Path) -> Path:
    """The path over the rows of `leaf` that hold the values of `inner` in `keys`, simplified.

    When `then` only passes on keys, the values that come out are the values that went in: no row of
    `leaf` has to be read. This is what makes a join over the file column local.
    """
    if isinstance(inner, All) or isinstance(then, All):
        return ALL
    if isinstance(then, Col) and set(then.columns) <= set(keys):
        if len(keys) == 1:
            return inner
        if isinstance(inner, Col):
            return Col(tuple(inner.columns[keys.index(c)] for c in then.columns))
    return Hop(inner, leaf, keys, then)


def either(paths: Iterable[Path]) -> Path:
    """One path for all of them; `ALL` where one is `ALL` and where there are none."""
    distinct = list(dict.fromkeys(paths))
    if not distinct or ALL in distinct:
        return ALL
    return distinct[0] if len(distinct) == 1 else Or(tuple(distinct))


def best(paths: Iterable[Path]) -> Path:
    """The cheapest of several equally valid paths, the first among equals; `ALL` for none."""
    return min(paths, key=cost, default=ALL)


def cost(path: Path) -> int:
    """How many hops the path takes; `ALL` costs more than any path."""
    match path:
        case Col():
            return 0
        case Hop():
            return 1 + cost(path.inner) + cost(path.then)
        case Or():
            return 1 + sum(cost(p) for p in path.paths)
    return 1_000_000


def hops(path: Path) -> Iterator[Hop]:
    """All hops of the path, from the changed rows onward."""
    match path:
        case Hop():
            yield from hops(path.inner)
            yield path
            yield from hops(path.then)
        case Or():
            for part in path.paths:
                yield from hops(part)


def show(path: Path, tables: Sequence[str]) -> str:
    """The path for people: `name -> refs#1[name] -> file`; tables by the number of the leaf."""
    match path:
        case Col():
            return ",".join(path.columns)
        case Or():
            return " | ".join(show(p, tables) for p in path.paths)
        case Hop():
            step = f"{tables[path.leaf]}#{path.leaf}[{','.join(path.keys)}]"
            return f"{show(path.inner, tables)} -> {step} -> {show(path.then, tables)}"
    return "all"
