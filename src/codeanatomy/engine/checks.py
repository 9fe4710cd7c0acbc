"""The laws of a graph, checked over whole tables before anything is published."""

from collections.abc import Iterator, Mapping, Sequence, Set

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from codeanatomy.facts.ids import Ids, hash_texts, mix
from codeanatomy.facts.schema import column_of, columns_of
from codeanatomy.facts.types import (
    KIND,
    NODE_ID,
    ORDINAL,
    PROPERTY,
    SITE_ID,
    SOURCE_ID,
    TARGET_ID,
    SemanticType,
)

_EXAMPLES = 3
_ROWS = 1 << 15  # rows per step: every array of a step stays in the second-level cache


def broken_laws(tables: Mapping[str, pa.Table], kinds: Set[str]) -> list[str]:
    """One sentence per broken law, with examples; empty for a sound graph.

    Node ids are unique; every reference to a node has its node; edges are unique by kind, ends and
    ordinal and of known kinds; all tables of edges hold the same edges. Which table is which is
    read off the semantic types of its columns. 4.8 million edges take 1.3 CPU s; half of that when
    one table of edges is sorted by source and the other by target.
    """
    [nodes] = [name for name in tables if _has(tables[name], NODE_ID, KIND)]
    edges = sorted(name for name in tables if _has(tables[name], SOURCE_ID, TARGET_ID, KIND))
    keys = {name: edge_keys(tables[name]) for name in edges}
    sums = {(len(k), int(k.view(np.uint64).sum())) for k in keys.values()}
    ids = _ordered(_ints(tables[nodes], column_of(tables[nodes].schema, NODE_ID)))
    broken = [_sentence(f"ids occur twice in {nodes}", repeated(ids))]
    others = {name: table for name, table in sorted(tables.items()) if name != nodes}
    for column, values in _references(others, edges if len(sums) == 1 else []):
        lost = dangling(_ordered(_runs(values)), ids)
        broken.append(_sentence(f"values of {column} have no node", lost))
    if len(sums) > 1:
        broken.append(f"different edges in {' and '.join(edges)}")
    for name in edges[: len(sums)]:  # one of several equal tables says it all
        unknown = unknown_kinds(tables[name], kinds)
        broken.append(f"unknown kinds in {name}: {', '.join(unknown)}" if unknown else "")
        twice = duplicate_edges(tables[name], keys[name])
        sources = _ints(tables[name], column_of(tables[name].schema, SOURCE_ID))[twice]
        broken.append(_sentence(f"edges occur twice in {name}; their sources", sources))
    return [sentence for sentence in broken if sentence]


def duplicate_ids(nodes: pa.Table) -> Ids:
    """The node ids that occur more than once, sorted."""
    return repeated(np.sort(_ints(nodes, column_of(nodes.schema, NODE_ID))))


def repeated(ordered: Ids) -> Ids:
    """The values that occur more than once in a sorted array, each once."""
    twice: Ids = np.unique(ordered[1:][ordered[1:] == ordered[:-1]])
    return twice


def dangling(ends: Ids, ids: Ids) -> Ids:
    """The distinct ends that are not among the ids; both sorted."""
    distinct = _runs(ends)
    if not len(ids) or not len(ends):
        return distinct
    places = np.minimum(np.searchsorted(ids, distinct), len(ids) - 1)
    lost: Ids = distinct[ids[places] != distinct]
    return lost


def duplicate_edges(edges: pa.Table, keys: Ids) -> npt.NDArray[np.intp]:
    """Rows of edges that equal an earlier one in kind, source, target and ordinal, ascending.

    `keys` are their `edge_keys`; rows with equal keys are compared in full.
    """
    suspects = _suspects(keys)
    if not len(suspects):
        return suspects
    rows = edges.take(pa.array(suspects))
    schema = edges.schema
    kind = pc.cast(rows.column(column_of(schema, KIND)), pa.string()).to_pylist()
    ends = [_ints(rows, column_of(schema, t)).tolist() for t in (SOURCE_ID, TARGET_ID, ORDINAL)]
    seen: set[tuple[str, int, int, int]] = set()
    twice = []
    for row, edge in zip(suspects.tolist(), zip(kind, *ends, strict=True), strict=True):
        if edge in seen:
            twice.append(row)
        seen.add(edge)
    return np.array(twice, np.intp)


def _suspects(keys: Ids) -> npt.NDArray[np.intp]:
    """Rows whose key occurs more than once; half the price of sorting the keys: 32 bits first."""
    low = keys.astype(np.uint32)
    twice = np.sort(low)
    twice = twice[1:][twice[1:] == twice[:-1]]
    marked = np.zeros(1 << 16, np.bool_)
    marked[twice & 0xFFFF] = True
    rows = np.flatnonzero(marked[low & 0xFFFF])
    rows = rows[np.isin(low[rows], twice)]
    return rows[np.isin(keys[rows], repeated(np.sort(keys[rows])))]


def unknown_kinds(edges: pa.Table, kinds: Set[str]) -> list[str]:
    """Kinds of edges that are not in the catalogue, sorted."""
    found = pc.unique(edges.column(column_of(edges.schema, KIND))).to_pylist()
    return sorted(str(kind) for kind in set(found) - set(kinds))


def edge_keys(edges: pa.Table) -> Ids:
    """One 63-bit number per edge, equal for equal edges."""
    kinds = (KIND, SOURCE_ID, TARGET_ID, ORDINAL)
    edges = edges.select([column_of(edges.schema, kind) for kind in kinds])
    keys, start = np.empty(edges.num_rows, np.int64), 0
    for batch in edges.to_batches(max_chunksize=_ROWS):
        kind, src, dst, ordinal = batch.columns
        small = (_kind_numbers(kind) << np.int64(32)) + ordinal.to_numpy()
        keys[start : start + batch.num_rows] = mix(mix(src.to_numpy(), dst.to_numpy()), small)
        start += batch.num_rows
    return keys


def _kind_numbers(kinds: pa.Array) -> Ids:
    """A number per kind that does not depend on the order of a dictionary."""
    if not pa.types.is_dictionary(kinds.type):
        kinds = kinds.dictionary_encode()
    numbers: Ids = hash_texts(kinds.dictionary.to_pylist()) >> np.int64(33)
    taken: Ids = numbers.take(kinds.indices.to_numpy())
    return taken


def _has(table: pa.Table, *kinds: SemanticType) -> bool:
    return all(columns_of(table.schema, kind) for kind in kinds)


def _references(tables: Mapping[str, pa.Table], equal: Sequence[str]) -> Iterator[tuple[str, Ids]]:
    """Each column that holds node ids, by name, with its values, but none twice.

    Of tables with equal edges, each kind of end comes from the one that is sorted by it. A site
    that is an end of its own edge is that end. A property's id may also be an edge's.
    """
    chosen: dict[SemanticType, tuple[str, Ids]] = {}
    for name, table in tables.items():
        schema = table.schema
        kinds = (SOURCE_ID, TARGET_ID, SITE_ID, *(() if _has(table, PROPERTY) else (NODE_ID,)))
        columns = [(kind, name) for kind in kinds for name in columns_of(schema, kind)]
        ends = [_ints(table, c) for kind, c in columns if kind in (SOURCE_ID, TARGET_ID)]
        for kind, column in columns:
            values = _ints(table, column)
            if kind == SITE_ID:
                elsewhere = np.ones(len(values), np.bool_)
                for end in ends:
                    elsewhere &= values != end
                yield f"{name}.{column}", values[elsewhere]
            elif name not in equal or kind == NODE_ID:
                yield f"{name}.{column}", values
            elif kind not in chosen or not _is_sorted(chosen[kind][1]):
                chosen[kind] = (f"{name}.{column}", values)
    yield from chosen.values()


def _is_sorted(values: Ids) -> bool:
    return bool(np.all(values[1:] >= values[:-1]))


def _runs(values: Ids) -> Ids:
    """The values without those that equal the one before."""
    return values[np.concatenate([[True], values[1:] != values[:-1]])] if len(values) else values


def _ordered(values: Ids) -> Ids:
    return values if _is_sorted(values) else np.sort(values)


def _ints(table: pa.Table, name: str) -> Ids:
    values: Ids = table.column(name).to_numpy().astype(np.int64, copy=False)
    return values


def _sentence(what: str, values: Ids) -> str:
    if not len(values):
        return ""
    some = ", ".join(str(value) for value in values[:_EXAMPLES].tolist())
    return f"{len(values)} {what} ({some}{', ...' if len(values) > _EXAMPLES else ''})"
