"""How a table lies in a Parquet file: row groups, pages, encodings, order.

Chosen by measurement: numbers byte-stream split and lz4, dictionary columns and texts zstd, 65,536
rows per row group, with a page index. That writes the 14 million rows of a large graph in 1.3 CPU s
(Delta's own writer: 3.0) and a look-up by a sorted id reads one page of one row group. A dictionary
column keeps its codes; of a large dictionary each row group stores only the values it uses.
Only integers have statistics: ids are what is looked up; those of texts cost a third of it all.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from codeanatomy.facts.errors import EngineError
from codeanatomy.facts.ids import Ids

ROW_GROUP = 1 << 16
_MOST_TIES = 10_000  # runs sorted one by one before it pays to sort everything
_FEW = 100  # values of a key that is sorted group by group
_LARGE_DICTIONARY = 1024  # below this, a whole dictionary per row group costs nothing


def write_parquet(
    path: Path, chunks: Iterable[pa.Table], schema: pa.Schema, check: Callable[[], None]
) -> None:
    """Write the chunks, a row group each, to a new file; `check` may stop it between two."""
    coded = [f.name for f in schema if pa.types.is_dictionary(f.type)]
    numbers = [f.name for f in schema if _is_number(f.type)]
    codecs = dict.fromkeys(_leaves(schema), "zstd") | dict.fromkeys(numbers, "lz4")
    writer = pq.ParquetWriter(
        path,
        schema,
        compression=codecs or "zstd",
        compression_level={name: 1 for name, codec in codecs.items() if codec == "zstd"} or None,
        use_dictionary=coded or False,
        write_statistics=[f.name for f in schema if pa.types.is_integer(f.type)] or False,
        column_encoding=dict.fromkeys(numbers, "BYTE_STREAM_SPLIT") or None,
        write_page_index=True,
        data_page_size=1 << 16,
        write_batch_size=1 << 10,
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


def sorted_row_groups(table: pa.Table, names: Sequence[str]) -> Iterator[pa.Table]:
    """The rows in the stable order of the columns, nulls first, in pieces of one row group.

    Piece by piece the sorted rows stay in the cache and a second copy of the table is never made.
    """
    keys = [_sort_key(table, name) for name in names]
    if not keys or _is_sorted(keys):
        yield from row_groups(table)
        return
    order = _order(keys)
    whole = pa.Table.from_arrays([_one(column) for column in table.columns], schema=table.schema)
    for start in range(0, len(order), ROW_GROUP):
        yield whole.take(pa.array(order[start : start + ROW_GROUP]))


def unified(table: pa.Table) -> pa.Table:
    """The table with one dictionary per column instead of one per chunk."""
    for place, field in enumerate(table.schema):
        column = table.column(place)
        if pa.types.is_dictionary(field.type) and column.num_chunks > 1:
            first = column.chunk(0).dictionary
            if not all(first.equals(chunk.dictionary) for chunk in column.chunks[1:]):
                table = table.set_column(place, field, column.unify_dictionaries())
    return table


def sorted_order(key: Ids) -> Ids:
    """Stable argsort of 64-bit integers, at half the price of numpy's.

    Numpy sorts values much faster than places, so the place stands in the low bits of the value;
    what the high bits alone could not tell apart is sorted afterwards.
    """
    bits = np.int64(max(len(key) - 1, 1).bit_length())
    packed = key >> bits
    packed <<= bits
    packed |= np.arange(len(key), dtype=np.int64)
    packed.sort()
    order = packed & ((np.int64(1) << bits) - 1)
    ordered = key[order]
    high = np.right_shift(packed, bits, out=packed)
    wrong = np.unique(high[1:][ordered[1:] < ordered[:-1]])
    if len(wrong) > _MOST_TIES:
        return np.argsort(key, kind="stable")
    if len(wrong):
        begins, ends = np.searchsorted(high, wrong), np.searchsorted(high, wrong, "right")
        tied = np.concatenate([np.arange(b, e) for b, e in zip(begins, ends, strict=True)])
        order[tied] = order[tied[np.argsort(ordered[tied], kind="stable")]]
    return order


def _order(keys: Sequence[Ids]) -> Ids:
    """Stable order by several keys; two of which the first has few values sort group by group."""
    if len(keys) == 1:
        return sorted_order(keys[0])
    if len(keys) > 2 or int(keys[0].max()) >= _FEW or int(keys[0].min()) < 0:
        return np.lexsort(keys[::-1])
    groups = np.argsort(keys[0].astype(np.int8), kind="stable")  # a radix sort
    counts = np.bincount(keys[0])
    for end, count in zip(np.cumsum(counts).tolist(), counts.tolist(), strict=True):
        rows = groups[end - count : end]
        groups[end - count : end] = rows[sorted_order(keys[1][rows])]
    return groups


def statistics(path: Path) -> dict[str, object]:
    """Rows, and per integer column least and greatest value and nulls, as Delta's log has it."""
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
        pa.array(places[codes], column.indices.type, mask=mask),
        column.dictionary.take(pa.array(used)),
    )


def _one(column: pa.ChunkedArray) -> pa.Array:
    """The column as one array with one dictionary."""
    if column.num_chunks == 1:
        return column.chunk(0)
    if not pa.types.is_dictionary(column.type):
        return pa.concat_arrays(column.chunks) if column.num_chunks else pa.array([], column.type)
    if not column.num_chunks:
        return pa.array([], column.type.value_type).dictionary_encode().cast(column.type)
    first = column.chunk(0).dictionary
    if not all(first.equals(chunk.dictionary) for chunk in column.chunks[1:]):
        column = column.unify_dictionaries()
    codes = pa.concat_arrays([chunk.indices for chunk in column.chunks])
    return pa.DictionaryArray.from_arrays(codes, column.chunk(0).dictionary)


def _sort_key(table: pa.Table, name: str) -> Ids:
    """The column as integers of the same order; -1 for null."""
    if name not in table.schema.names:
        raise EngineError(f"cannot sort by {name!r}; the columns are {table.schema.names}")
    column = _one(table.column(name))
    if pa.types.is_integer(column.type) and not column.null_count:
        return np.asarray(column.to_numpy(), np.int64)
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    order = pc.sort_indices(column.dictionary).to_numpy()
    rank = np.full(len(order) + 1, -1, np.int64)
    rank[order] = np.arange(len(order))
    ranks: Ids = rank[pc.fill_null(column.indices.cast(pa.int64()), len(order)).to_numpy()]
    return ranks


def _is_sorted(keys: Sequence[Ids]) -> bool:
    tied = np.ones(max(len(keys[0]) - 1, 0), np.bool_)
    for key in keys:
        before, after = key[:-1], key[1:]
        if np.any(tied & (after < before)):
            return False
        tied &= after == before
    return True
