"""Who calls a thing, and what it calls, to any depth.

Each step is a few narrow lookups of ids. A function is entered once, at its least depth, so cycles
end; `chain` names one shortest way between it and the thing that was asked for, callers first.
"""

import msgspec
import numpy as np
import pyarrow as pa

from codeanatomy.facts.errors import UsageError
from codeanatomy.facts.ids import Ids, distinct
from codeanatomy.query.resolve_name import Symbol
from codeanatomy.query.tables import Tables, id_table

_WAYS = {
    "caller": "array_prepend(caller, coalesce(chain, make_array(callee)))",
    "callee": "array_append(coalesce(chain, make_array(caller)), callee)",
}


def sure(certain: bool) -> str:
    """SQL condition: edges that are only possible are left out."""
    return "certainty = 'certain'" if certain else "true"


def ids_of(symbols: list[Symbol]) -> Ids:
    """Their node ids, distinct and sorted."""
    return distinct(np.array([s.node_id for s in symbols], np.int64))


def walk(
    tables: Tables, symbols: list[Symbol], *, into: bool, depth: int, certain: bool
) -> pa.Table:
    """Calls into the symbols, then into their callers, ... to the depth; nearest first. Or calls
    out of them, then out of their callees."""
    if depth < 1:
        raise UsageError(f"depth {depth} asks for nothing; it counts from 1")
    near, far = ("callee", "caller") if into else ("caller", "callee")
    ids = ids_of(symbols) if into else bodies(tables, symbols)
    asked = seen = id_table(ids)
    asked = asked.append_column("chain", pa.nulls(len(ids), pa.list_(pa.string())))
    words = {"near": near, "way": _WAYS[far], "kept": sure(certain)}
    parts: list[pa.Table] = []
    for level in range(1, depth + 1):
        if level > 1:
            asked = tables.asked("reached", {"found": parts[-1], "seen": seen}, far=far)
            seen = pa.concat_tables([seen, asked.select(["id"])], promote_options="default")
        if level > 1 and not asked.num_rows:
            break
        given = {"asked": asked, "sites": tables.asked(f"{far}s", {"asked": asked})}
        parts.append(tables.asked("calls", given, depth=level, **words))
    found = pa.concat_tables(parts, promote_options="default")
    return found.drop_columns(["caller_id", "callee_id"])


def bodies(tables: Tables, symbols: list[Symbol]) -> Ids:
    """Ids of the METHODs of the symbols: a function itself, or all code of a class or module."""
    given = {"symbols": pa.Table.from_pylist(msgspec.to_builtins(symbols))}
    return distinct(tables.asked("bodies", given)["node_id"].to_numpy())


def unresolved_calls(tables: Tables, key: str, ids: Ids) -> int:
    """Number of call sites without a target in these containers or statements, as the key says."""
    return int(tables.asked("calls_missed", {"asked": id_table(ids)}, key=key)["sites"][0].as_py())
