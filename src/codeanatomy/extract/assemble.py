"""How do rows of many packs become one table per kind of evidence, in the order of the files?"""

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from codeanatomy.extract.cache import Place

Ids = npt.NDArray[np.int64]
NOTHING = np.zeros(0, np.int64)
FEW_ROWS = 1 << 14  # below this mean size of chunks a table is copied into one chunk


def assemble(
    places: Sequence[Place], file_ids: Ids, schemas: Mapping[str, pa.Schema]
) -> dict[str, pa.Table]:
    """All tables over the files, whose i-th has its rows at `places[i]` and the id `file_ids[i]`.

    `schemas` are those of the results (`file_id` first). Plain columns stay where they are mapped
    unless they lie in many small pieces. Dictionaries hold exactly the values in use, sorted, so
    that equal rows have equal bytes however they were batched.
    """
    packs = list({id(place.pack): place.pack for place in places}.values())
    number = {id(pack): i for i, pack in enumerate(packs)}
    pack = np.fromiter((number[id(place.pack)] for place in places), np.int64, len(places))
    ordinal = np.fromiter((place.ordinal for place in places), np.int64, len(places))
    return {
        name: _table(
            schema,
            [one.tables.get(name) for one in packs],
            pack,
            _bounds([one.offsets.get(name, NOTHING) for one in packs], pack, ordinal),
            file_ids,
        )
        for name, schema in schemas.items()
    }


def _table(
    schema: pa.Schema,
    tables: Sequence[pa.RecordBatch | None],
    pack: Ids,
    bounds: tuple[Ids, Ids],
    file_ids: Ids,
) -> pa.Table:
    begin, end = bounds
    owner = np.repeat(file_ids, end - begin)
    used = end > begin
    pack, begin, end = pack[used], begin[used], end[used]
    first = np.ones(len(pack), bool)
    first[1:] = (pack[1:] != pack[:-1]) | (begin[1:] != end[:-1])
    last = np.append(first[1:], True)[: len(first)]
    runs = zip(pack[first].tolist(), begin[first].tolist(), end[last].tolist(), strict=True)
    slices = [tables[p].slice(a, b - a) for p, a, b in runs]
    rows = pa.Table.from_batches(slices, pa.schema(list(schema)[1:]))
    if len(slices) > 1 and len(owner) < FEW_ROWS * len(slices):
        rows = rows.unify_dictionaries().combine_chunks()
    columns = [pa.chunked_array([owner])]
    for field, column in zip(rows.schema, rows.columns, strict=True):
        columns.append(_canonical(column) if pa.types.is_dictionary(field.type) else column)
    return pa.Table.from_arrays(columns, schema=schema)


def _bounds(offsets: Sequence[Ids], pack: Ids, ordinal: Ids) -> tuple[Ids, Ids]:
    """Where each file's rows begin and end in its pack's table; nowhere in an absent table."""
    filled = np.array([len(one) > 0 for one in offsets], bool)
    base = np.cumsum([0, *(len(one) for one in offsets)])[:-1]
    flat = np.concatenate([*offsets, np.zeros(2, np.int64)])
    at = np.where(filled[pack], base[pack] + ordinal, len(flat) - 2)
    return flat[at], flat[at + 1]


def _canonical(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """The dictionary column with one dictionary of the values in use, in byte order."""
    kind = column.type
    if column.num_chunks == 0:
        return column
    column = column.unify_dictionaries()
    values = column.chunk(0).dictionary
    used = np.zeros(len(values) + 1, bool)
    for chunk in column.chunks:
        used[chunk.indices.fill_null(len(values)).to_numpy(zero_copy_only=False)] = True
    kept = np.flatnonzero(used[:-1])
    texts = values.take(pa.array(kept))
    order = pc.sort_indices(texts).to_numpy()
    codes = np.zeros(len(values), np.int32)
    codes[kept[order]] = np.arange(len(kept), dtype=np.int32)
    sorted_texts, new = texts.take(pa.array(order)), pa.array(codes)
    return pa.chunked_array(
        [
            pa.DictionaryArray.from_arrays(new.take(chunk.indices), sorted_texts)
            for chunk in column.chunks
        ],
        kind,
    )
