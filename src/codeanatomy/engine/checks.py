"""The laws of a graph, checked over whole tables before anything is published."""

from collections.abc import Iterator, Mapping, Sequence, Set

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from codeanatomy.engine.content import content_hash, ints, is_sorted, sort_key
from codeanatomy.facts import types as t
from codeanatomy.facts.ids import Ids
from codeanatomy.facts.schema import column_of, columns_of

_EXAMPLES = 3
_EDGE = (t.KIND, t.SOURCE_ID, t.TARGET_ID, t.ORDINAL)  # what tells edges apart


def broken_laws(tables: Mapping[str, pa.Table], kinds: Set[str]) -> list[str]:
    """One sentence per broken law, with examples; empty for a sound graph.

    Node ids are unique; every reference to a node has its node; edges are unique by kind, ends and
    ordinal and of known kinds; all tables of edges hold the same edges. Which table is which is
    read off the semantic types of its columns. Rows may come in any order.
    """
    [nodes] = [name for name in tables if _has(tables[name], t.NODE_ID, t.KIND)]
    edges = sorted(name for name in tables if _has(tables[name], t.SOURCE_ID, t.TARGET_ID, t.KIND))
    sums = {_content(tables[name]) for name in edges}
    ids = _ascending(_ints(tables[nodes], t.NODE_ID))
    broken = [_sentence(f"ids occur twice in {nodes}", repeated(ids))]
    same = edges[1:] if len(sums) == 1 else []  # their ends are those of the first
    for column, values in _references(tables, nodes, same):
        broken.append(_sentence(f"values of {column} have no node", dangling(values, ids)))
    if len(sums) > 1:
        broken.append(f"different edges in {' and '.join(edges)}")
    for name in edges[: len(sums)]:  # one of several equal tables says it all
        unknown = unknown_kinds(tables[name], kinds)
        broken.append(f"unknown kinds in {name}: {', '.join(unknown)}" if unknown else "")
    ordered = [name for name in edges if is_sorted(_identity(tables[name])[:-1])]
    for name in (ordered or edges)[:1] if len(sums) == 1 else edges:
        twice = duplicate_edges(tables[name])
        broken.append(_sentence(f"edges occur twice in {name}; their sources", twice))
    return [sentence for sentence in broken if sentence]


def repeated(ordered: Ids) -> Ids:
    """The values that occur more than once in a sorted array, each once."""
    twice: Ids = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    return twice


def dangling(ends: Ids, ids: Ids) -> Ids:
    """The distinct ends that are not among the ids, which are sorted. Both are merged, ascending
    stretch by ascending stretch: no end adds a value, or there are some."""
    ends, ids = _runs(ends), _runs(ids)
    if len(_runs(_ascending(np.concatenate([ids, ends])))) == len(ids):
        return ends[:0]
    lost: Ids = np.setdiff1d(ends, ids)
    return lost


def duplicate_edges(edges: pa.Table) -> Ids:
    """The sources of edges that equal another one in kind, source, target and ordinal, sorted."""
    keys = _identity(edges)
    if not is_sorted(keys[:-1]):
        order = np.lexsort(keys[::-1])
        keys = [key[order] for key in keys]
    same = np.logical_and.reduce([key[1:] == key[:-1] for key in keys[:-1]])
    rows = np.flatnonzero(np.append(same, False) | np.append(False, same))  # few; then in full
    found, counts = np.unique(np.stack([key[rows] for key in keys]), axis=1, return_counts=True)
    twice: Ids = np.repeat(found[2], counts - 1)
    return np.sort(twice)


def _identity(edges: pa.Table) -> list[Ids]:
    """Kind as a number, target, source, ordinal."""
    kind = sort_key(edges, column_of(edges.schema, t.KIND))
    return [kind, *(_ints(edges, meaning) for meaning in (t.TARGET_ID, t.SOURCE_ID, t.ORDINAL))]


def unknown_kinds(edges: pa.Table, kinds: Set[str]) -> list[str]:
    """Kinds of edges that are not in the catalogue, sorted."""
    found = pc.unique(edges.column(column_of(edges.schema, t.KIND))).to_pylist()
    return sorted(str(kind) for kind in set(found) - set(kinds))


def _content(edges: pa.Table) -> str:
    """The content hash of the edges alone, whatever their columns are called."""
    chosen = edges.select([column_of(edges.schema, meaning) for meaning in _EDGE])
    return content_hash(chosen.rename_columns([meaning.name for meaning in _EDGE]))


def _has(table: pa.Table, *kinds: t.SemanticType) -> bool:
    return all(columns_of(table.schema, kind) for kind in kinds)


def _references(
    tables: Mapping[str, pa.Table], nodes: str, same: Sequence[str]
) -> Iterator[tuple[str, Ids]]:
    """Each column that holds node ids, by name, with its values; not the ends of the tables `same`.

    A site that is an end of its own edge is that end. A property's id may also be an edge's.
    """
    for name, table in sorted(tables.items()):
        both = [c for kind in (t.SOURCE_ID, t.TARGET_ID) for c in columns_of(table.schema, kind)]
        ends = [ints(table[c]) for c in both]
        yield from zip([] if name in same else [f"{name}.{c}" for c in both], ends, strict=False)
        own = () if name == nodes or _has(table, t.PROPERTY) else (t.NODE_ID,)
        for kind in (t.SITE_ID, *t.IDS.values(), *own):
            for column in columns_of(table.schema, kind):
                values = ints(table[column].drop_null())
                if kind == t.SITE_ID and ends:
                    values = values[np.logical_and.reduce([values != end for end in ends])]
                yield f"{name}.{column}", values


def _runs(values: Ids) -> Ids:
    """The values without those that equal the one before."""
    return values[np.append(True, values[1:] != values[:-1])] if len(values) else values


def _ascending(values: Ids) -> Ids:
    """The values sorted; cheap where they come in few ascending stretches."""
    return values if is_sorted([values]) else np.sort(values, kind="stable")


def _ints(table: pa.Table, meaning: t.SemanticType) -> Ids:
    return ints(table[column_of(table.schema, meaning)])


def _sentence(what: str, values: Ids) -> str:
    if not len(values):
        return ""
    some = ", ".join(str(value) for value in values[:_EXAMPLES].tolist())
    return f"{len(values)} {what} ({some}{', ...' if len(values) > _EXAMPLES else ''})"
