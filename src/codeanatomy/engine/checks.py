"""The laws of a graph, checked over whole tables before anything is published."""

from collections.abc import Mapping, Set

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from codeanatomy.facts.ids import Ids, hash_texts, mix
from codeanatomy.facts.schema import column_of, columns_of
from codeanatomy.facts.types import KIND, NODE_ID, ORDINAL, SITE_ID, SOURCE_ID, TARGET_ID

_EXAMPLES = 3


def broken_laws(tables: Mapping[str, pa.Table], kinds: Set[str]) -> list[str]:
    """One sentence per broken law, with examples; empty for a sound graph.

    Node ids are unique; every reference to a node has its node; edges are unique by kind, ends and
    ordinal; edge kinds are known; both edge tables hold the same edges.
    """
    nodes, edges, back = tables["nodes"], tables["edges"], tables["edges_by_dst"]
    ids = np.sort(_ints(nodes, column_of(nodes.schema, NODE_ID)))
    broken = [_sentence("node ids occur twice", repeated(ids))]
    for name, table in sorted(tables.items()):
        for column in _references(table):
            lost = dangling(np.sort(_ints(table, column)), ids)
            broken.append(_sentence(f"values of {name}.{column} have no node", lost))
    twice = duplicate_edges(edges)
    sources = _ints(edges, column_of(edges.schema, SOURCE_ID))[twice]
    broken.append(_sentence("edges occur twice; their sources", sources))
    unknown = unknown_kinds(edges, kinds)
    if unknown:
        broken.append(f"unknown edge kinds: {', '.join(unknown)}")
    if edge_sum(edges) != edge_sum(back):
        broken.append("edges and edges_by_dst hold different edges")
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
    if not len(ends):
        return ends
    distinct: Ids = ends[np.concatenate([[True], ends[1:] != ends[:-1]])]
    if not len(ids):
        return distinct
    places = np.minimum(np.searchsorted(ids, distinct), len(ids) - 1)
    lost: Ids = distinct[ids[places] != distinct]
    return lost


def duplicate_edges(edges: pa.Table) -> npt.NDArray[np.intp]:
    """Rows of edges that equal an earlier one in kind, source, target and ordinal, ascending."""
    keys = _edge_keys(edges)
    order = np.sort(keys)
    suspects = np.flatnonzero(np.isin(keys, repeated(order)))
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


def unknown_kinds(edges: pa.Table, kinds: Set[str]) -> list[str]:
    """Kinds of edges that are not in the catalogue, sorted."""
    found = pc.unique(edges.column(column_of(edges.schema, KIND))).to_pylist()
    return sorted(str(kind) for kind in set(found) - set(kinds))


def edge_sum(edges: pa.Table) -> tuple[int, int]:
    """Number of edges, and an order-free sum over kind, source, target and ordinal."""
    return edges.num_rows, int(_edge_keys(edges).view(np.uint64).sum())


def _edge_keys(edges: pa.Table) -> Ids:
    """One 63-bit number per edge, equal for equal edges."""
    schema = edges.schema
    keys = mix(
        _ints(edges, column_of(schema, SOURCE_ID)), _ints(edges, column_of(schema, TARGET_ID))
    )
    small = (_kind_numbers(edges) << np.int64(32)) + _ints(edges, column_of(schema, ORDINAL))
    return mix(keys, small)


def _kind_numbers(edges: pa.Table) -> Ids:
    """A number per kind that does not depend on the order of a dictionary."""
    column = edges.column(column_of(edges.schema, KIND))
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    column = column.unify_dictionaries().combine_chunks()
    chunk = column.chunk(0) if isinstance(column, pa.ChunkedArray) else column
    numbers: Ids = (hash_texts(chunk.dictionary.to_pylist()) >> np.int64(33))[
        chunk.indices.to_numpy()
    ]
    return numbers


def _references(table: pa.Table) -> list[str]:
    """The columns that point at nodes by their ids."""
    kinds = (SOURCE_ID, TARGET_ID, SITE_ID)
    return [name for kind in kinds for name in columns_of(table.schema, kind)]


def _ints(table: pa.Table, name: str) -> Ids:
    values: Ids = table.column(name).to_numpy().astype(np.int64, copy=False)
    return values


def _sentence(what: str, values: Ids) -> str:
    if not len(values):
        return ""
    some = ", ".join(str(value) for value in values[:_EXAMPLES].tolist())
    return f"{len(values)} {what} ({some}{', ...' if len(values) > _EXAMPLES else ''})"
