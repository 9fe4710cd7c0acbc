"""The order in which a table is stored: made once, right after its view ran.

Laws and store then read sorted columns: equal ids are neighbours, and the ends of edges come in
few ascending stretches.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from codeanatomy.facts.errors import EngineError
from codeanatomy.facts.ids import Ids

Keys: TypeAlias = npt.NDArray[np.signedinteger]

_FEW = 100  # values of a key that is sorted group by group


def in_order(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """The rows in the stable order of the columns, nulls first; one dictionary per column.

    Columns come one by one, so that one of them at a time is copied twice.
    """
    keys = [sort_key(table, name) for name in names]
    order = None if not keys or is_sorted(keys) else pa.array(_order(keys))
    columns = [_placed(column, order) for column in table.columns]
    return pa.Table.from_arrays(columns, schema=table.schema)


def is_sorted(keys: Sequence[Keys]) -> bool:
    """Whether rows with these keys, the first one first, ascend."""
    tied: npt.NDArray[np.bool_] | None = None
    for key in keys:
        falls = key[1:] < key[:-1]
        if np.any(falls if tied is None else falls & tied):
            return False
        same = key[1:] == key[:-1]
        tied = same if tied is None else same & tied
    return True


def ints(column: pa.ChunkedArray) -> Keys:
    """The column's integers as one array, copied only from several chunks."""
    chunks = [chunk.to_numpy() for chunk in column.chunks]
    return chunks[0] if len(chunks) == 1 else np.concatenate([np.zeros(0, np.int8), *chunks])


def _order(keys: Sequence[Keys]) -> Ids:
    """Stable order by several keys; two of which the first has few values sort group by group."""
    if len(keys) == 1:
        return np.argsort(keys[0], kind="stable")
    values = np.unique(keys[0]).tolist() if len(keys) == 2 and keys[0].dtype == np.int8 else []
    if not values:
        return np.lexsort(keys[::-1])
    order, end = np.empty(len(keys[0]), np.int64), 0
    for value in values:
        rows = np.flatnonzero(keys[0] == value)
        begin, end = end, end + len(rows)
        order[begin:end] = rows[np.argsort(keys[1][rows], kind="stable")]
    return order


def sort_key(table: pa.Table, name: str) -> Keys:
    """The column as integers of the same order; -1 for null."""
    if name not in table.schema.names:
        raise EngineError(f"cannot sort by {name!r}; the columns are {table.schema.names}")
    column = table.column(name)
    if pa.types.is_integer(column.type) and not column.null_count:
        return ints(column)
    column = column.combine_chunks()
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    order = pc.sort_indices(column.dictionary).to_numpy()
    rank: Keys = np.full(len(order) + 1, -1, np.int8 if len(order) < _FEW else np.int64)
    rank[order] = np.arange(len(order))
    return rank.take(codes(column))


def codes(column: pa.DictionaryArray) -> Keys:
    """Index into the dictionary per row; a null is the index behind the last value."""
    indices = column.indices
    if indices.null_count:
        indices = pc.fill_null(indices.cast(pa.int64()), len(column.dictionary))
    found: Keys = indices.to_numpy()
    return found


def _placed(column: pa.ChunkedArray, order: pa.Array | None) -> pa.ChunkedArray | pa.Array:
    """The column in this order, or as it is for None but for its one dictionary."""
    if order is None and not pa.types.is_dictionary(column.type):
        return column
    whole = column.combine_chunks()
    return whole if order is None else whole.take(order)
