"""Where a thing is defined, and where it is used."""

import numpy as np
import pyarrow as pa

from codeanatomy.facts.ids import Ids, distinct
from codeanatomy.query.resolve_name import Symbol
from codeanatomy.query.tables import Tables, id_table

_USES = "t.kind IN ('REF', 'IMPORTS')"
_NAMES = "t.node_id, t.kind, t.name, t.qualified_name"


def definitions(tables: Tables, symbols: list[Symbol]) -> pa.Table:
    """The symbols with kind and place, in the order of their places."""
    ids = ids_of(symbols)
    nodes = tables.lookup("nodes", "node_id", ids, f"{_NAMES}, t.external")
    return tables.sql_with(
        {"named": nodes, "places": places(tables, ids)},
        """
        SELECT n.qualified_name AS name, n.kind, coalesce(f.path, '') AS path, p.line,
               p.bstart, p.bend, n.external
        FROM named n
        LEFT JOIN places p ON p.node_id = n.node_id
        LEFT JOIN files f ON f.file_id = p.file_id
        ORDER BY path, p.bstart, n.qualified_name, n.kind
        """,
    )


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
        "wanted_ids": id_table(ids),
        "owners": owners,
        "named": tables.lookup("nodes", "node_id", ends, _NAMES),
        "places": places(tables, edges["site"].to_numpy()),
    }
    return tables.sql_with(
        given,
        """
        SELECT n.name, coalesce(t.qualified_name, t.name) AS target, o.inside,
               coalesce(f.path, '') AS path, p.line, e.certainty, e.confidence,
               string_to_array(e.evidence, '+') AS evidence,
               e.kind, e.origin, p.bstart, p.bend
        FROM found e
        JOIN wanted_ids w ON w.id = e.dst
        JOIN named n ON n.node_id = e.src
        JOIN named t ON t.node_id = e.dst
        LEFT JOIN (
            SELECT inner_id, m.qualified_name AS inside
            FROM owners JOIN named m ON m.node_id = owner_id AND m.kind = 'METHOD'
        ) o ON o.inner_id = e.src
        LEFT JOIN places p ON p.node_id = e.site
        LEFT JOIN files f ON f.file_id = p.file_id
        ORDER BY path, p.bstart, p.bend, target, e.kind, e.src
        """,
    )


def ids_of(symbols: list[Symbol]) -> Ids:
    """Their node ids, distinct and sorted."""
    return distinct(np.array([s.node_id for s in symbols], np.int64))


def places(tables: Tables, ids: Ids) -> pa.Table:
    """The spans of the nodes."""
    columns = "t.node_id, t.file_id, t.bstart, t.bend, t.line"
    return tables.lookup("spans", "node_id", ids, columns)


def containers(tables: Tables, ids: Ids) -> pa.Table:
    """Of each node, `inner_id`, the METHOD that evaluates it, `owner_id`."""
    columns = "t.node_id AS inner_id, t.container AS owner_id"
    return tables.lookup("nodes", "node_id", ids, columns, "t.container IS NOT NULL")
