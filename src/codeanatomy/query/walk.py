"""Where a thing is defined and used; who calls it, and what it calls, to any depth.

Each step is a few narrow lookups of ids. A function is entered once, at its least depth, so cycles
end; `chain` names one shortest way between it and the thing that was asked for, callers first.
"""

import numpy as np
import pyarrow as pa

from codeanatomy.facts.errors import UsageError
from codeanatomy.facts.ids import Ids, distinct
from codeanatomy.query.resolve_name import Symbol
from codeanatomy.query.tables import Tables, id_table, quoted

_USES = "t.kind IN ('REF', 'IMPORTS')"
_NAMES = "t.node_id, t.kind, t.name, t.qualified_name"
_CALL = "t.kind = 'CALL'"
_CALLABLE = "t.kind IN ('METHOD', 'TYPE_DECL', 'EXTERNAL')"  # of few kinds few pages are read
_EDGE = (
    "t.src AS site, t.dst AS callee_id, t.site AS place, t.file_id, "
    "t.certainty, t.confidence, t.evidence, t.origin"
)


def definitions(tables: Tables, symbols: list[Symbol]) -> pa.Table:
    """The symbols with kind and place, in the order of their places."""
    ids = ids_of(symbols)
    nodes = tables.lookup("nodes", "node_id", ids, f"{_NAMES}, t.external")
    return tables.asked("definitions", {"named": nodes, "places": places(tables, ids)})


def references(tables: Tables, symbols: list[Symbol], *, certain: bool = False) -> pa.Table:
    """Names, attributes and imports that mean one of the symbols, in the order of their places."""
    ids = ids_of(symbols)
    sites = tables.lookup("edges_by_dst", "dst", ids, "t.src", _USES)["src"].to_numpy()
    where = _USES + (" AND t.certainty = 'certain'" if certain else "")
    columns = "t.kind, t.src, t.dst, t.site, t.certainty, t.confidence, t.evidence, t.origin"
    edges = tables.lookup("edges", "src", sites, columns, where)
    owners = containers(tables, sites)
    ends = np.concatenate([ids, sites, owners["owner_id"].to_numpy()])
    given = {
        "found": edges,
        "asked": id_table(ids),
        "owners": owners,
        "named": tables.lookup("nodes", "node_id", ends, _NAMES),
        "places": places(tables, edges["site"].to_numpy()),
    }
    return tables.asked("references", given)


def ids_of(symbols: list[Symbol]) -> Ids:
    """Their node ids, distinct and sorted."""
    return distinct(np.array([s.node_id for s in symbols], np.int64))


def places(tables: Tables, ids: Ids) -> pa.Table:
    """The spans of the nodes."""
    columns = "t.node_id, t.file_id, t.bstart, t.bend, t.line"
    return tables.lookup("spans", "node_id", ids, columns)


def containers(tables: Tables, ids: Ids, key: str = "node_id") -> pa.Table:
    """Of each node, `inner_id`, the METHOD that evaluates it, `owner_id`; the ids are of either."""
    columns = "t.node_id AS inner_id, t.container AS owner_id"
    return tables.lookup("nodes", key, ids, columns, "t.container IS NOT NULL")


def walk(
    tables: Tables, symbols: list[Symbol], *, into: bool, depth: int, certain: bool
) -> pa.Table:
    """Calls into the symbols, then into their callers, ... to the depth; nearest first. Or calls
    out of them, then out of their callees."""
    if depth < 1:
        raise UsageError(f"depth {depth} asks for nothing; it counts from 1")
    far = "caller_id" if into else "callee_id"  # the end newly reached
    chains: dict[int, list[str]] = {}
    seen = frontier = ids_of(symbols) if into else bodies(tables, symbols)
    parts = []
    only = " AND t.certainty = 'certain'" if certain else ""
    for level in range(1, depth + 1):
        if level > 1 and not len(frontier):
            break
        rows = _calls(tables, frontier, into=into, certain=only)
        parts.append(_finished(rows, level, far, chains))
        reached = distinct(rows[far].to_numpy())
        frontier = reached[~np.isin(reached, seen, assume_unique=True)]
        seen = np.concatenate([seen, frontier])
    return pa.concat_tables(parts)


def bodies(tables: Tables, symbols: list[Symbol]) -> Ids:
    """Ids of the METHODs of the symbols: a function itself, or all code of a class or module."""
    found = []
    for s in symbols:
        if s.kind not in ("TYPE_DECL", "NAMESPACE_BLOCK"):
            found.append(s.node_id)
        elif s.rank == 0:
            prefix = quoted(s.qualified_name + ".")
            rows = tables.sql(
                f"SELECT node_id FROM nodes WHERE kind = 'METHOD' AND file_id = {s.file_id} "
                f"AND starts_with(qualified_name, {prefix})"
            )
            found += rows["node_id"].to_pylist()
    return distinct(np.array(found, np.int64))


def unresolved_calls(tables: Tables, key: str, ids: Ids) -> int:
    """Number of call sites without a target in these containers or statements, as the key says."""
    inner = tables.lookup("nodes", key, ids, "t.node_id")["node_id"].to_numpy()
    sites = tables.lookup("unresolved", "node_id", inner, "t.node_id", "t.what = 'call'")
    return len(distinct(sites["node_id"].to_numpy()))


def _calls(tables: Tables, ids: Ids, *, into: bool, certain: str) -> pa.Table:
    """Calls whose target is one of the ids, or whose site is in one, with names and places, in a
    total order."""
    if into:
        sites = tables.lookup("edges_by_dst", "dst", ids, "t.src", _CALL)["src"].to_numpy()
        owners = containers(tables, sites)
    else:
        owners = containers(tables, ids, "container")
        sites = owners["inner_id"].to_numpy()
    edges = tables.lookup("edges", "src", sites, _EDGE, _CALL + certain)
    ends = np.concatenate([owners["owner_id"].to_numpy(), edges["callee_id"].to_numpy()])
    given = {
        "found": edges,
        "asked": id_table(ids),
        "owners": owners,
        "named": tables.lookup("nodes", "node_id", ends, _NAMES, _CALLABLE),
        "places": places(tables, edges["place"].to_numpy()),
    }
    return tables.asked("calls", given, near="callee_id" if into else "owner_id")


def _finished(rows: pa.Table, level: int, far: str, chains: dict[int, list[str]]) -> pa.Table:
    """The rows with depth and chain; remembers one chain per function first reached here."""
    near = "callee_id" if far == "caller_id" else "caller_id"
    ends = (rows[name].to_pylist() for name in (near, near[:-3], far[:-3]))
    found = [[*chains.get(i, [name]), last] for i, name, last in zip(*ends, strict=True)]
    for far_id, chain in zip(rows[far].to_pylist(), found, strict=True):
        chains.setdefault(far_id, chain)
    rows = rows.append_column("depth", pa.array([level] * rows.num_rows, pa.int32()))
    ways = [chain[::-1] for chain in found] if far == "caller_id" else found
    rows = rows.append_column("chain", pa.array(ways, pa.list_(pa.string())))
    return rows.drop_columns(["caller_id", "callee_id"])
