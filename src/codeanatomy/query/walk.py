"""Who calls a thing, and what it calls, to any depth.

Each step is a few narrow lookups of ids. A function is entered once, at its least depth, so cycles
end; `chain` names one shortest way between it and the thing that was asked for, callers first.
"""

from collections.abc import Callable

import numpy as np
import pyarrow as pa

from codeanatomy.query.resolve_name import Symbol
from codeanatomy.query.symbols import ids_of
from codeanatomy.query.tables import Ids, Tables, distinct, id_table

CALL_ROWS = pa.schema(
    [
        pa.field("caller", pa.string()),
        pa.field("callee", pa.string()),
        pa.field("path", pa.string()),
        pa.field("line", pa.int32()),
        pa.field("certainty", pa.string()),
        pa.field("confidence", pa.float64()),
        pa.field("evidence", pa.list_(pa.string())),
        pa.field("origin", pa.string()),
        pa.field("bstart", pa.int64()),
        pa.field("bend", pa.int64()),
        pa.field("depth", pa.int32()),
        pa.field("chain", pa.list_(pa.string())),
    ]
)
_CALLABLE = "t.kind IN ('METHOD', 'TYPE_DECL', 'EXTERNAL')"  # of few kinds few pages are read
_EDGE = (
    "t.src AS site, t.dst AS callee_id, t.site AS place, t.file_id, "
    "t.certainty, t.confidence, t.evidence, t.origin"
)


def callers(
    tables: Tables, symbols: list[Symbol], *, depth: int = 1, certain: bool = False
) -> pa.Table:
    """Call sites of the symbols, then of their callers, ... to the depth; nearest first."""
    return _walk(tables, ids_of(symbols), _into, far="caller_id", depth=depth, certain=certain)


def callees(
    tables: Tables, symbols: list[Symbol], *, depth: int = 1, certain: bool = False
) -> pa.Table:
    """Calls that the symbols make, then those that their callees make, ... to the depth."""
    start = bodies(tables, symbols)
    return _walk(tables, start, _out_of, far="callee_id", depth=depth, certain=certain)


def bodies(tables: Tables, symbols: list[Symbol]) -> Ids:
    """Ids of the METHODs of the symbols: a function itself, or all code of a class or module."""
    found = [s.node_id for s in symbols if s.kind not in ("TYPE_DECL", "NAMESPACE_BLOCK")]
    for s in symbols:
        if s.kind in ("TYPE_DECL", "NAMESPACE_BLOCK") and s.rank == 0:
            prefix = s.qualified_name.replace("'", "''") + "."
            rows = tables.sql(
                f"SELECT node_id FROM nodes WHERE kind = 'METHOD' AND file_id = {s.file_id} "
                f"AND starts_with(qualified_name, '{prefix}')"
            )
            found += rows["node_id"].to_pylist()
    return distinct(np.array(found, np.int64))


def unresolved_inside(tables: Tables, symbols: list[Symbol]) -> int:
    """Number of call sites without a target in the code of the symbols."""
    inner = tables.lookup(
        "edges", "src", bodies(tables, symbols), "t.dst AS node_id", "t.kind = 'CONTAINS'"
    )
    sites = tables.lookup(
        "unresolved", "node_id", inner["node_id"].to_numpy(), "t.node_id", "t.what = 'call'"
    )
    return len(distinct(sites["node_id"].to_numpy()))


def _walk(
    tables: Tables,
    start: Ids,
    step: Callable[[Tables, Ids, str], pa.Table],
    *,
    far: str,
    depth: int,
    certain: bool,
) -> pa.Table:
    """Rows of all steps; `far` is the column of the end that a step newly reaches."""
    chains: dict[int, list[str]] = {}
    seen, frontier, parts = start, start, [CALL_ROWS.empty_table()]
    where = " AND t.certainty = 'certain'" if certain else ""
    for level in range(1, depth + 1):
        if not len(frontier):
            break
        rows = _named(tables, step(tables, frontier, where))
        parts.append(_finished(rows, level, far, chains))
        reached = distinct(rows[far].to_numpy())
        frontier = reached[~np.isin(reached, seen, assume_unique=True)]
        seen = np.concatenate([seen, frontier])
    return pa.concat_tables(parts)


def _into(tables: Tables, ids: Ids, where: str) -> pa.Table:
    """Call edges whose target is one of the ids."""
    wanted = "t.kind = 'CALL'"
    sites = tables.lookup("edges_by_dst", "dst", ids, "t.src", wanted)["src"].to_numpy()
    edges = tables.lookup("edges", "src", sites, _EDGE, wanted + where)
    owners = tables.lookup(
        "edges_by_dst", "dst", sites, "t.dst AS inner_id, t.src AS caller_id", "t.kind = 'CONTAINS'"
    )
    return tables.sql_with(
        {"found": edges, "owners": owners, "asked": id_table(ids)},
        "SELECT found.*, caller_id FROM found JOIN owners ON inner_id = found.site "
        "JOIN asked ON id = callee_id",
    )


def _out_of(tables: Tables, ids: Ids, where: str) -> pa.Table:
    """Call edges of the sites that the ids contain."""
    owners = tables.lookup(
        "edges", "src", ids, "t.dst AS inner_id, t.src AS caller_id", "t.kind = 'CONTAINS'"
    )
    edges = tables.lookup(
        "edges", "src", owners["inner_id"].to_numpy(), _EDGE, "t.kind = 'CALL'" + where
    )
    return tables.sql_with(
        {"found": edges, "owners": owners},
        "SELECT found.*, caller_id FROM found JOIN owners ON inner_id = found.site",
    )


def _named(tables: Tables, rows: pa.Table) -> pa.Table:
    """The rows with names and places, in a total order."""
    ends = np.concatenate([rows["caller_id"].to_numpy(), rows["callee_id"].to_numpy()])
    names = tables.lookup("nodes", "node_id", ends, "t.node_id, t.qualified_name", _CALLABLE)
    places = tables.lookup(
        "spans",
        "node_id",
        rows["place"].to_numpy(),
        "t.node_id, t.bstart, t.bend, t.line",
    )
    return tables.sql_with(
        {"found": rows, "named": names, "places": places},
        """
        SELECT m.qualified_name AS caller,
               coalesce(n.qualified_name, '') AS callee,
               coalesce(f.path, '') AS path, p.line,
               certainty, confidence,
               string_to_array(evidence, '+') AS evidence,
               origin,
               p.bstart, p.bend, caller_id, callee_id
        FROM found
        JOIN named m ON m.node_id = caller_id
        LEFT JOIN named n ON n.node_id = callee_id
        LEFT JOIN places p ON p.node_id = place
        LEFT JOIN files f ON f.file_id = found.file_id
        ORDER BY path, p.bstart, p.bend, callee, caller, origin, callee_id, caller_id
        """,
    )


def _finished(rows: pa.Table, level: int, far: str, chains: dict[int, list[str]]) -> pa.Table:
    """The rows with depth and chain; remembers one chain per function first reached here."""
    near = "callee_id" if far == "caller_id" else "caller_id"
    near_names, far_names = (rows[end.removesuffix("_id")].to_pylist() for end in (near, far))
    found = [
        [*chains.get(near_id, [near_name]), far_name]
        for near_id, near_name, far_name in zip(
            rows[near].to_pylist(), near_names, far_names, strict=True
        )
    ]
    for far_id, chain in zip(rows[far].to_pylist(), found, strict=True):
        chains.setdefault(far_id, chain)
    rows = rows.append_column("depth", pa.array([level] * rows.num_rows, pa.int32()))
    ways = [chain[::-1] for chain in found] if far == "caller_id" else found
    rows = rows.append_column("chain", pa.array(ways, pa.list_(pa.string())))
    return pa.table([rows[name] for name in CALL_ROWS.names], schema=CALL_ROWS)
