"""How a table lies in a Parquet file: row groups, pages, encodings, order.

Chosen by measurement (bench notes): integers byte-stream split and lz4, dictionary columns and texts
zstd, 65,536 rows per row group with a page index. That writes 14 million rows of a graph in 1.3 CPU s,
and a look-up by a sorted id reads one row group and one page of it. A dictionary column keeps its codes;
of a large dictionary each row group stores only the values that occur in it.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from codeanatomy.facts.errors import EngineError

Keys: TypeAlias = list[npt.NDArray[np.generic]]

ROW_GROUP = 1 << 16
_LARGE_DICTIONARY = 1024  # below this, a whole dictionary per row group costs nothing


def write_parquet(
    path: Path, chunks: Iterable[pa.Table], schema: pa.Schema, check: Callable[[], None]
) -> None:
    """Write the chunks, a row group each, to a new file; `check` may stop it between two."""
    coded = [f.name for f in schema if pa.types.is_dictionary(f.type)]
    numbers = [f.name for f in schema if _is_number(f.type)]
    codecs = {leaf: "zstd" for leaf in _leaves(schema)} | {name: "lz4" for name in numbers}
    writer = pq.ParquetWriter(
        path,
        schema,
        compression=codecs or "zstd",
        compression_level={name: 1 for name, codec in codecs.items() if codec == "zstd"} or None,
        use_dictionary=coded or False,
        column_encoding={name: "BYTE_STREAM_SPLIT" for name in numbers} or None,
        write_page_index=True,
    )
    with writer:
        for chunk in chunks:
            check()
            writer.write_table(_compact(chunk), row_group_size=ROW_GROUP)


def row_groups(data: pa.Table | pa.RecordBatchReader) -> Iterator[pa.Table]:
    """The data in pieces of one row group; a reader is consumed piece by piece."""
    if isinstance(data, pa.Table):
        for start in range(0, data.num_rows, ROW_GROUP):
            yield data.slice(start, ROW_GROUP)
        return
    waiting: list[pa.RecordBatch] = []
    rows = 0
    for batch in data:
        waiting.append(batch)
        rows += batch.num_rows
        if rows >= ROW_GROUP:
            table = pa.Table.from_batches(waiting, data.schema)
            whole = rows - rows % ROW_GROUP
            for start in range(0, whole, ROW_GROUP):
                yield table.slice(start, ROW_GROUP)
            waiting, rows = table.slice(whole).to_batches(), rows - whole
    if rows:
        yield pa.Table.from_batches(waiting, data.schema)


def sorted_by(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """The rows in the order of the columns, nulls first; the table itself when it is sorted already."""
    keys = [_sort_key(table, name) for name in names]
    if not keys or _is_sorted(keys):
        return table
    order = np.lexsort(keys[::-1])
    return pa.table(
        [_one(table.column(i)).take(pa.array(order)) for i in range(table.num_columns)],
        schema=table.schema,
    )


def statistics(path: Path) -> dict[str, object]:
    """Row count, and per integer column least and greatest value and nulls, as Delta's log wants it."""
    data = pq.read_metadata(path)
    least: dict[str, int] = {}
    most: dict[str, int] = {}
    nulls: dict[str, int] = {}
    for group in range(data.num_row_groups):
        for place in range(data.num_columns):
            column = data.row_group(group).column(place)
            stats, name = column.statistics, column.path_in_schema
            if stats is None or column.physical_type not in ("INT32", "INT64"):
                continue
            nulls[name] = nulls.get(name, 0) + stats.null_count
            if stats.has_min_max and isinstance(stats.min, int):
                least[name] = min(least.get(name, stats.min), stats.min)
                most[name] = max(most.get(name, stats.max), stats.max)
    counts = {name: nulls[name] for name in least}
    return {
        "numRecords": data.num_rows,
        "minValues": least,
        "maxValues": most,
        "nullCount": counts,
    }


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_float32(kind) or pa.types.is_float64(kind))


def _leaves(schema: pa.Schema) -> list[str]:
    """Parquet's paths of the columns; a nested column has one per leaf."""
    sink = pa.BufferOutputStream()
    pq.write_table(schema.empty_table(), sink)
    parquet = pq.ParquetFile(sink.getvalue()).schema
    return [parquet.column(i).path for i in range(len(parquet))]


def _compact(chunk: pa.Table) -> pa.Table:
    """The chunk with one dictionary per column, of large ones only the values that occur."""
    for place, field in enumerate(chunk.schema):
        if not pa.types.is_dictionary(field.type):
            continue
        column = _one(chunk.column(place))
        if len(column.dictionary) > _LARGE_DICTIONARY:
            column = _used(column)
        chunk = chunk.set_column(place, field, column)
    return chunk


def _used(column: pa.DictionaryArray) -> pa.DictionaryArray:
    codes = pc.fill_null(column.indices, 0).to_numpy()
    occurs = np.zeros(len(column.dictionary), np.bool_)
    occurs[codes] = True
    used = np.flatnonzero(occurs)
    places = np.zeros(len(occurs), np.int32)
    places[used] = np.arange(len(used), dtype=np.int32)
    mask = column.indices.is_null().to_numpy(zero_copy_only=False) if column.null_count else None
    return pa.DictionaryArray.from_arrays(
        pa.array(places[codes], column.indices.type, mask=mask), column.dictionary.take(pa.array(used))
    )


def _one(column: pa.ChunkedArray) -> pa.Array:
    """The column as one array with one dictionary."""
    if column.num_chunks == 1:
        return column.chunk(0)
    if pa.types.is_dictionary(column.type):
        column = column.unify_dictionaries()
    combined = column.combine_chunks()
    return combined if isinstance(combined, pa.Array) else combined.chunk(0)


def _sort_key(table: pa.Table, name: str) -> npt.NDArray[np.generic]:
    if name not in table.schema.names:
        raise EngineError(f"cannot sort by {name!r}; the columns are {table.schema.names}")
    column = _one(table.column(name))
    if not pa.types.is_dictionary(column.type) and not _is_number(column.type):
        column = column.dictionary_encode()
    if pa.types.is_dictionary(column.type):
        order = pc.sort_indices(column.dictionary).to_numpy()
        rank = np.empty(len(order) + 1, np.int32 if len(order) > 1 << 15 else np.int16)
        rank[order] = np.arange(len(order))
        rank[-1] = -1
        indices = pc.fill_null(column.indices.cast(pa.int64()), len(order))
        return rank[indices.to_numpy()]
    if column.null_count:
        raise EngineError(f"cannot sort by {name!r}: it has nulls")
    values: npt.NDArray[np.generic] = column.to_numpy()
    return values


def _is_sorted(keys: Keys) -> bool:
    tied = np.ones(max(len(keys[0]) - 1, 0), np.bool_)
    for key in keys:
        before, after = key[:-1], key[1:]
        if np.any(tied & (after < before)):
            return False
        tied &= after == before
    return True
