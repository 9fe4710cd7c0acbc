"""Front door: two nodes with one id are told apart, and the later one is reported.

Ids keep 63 bits, so this is rare (facts/ids.py); it must not be silent. The later node, by file
order and position, gets a new key in every evidence row that mentions it, and the views run again.
"""

from collections.abc import Iterable, Mapping
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from codeanatomy.facts import types as t
from codeanatomy.facts.errors import GraphError
from codeanatomy.facts.ids import Ids, hash_text, mix_one, node_id
from codeanatomy.facts.problem import CODES
from codeanatomy.facts.schema import columns_of, semantic_type, table_of
from codeanatomy.facts.tables.graph import Problem

_AGAIN = hash_text("collision:")


def separate(
    tables: Mapping[str, pa.Table], entities: Iterable[str], duplicated: Ids
) -> tuple[dict[str, pa.Table], pa.Table]:
    """The evidence with new keys for the later node of each duplicated id, and a problem for each.

    Raises GraphError when a witness gave one key to two nodes of one file: that is no accident.
    """
    wanted = np.unique(duplicated)
    found: set[tuple[int, int, int, int, int]] = set()  # id, order of the file, start, file, key
    paths = dict(
        zip(*(tables["source_file"][c].to_pylist() for c in ("file_id", "path")), strict=True)
    )
    order = {f: i for i, f in enumerate(paths)}
    for table in map(tables.__getitem__, entities):
        file = table[columns_of(table.schema, t.FILE)[0]].to_numpy()
        starts = columns_of(table.schema, t.BSTART)
        for column in (c for m in (t.NODE, t.OWNER) for c in columns_of(table.schema, m)):
            key = table[column].to_numpy()
            made = node_id(file, key)
            for i in np.flatnonzero(np.isin(made, wanted)).tolist():
                start = table[starts[0]][i].as_py() if starts else 0
                f, k = int(file[i]), int(key[i])
                found.add((int(made[i]), order.get(f, -1), start, f, k))
    if len({(f, k) for *_, f, k in found}) != len(found):
        raise GraphError(
            f"two nodes of one file have one key: {sorted(found)[:3]}; please report this"
        )
    later = [b for a, b in pairwise(sorted(found)) if a[0] == b[0]]
    replaced = dict(tables)
    for *_, file_of, old in later:
        new = pa.scalar(mix_one(old, _AGAIN), pa.int64())
        for name, table in replaced.items():
            for index, field in enumerate(table.schema):
                meaning = semantic_type(field)
                if meaning is not None and meaning.within:
                    beside = table[columns_of(table.schema, t.TYPES[meaning.within])[0]]
                    same = pc.and_(pc.equal(beside, file_of), pc.equal(table[index], old))
                    values = pc.if_else(pc.fill_null(same, False), new, table[index])
                    replaced[name] = table = table.set_column(index, field, values)
    code = CODES["id-collision"]
    told = ("build", "build", code.code, code.severity, code.meaning)
    rows = [(*told, paths.get(f, ""), start, start, 0) for _, _, start, f, _ in later]
    return replaced, table_of(Problem, rows)
