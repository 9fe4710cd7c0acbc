"""In which order do a table's rows lie, and what is in it, as one number?

The order is made once, right after a view ran. Laws and store then read sorted columns: equal ids
are neighbours, and the ends of edges come in few ascending stretches. The content hash is free of
order, chunks and encodings.
"""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from codeanatomy.facts.errors import EngineError
from codeanatomy.facts.ids import Ids, hash_text, hash_texts

Keys: TypeAlias = npt.NDArray[np.signedinteger]
Words: TypeAlias = npt.NDArray[np.uint64]

_FEW = 100  # values whose ranks fit into a byte
ROWS = 1 << 15  # rows per step: every array of a step stays in the second-level cache
_MASK = (1 << 64) - 1
_A, _B, _C = (np.uint64(n) for n in (0x9E3779B97F4A7C15, 0xBF58476D1CE4E5B9, 0x94D049BB133111EB))
_LONG = 512
_NULL = np.uint64(0x6E756C6C5F5F5F5F)


def in_order(table: pa.Table, names: Sequence[str]) -> pa.Table:
    """The rows in the stable order of the columns, nulls first; one dictionary per column.

    Columns come one by one and leave the table that nobody else holds, so that one of them at a
    time is copied twice.
    """
    keys = [sort_key(table, name) for name in names]
    order = None if not keys or is_sorted(keys) else pa.array(np.lexsort(keys[::-1]))
    schema, columns = table.schema, table.columns[::-1]
    del table, keys
    placed = []
    while columns:
        placed.append(_placed(columns.pop(), order))
    return pa.Table.from_arrays(placed, schema=schema)


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


def content_hash(data: pa.Table) -> str:
    """16 hex digits: sum of row hashes mod 2^64 over all columns, names included.

    Equal for any order of rows and columns, any chunking, dictionary encoded or plain strings, and
    any integer width. Nulls differ from every value; floats count by their bits. EngineError for
    columns that are neither texts, bytes, numbers, times nor booleans.
    """
    seeds = []
    for place, field in enumerate(data.schema):
        family = _family(field.name, field.type)
        seeds.append(np.uint64(2 * hash_text(f"{field.name}:{family}") + 1))
        if family in ("text", "bytes") and not pa.types.is_dictionary(field.type):
            # each distinct text is hashed once
            data = data.set_column(place, field.name, data.column(place).dictionary_encode())
    known: dict[str, tuple[pa.Array, Words]] = {}
    total = sum(map(int, seeds))
    for batch in data.to_batches(max_chunksize=ROWS):
        rows = np.zeros(batch.num_rows, np.uint64)
        for name, column, seed in zip(data.schema.names, batch.columns, seeds, strict=True):
            if not pa.types.is_dictionary(column.type):
                rows += _hashed(column, seed)
                continue
            held = column.dictionary
            if name not in known or not (known[name][0] is held or known[name][0].equals(held)):
                known[name] = held, np.append(_hashed(held, seed), _null(seed))
            rows += known[name][1].take(codes(column))
        total += int(_mixed(rows, _C).sum())
    return f"{int(_mixed(np.array([total & _MASK], np.uint64), _NULL)[0]):016x}"


def _family(name: str, kind: pa.DataType) -> str:
    """One name for all types whose equal values count as equal."""
    t = pa.types
    if t.is_dictionary(kind):
        return _family(name, kind.value_type)
    for family, like in (
        ("text", (t.is_string, t.is_large_string, t.is_string_view)),
        ("bytes", (t.is_binary, t.is_large_binary, t.is_binary_view)),
        ("int", (t.is_integer,)),
        ("float", (t.is_float32, t.is_float64)),
        (str(kind), (t.is_boolean, t.is_temporal)),
    ):
        if any(is_like(kind) for is_like in like):
            return family
    raise EngineError(f"column {name!r}: no content hash for {kind}; cast it to a plain type")


def _hashed(column: pa.Array, seed: np.uint64) -> Words:
    """One hash per row of a column."""
    text = _family("", column.type) in ("text", "bytes")
    result = _mixed(_text_words(column) if text else _bits(column), seed)
    if column.null_count:
        result[column.is_null().to_numpy(zero_copy_only=False)] = _null(seed)
    return result


def _bits(column: pa.Array) -> Words:
    """The values as fresh 64-bit words; what stands under a null does not matter."""
    t, kind = pa.types, column.type
    if t.is_floating(kind):
        column = column.cast(pa.float64()).view(pa.int64())
    elif t.is_temporal(kind) or t.is_uint64(kind):
        column = column.view(pa.int64() if kind.bit_width == 64 else pa.int32())
    values: Ids = pc.fill_null(column.cast(pa.int64()), 0).to_numpy()
    return values.view(np.uint64).copy()


def _text_words(texts: pa.Array) -> Words:
    """One word per text, eight bytes of all texts at a time: a tenth of the price of blake2b each.

    Texts of more than `_LONG` bytes are few and would need many steps: they do go through blake2b.
    """
    texts = texts.cast(pa.large_binary())
    count = len(texts)
    if not count:
        return np.zeros(0, np.uint64)
    offsets = np.frombuffer(texts.buffers()[1], np.int64, count + 1, texts.offset * 8)
    starts, left = offsets[:-1].copy(), np.diff(offsets)
    words = left.astype(np.uint64)
    long = np.flatnonzero(left > _LONG)
    words[long] = hash_texts(texts.take(pa.array(long)).to_pylist()).view(np.uint64)
    rows = np.flatnonzero((left > 0) & (left <= _LONG))
    if len(rows):
        content = bytes(texts.buffers()[2]) + bytes(8)
        eights = np.ndarray((len(content) - 7,), "<u8", content, strides=(1,))
    while len(rows):
        spare = np.maximum(8 - left[rows], 0).astype(np.uint64) * np.uint64(8)
        piece = eights[starts[rows]] << spare  # bytes behind the end fall off
        words[rows] = _mixed(words[rows] ^ piece, _B)
        starts[rows] += 8
        left[rows] -= 8
        rows = rows[left[rows] > 0]
    return words


def _null(seed: np.uint64) -> np.uint64:
    return np.uint64(_mixed(np.array([_NULL], np.uint64), seed ^ _C)[0])


def _mixed(words: Words, seed: np.uint64) -> Words:
    """The words, mixed in place under the seed."""
    words += seed
    words *= _A
    words ^= words >> np.uint64(32)
    words *= _B
    words ^= words >> np.uint64(29)
    return words
