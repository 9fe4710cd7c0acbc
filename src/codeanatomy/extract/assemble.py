"""How do rows of many packs become one table per kind of evidence, in the order of the files?"""

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from codeanatomy.extract.cache import Pack, Place
from codeanatomy.facts.ids import Ids

Run = tuple[int, int, int]
FEW_ROWS = 1 << 11  # below this mean size of chunks a table is copied into one chunk


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
    found = {}
    for name, schema in schemas.items():
        tables = [one.tables.get(name) for one in packs]
        begin, end = _bounds(name, packs, pack, ordinal)
        ids = np.repeat(file_ids, end - begin)
        found[name] = _table(schema, tables, _runs(pack, begin, end), ids)
    return found


def _table(
    schema: pa.Schema, tables: Sequence[pa.RecordBatch], runs: Sequence[Run], files: Ids
) -> pa.Table:
    columns = [pa.chunked_array([files])]
    used = sorted({p for p, _, _ in runs})
    scattered = len(files) < FEW_ROWS * len(runs)
    for field in list(schema)[1:]:
        parts = [tables[p].column(field.name) for p in used]
        coded = pa.types.is_dictionary(field.type)
        if coded:
            parts = pa.chunked_array(parts, field.type).unify_dictionaries().chunks
            texts = parts[0].dictionary if parts else pa.array([], pa.string())
            parts = [part.indices for part in parts]
        whole = dict(zip(used, parts, strict=True))
        slices = [whole[p].slice(first, last - first) for p, first, last in runs]
        if scattered:
            slices = [pa.concat_arrays(slices)] if slices else []
        columns.append(_coded(slices, texts) if coded else pa.chunked_array(slices, field.type))
    return pa.Table.from_arrays(columns, schema=schema)


def _coded(slices: Sequence[pa.Array], texts: pa.Array) -> pa.ChunkedArray:
    """These codes in a new dictionary: the texts in use, in byte order."""
    used = np.zeros(len(texts) + 1, bool)
    for codes in slices:
        used[codes.fill_null(len(texts)) if codes.null_count else codes] = True
    kept = np.flatnonzero(used[:-1])
    order = pc.sort_indices(texts.take(pa.array(kept))).to_numpy()
    rank = np.zeros(len(texts), np.int32)
    rank[kept[order]] = np.arange(len(order), dtype=np.int32)
    texts, ranks = texts.take(pa.array(kept[order])), pa.array(rank)
    new = [pa.DictionaryArray.from_arrays(ranks.take(codes), texts) for codes in slices]
    return pa.chunked_array(new, pa.dictionary(pa.int32(), pa.string()))


def _runs(pack: Ids, begin: Ids, end: Ids) -> list[Run]:
    """Pack, first row and end of each stretch of rows that stand together in a pack."""
    used = end > begin
    pack, begin, end = pack[used], begin[used], end[used]
    first = np.ones(len(pack), bool)
    first[1:] = (pack[1:] != pack[:-1]) | (begin[1:] != end[:-1])
    last = np.append(first[1:], True)[: len(first)]
    return list(zip(pack[first].tolist(), begin[first].tolist(), end[last].tolist(), strict=True))


def _bounds(name: str, packs: Sequence[Pack], pack: Ids, ordinal: Ids) -> tuple[Ids, Ids]:
    """Where each file's rows begin and end in its pack's table; nowhere in an absent table."""
    found = [p.offsets.get(name, np.zeros(len(p.contents) + 1, np.int64)) for p in packs]
    at = np.cumsum([0, *map(len, found)])[pack] + ordinal
    flat = np.concatenate([np.zeros(0, np.int64), *found])
    return flat[at], flat[at + 1]
