"""Front door: two nodes with one id are told apart, and the later one is reported.

Ids keep 63 bits, so this is rare (facts/ids.py); it must not be silent. The later node, by file
order and position, gets a new key in every evidence row that mentions it, and the views run again.
"""

from collections.abc import Iterator, Mapping
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from codeanatomy.facts import types as t
from codeanatomy.facts.errors import GraphError
from codeanatomy.facts.ids import Ids, hash_text, mix_one, node_id
from codeanatomy.facts.schema import columns_of, semantic_type

_AGAIN = hash_text("collision:")


def separate(
    tables: Mapping[str, pa.Table], entities: frozenset[str], duplicated: Ids
) -> tuple[dict[str, pa.Table], list[tuple[int, int]]]:
    """The evidence with new keys for the later node of each duplicated id, and (file, start) of
    each.

    Raises GraphError when a witness gave one key to two nodes of one file: that is no accident.
    """
    wanted = np.unique(duplicated)
    found: list[tuple[int, int, int, int, int]] = []  # id, order of the file, start, file, key
    order = {f: i for i, f in enumerate(tables["source_file"]["file_id"].to_pylist())}
    for name in sorted(entities):
        table = tables[name]
        file = table[columns_of(table.schema, t.FILE)[0]].to_numpy()
        starts = columns_of(table.schema, t.BSTART)
        for column in (c for m in (t.NODE, t.OWNER) for c in columns_of(table.schema, m)):
            key = table[column].to_numpy()
            made = node_id(file, key)
            for i in np.flatnonzero(np.isin(made, wanted)).tolist():
                start = table[starts[0]][i].as_py() if starts else 0
                f, k = int(file[i]), int(key[i])
                found.append((int(made[i]), order.get(f, -1), start, f, k))
    found = sorted(set(found))
    later = [b for a, b in pairwise(found) if a[0] == b[0]]
    if len({(f, k) for *_, f, k in found}) != len(found):
        raise GraphError(f"two nodes of one file have one key: {found[:3]}; please report this")
    replaced = dict(tables)
    for *_, file_of, old in later:
        new = pa.scalar(mix_one(old, _AGAIN), pa.int64())
        for name, index, same in _mentions(replaced, file_of, old):
            table = replaced[name]
            values = pc.if_else(same, new, table[index])
            replaced[name] = table.set_column(index, table.schema.field(index), values)
    return replaced, [(f, start) for _, _, start, f, _ in later]


def _mentions(
    tables: Mapping[str, pa.Table], file: int, key: int
) -> Iterator[tuple[str, int, pa.ChunkedArray]]:
    """Every (table, column, mask of rows) where the file's node stands."""
    for name, table in list(tables.items()):
        for index, field in enumerate(table.schema):
            meaning = semantic_type(field)
            if meaning is None or not meaning.within or not table.num_rows:
                continue
            within = columns_of(table.schema, t.TYPES[meaning.within])[0]
            same = pc.and_(pc.equal(table[within], file), pc.equal(table[index], key))
            same = pc.fill_null(same, False)
            if pc.any(same).as_py():
                yield name, index, same
