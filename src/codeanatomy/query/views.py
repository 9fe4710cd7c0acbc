"""The public views: the SQL that turns stored tables into what people and agents ask.

Stored tables hold ids and spans apart, so that a thing that only moved changes one table; the views
join them again.
"""

import msgspec

from codeanatomy.cpg.kinds import EDGE_KINDS
from codeanatomy.facts.ids import hash_text, sql_mix


class View(msgspec.Struct, frozen=True):
    """A public view: its name, what a row of it says, and its SQL over stored tables."""

    name: str
    meaning: str
    sql: str


def edge_id_sql(edges: str) -> str:
    """SQL of a query: all columns of the table `edges`, and `edge_id`.

    The recipe is that of `facts.ids.sql_edge_id`, one mix per level: nested, its text would grow
    eightfold with every mix.
    """
    kinds = " ".join(f"WHEN '{k.kind}' THEN {hash_text(k.kind)}" for k in EDGE_KINDS)
    hashed = f"SELECT *, CASE kind {kinds} END AS kind_hash FROM {edges}"
    halves = (
        f"SELECT *, {sql_mix('kind_hash', 'src')} AS begins, {sql_mix('dst', 'ordinal')} AS ends "
        f"FROM ({hashed})"
    )
    return f"SELECT *, {sql_mix('begins', 'ends')} AS edge_id FROM ({halves})"


def _evidence(table: str) -> str:
    return f"string_to_array({table}.evidence, '+') AS evidence"


def _between(kind: str, columns: str, extra: str = "") -> str:
    """Edges of one kind with both ends named and the place where they stand."""
    return f"""
SELECT {columns}, f.path, s.line, s.bstart, s.bend,
       e.certainty, e.confidence, e.score, e.origin, {_evidence("e")}, e.src, e.dst
FROM edges e
JOIN nodes a ON a.node_id = e.src
JOIN nodes b ON b.node_id = e.dst
{extra}
LEFT JOIN spans s ON s.node_id = e.site
LEFT JOIN files f ON f.file_id = s.file_id
LEFT JOIN spans bs ON bs.node_id = e.dst
LEFT JOIN files bf ON bf.file_id = bs.file_id
WHERE e.kind = '{kind}'"""


# The METHOD (function, lambda, module or class body) that evaluates the node e.src
_INSIDE = """
JOIN edges_by_dst c ON c.dst = e.src AND c.kind = 'CONTAINS'
JOIN nodes m ON m.node_id = c.src AND m.kind = 'METHOD'"""
_TARGET = "coalesce(b.qualified_name, b.name)"
_TARGET_PLACE = "coalesce(bf.path, '')"

VIEWS = (
    View(
        "cpg_nodes",
        "every node of the graph, with its place; path is '' and the span null for external things",
        f"""
SELECT n.node_id, n.kind, n.name, n.qualified_name, coalesce(f.path, '') AS path, n.file_id,
       s.bstart, s.bend, s.line, n.position, n.external, {_evidence("n")}
FROM nodes n
LEFT JOIN spans s ON s.node_id = n.node_id
LEFT JOIN files f ON f.file_id = n.file_id""",
    ),
    View(
        "cpg_edges",
        "every edge of the graph; path and span are those of the place where its evidence stands",
        f"""
SELECT e.edge_id, e.kind, e.src, e.dst, e.ordinal, coalesce(f.path, '') AS path,
       s.bstart, s.bend, s.line, e.origin, e.certainty, e.confidence, e.score, {_evidence("e")}
FROM ({edge_id_sql("edges")}) e
LEFT JOIN spans s ON s.node_id = e.site
LEFT JOIN files f ON f.file_id = s.file_id""",
    ),
    View(
        "cpg_props",
        "properties of nodes and edges; value_type says which value column is set",
        "SELECT * FROM props",
    ),
    View(
        "calls",
        "one row per call site and thing it calls",
        _between(
            "CALL",
            f"m.qualified_name AS caller, {_TARGET} AS callee, b.kind AS callee_kind, b.external, "
            f"{_TARGET_PLACE} AS callee_path, bs.line AS callee_line, m.node_id AS caller_id",
            _INSIDE,
        ),
    ),
    View(
        "refs",
        "one row per name or attribute and thing it means",
        _between(
            "REF",
            f"a.name, {_TARGET} AS target, b.kind AS target_kind, b.external, "
            f"{_TARGET_PLACE} AS target_path, bs.line AS target_line, m.qualified_name AS inside",
            _INSIDE,
        ),
    ),
    View(
        "imports",
        "one row per imported name and thing it imports",
        _between(
            "IMPORTS",
            f"i.module AS importer, a.name, {_TARGET} AS imported, b.kind AS imported_kind, "
            f"b.external, {_TARGET_PLACE} AS imported_path",
            "JOIN files i ON i.file_id = a.file_id",
        ),
    ),
    View(
        "inherits",
        "one row per class and direct base",
        _between(
            "INHERITS_FROM",
            f"a.qualified_name AS class, {_TARGET} AS base, e.ordinal AS position, b.external, "
            f"{_TARGET_PLACE} AS base_path, bs.line AS base_line",
        ),
    ),
)
