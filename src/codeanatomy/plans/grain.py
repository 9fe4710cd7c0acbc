"""Whether a plan's rows for one file depend on that file alone, and if not, on what."""

from collections.abc import Mapping, Sequence

import msgspec
import pyarrow as pa

from codeanatomy.facts.schema import columns_of
from codeanatomy.facts.types import FILE
from codeanatomy.plans.lineage import Column, Relation
from codeanatomy.plans.notes import Leaf, Notes
from codeanatomy.plans.reach import ALL, All, Col, Path, cost, hops, show


class Grain(msgspec.Struct, frozen=True):
    """How changed input rows reach output rows, measured in values of the output column `column`.

    `kind`: `local` (rows of a file depend on that file's rows only), `coupled` (on other files
    through keys), `keyed` (maintained per value of another column), `global` (any change may touch
    any row), `free` (reads no table that is grained by file). It is relative to the inputs;
    `absolute` takes in how the inputs themselves came about.

    `also`: other columns that name the file as well (the node of a file has its id as its own).

    `keys`: the coupling keys, as `table.column`. `paths`: the reach path of each leaf, in order.
    """

    kind: str
    column: str | None
    reason: str
    also: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    paths: tuple[Path, ...] = ()
    absolute: str = ""


_Owner = tuple[bool, Sequence[str]]  # grained by file; columns that name it, all equally well


def grain(
    relation: Relation, names: Sequence[str], notes: Notes, upstream: Mapping[str, Grain]
) -> Grain:
    """The grain of a walked plan, taken from the output column that tells most.

    The file of a leaf's rows is the column that `upstream` found for a view, and for any other
    table its one column of type `file.owner` that cannot be NULL. A `file.ref` names another file
    and never counts.
    """
    leaves = notes.leaves
    owners = [_owner(leaf, notes.schemas[leaf.table], upstream) for leaf in leaves]
    read = sorted(relation.leaves)
    filed = [n for n in read if owners[n][0]]
    if not filed:
        return no_grain(notes, "reads no table grained by file", "free")
    found = []
    for i, column in enumerate(relation.columns):
        kind = _kind(column, filed, owners)
        if kind is not None:
            price = sum(cost(path) for path in (column.reach or {}).values())
            found.append((("local", "coupled", "keyed").index(kind), price, i, kind))
    if not found:
        return no_grain(notes, _why_global(relation, names, filed, notes))
    rank, _, i, kind = min(found)
    column = relation.columns[i]
    reach = column.reach or {}
    equals = [
        names[j]
        for r, _, j, _ in found
        if r == rank and j != i and (kind == "local" or relation.columns[j].direct == column.direct)
    ]
    tables = [leaf.table for leaf in leaves]
    parts = [f"{tables[n]}#{n}: {show(reach[n], tables)}" for n in read]
    # a local view over inputs coupled to other files is coupled, seen from the sources
    spread = any(upstream[t].absolute not in ("local", "free") for t in tables if t in upstream)
    keys = {f"{tables[h.leaf]}.{k}" for p in reach.values() for h in hops(p) for k in h.keys}
    return Grain(
        kind,
        names[i],
        "; ".join(parts),
        () if kind == "keyed" else tuple(equals),
        tuple(sorted(keys)),
        tuple(reach.get(n, ALL) for n in range(len(leaves))),
        "coupled" if kind == "local" and spread else kind,
    )


def no_grain(notes: Notes, why: str, kind: str = "global") -> Grain:
    """The grain of a plan in which any change may touch any row."""
    return Grain(kind, None, why, paths=tuple(ALL for _ in notes.leaves), absolute=kind)


def _owner(leaf: Leaf, schema: pa.Schema, upstream: Mapping[str, Grain]) -> _Owner:
    above = upstream.get(leaf.table)
    if above is not None:
        filed = above.kind in ("local", "coupled") and above.column is not None
        return above.kind != "free", (above.column or "", *above.also) if filed else ()
    every = columns_of(schema, FILE)
    found = [c for c in every if not schema.field(c).nullable]
    return bool(every), found if len(found) == 1 else ()


def _kind(column: Column, filed: Sequence[int], owners: Sequence[_Owner]) -> str | None:
    """What the column tells about changes of the leaves grained by file; None for nothing."""
    if column.reach is None:
        return None
    paths = [column.reach[n] for n in filed]
    if any(isinstance(p, All) for p in paths):
        return None
    if all(any(p == Col((c,)) for c in owners[n][1]) for n, p in zip(filed, paths, strict=True)):
        return "local"
    if column.direct and all(c in owners[n][1] for n, c in column.direct.items()):
        return "coupled"
    return "keyed"


def _why_global(
    relation: Relation, names: Sequence[str], filed: Sequence[int], notes: Notes
) -> str:
    """The leaves that the closest column does not reach, and where reach was lost."""
    missing = [
        (sum(isinstance(column.reach[n], All) for n in filed), i)
        for i, column in enumerate(relation.columns)
        if column.reach is not None
    ]
    text = "no output column keeps a file or key"
    if missing:
        _, i = min(missing)
        reach = relation.columns[i].reach or {}
        wide = [f"{notes.table(n)}#{n}" for n in filed if isinstance(reach[n], All)]
        text = f"a change of {', '.join(wide)} may touch any value of {names[i]}"
    return f"{text} ({'; '.join(dict.fromkeys(notes.lost))})" if notes.lost else text
