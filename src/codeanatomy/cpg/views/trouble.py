"""Unresolved sites, with paths and spans, and candidates that were left out."""

from codeanatomy.facts.ids import sql_node_id
from codeanatomy.facts.tables.graph import Dropped, Unresolved
from codeanatomy.semantic.declare import View

UNRESOLVED = View(
    name="unresolved_rows",
    diagnostic=True,
    struct=Unresolved,
    sql=f"""
        SELECT u."node_id", f."path", s."bstart", s."bend", s."line", u."what", u."text", u."reason"
        FROM (SELECT {sql_node_id('"file_id"', '"site"')} AS "node_id", "file_id", "what", "text",
                     "reason" FROM "unanswered") u
        JOIN "source_file" f ON u."file_id" = f."file_id"
        JOIN "spans" s ON u."node_id" = s."node_id"
    """,
)
DROPPED = View(
    name="dropped_rows",
    diagnostic=True,
    struct=Dropped,
    sql=f"""
        SELECT {sql_node_id('"file_id"', '"site"')} AS "site",
               {sql_node_id('"target_file"', '"target"')} AS "dst", "reason"
        FROM "dropped_candidate"
    """,
)
