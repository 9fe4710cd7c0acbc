"""LibCST's tokens and whitespace-inclusive spans: what this plug-in declares."""

from codeanatomy.facts import types as t
from codeanatomy.facts.ids import sql_node_id
from codeanatomy.semantic.declare import Output, View
from codeanatomy_cst import extractor
from codeanatomy_cst import tables as told

WITNESSES = (extractor.EXTRACTOR,)

_SYNTAX = ("syntax", "literal", "definition", "parameter", "import_alias", "decorator")
_ONE_TOKEN = ("syntax", "literal", "parameter", "import_alias", "field", "comment")


def _nodes(tables: tuple[str, ...]) -> str:
    """The rows of these tables of nodes; a construct without its operator."""
    columns = """ "file_id", "node", split_part("construct", '.', 1) AS "construct" """
    parts = (f'SELECT {columns}, "bstart", "bend" FROM "{table}"' for table in tables)
    return " UNION ALL ".join(parts)


# of a pattern and its value, which are one token, the value
TOKEN_ROWS = View(
    name="token_rows",
    struct=told.TokenRow,
    sql=f"""
        SELECT k."file_id", k."bstart", k."bend", k."line", k."kind", k."text",
               {sql_node_id('k."file_id"', 'n."node"')} AS "node_id"
        FROM "token" k LEFT JOIN (
            SELECT p."file_id", p."bstart", p."bend", min(p."node") AS "node"
            FROM ({_nodes(_ONE_TOKEN)}) p JOIN "token" q
            ON p."file_id" = q."file_id" AND p."bstart" = q."bstart" AND p."bend" = q."bend"
            WHERE p."construct" <> 'MatchValue'
            GROUP BY p."file_id", p."bstart", p."bend"
        ) n ON k."file_id" = n."file_id" AND k."bstart" = n."bstart" AND k."bend" = n."bend"
    """,
)

FULL_SPAN_ROWS = View(
    name="full_span_rows",
    struct=told.FullSpanRow,
    sql=f"""
        SELECT {sql_node_id('s."file_id"', 'n."node"')} AS "node_id", s."file_id", s."what",
               s."bstart", s."bend", s."line", s."full_bstart", s."full_bend"
        FROM "full_span" s JOIN ({_nodes(_SYNTAX)}) n
        ON s."file_id" = n."file_id" AND s."construct" = n."construct"
            AND s."bstart" = n."bstart" AND s."bend" = n."bend"
    """,
)

OUTPUTS = (
    Output(name="tokens", struct=told.TokenRow, feeds="token_rows", sort=(t.FILE, t.BSTART)),
    Output(
        name="full_spans",
        struct=told.FullSpanRow,
        feeds="full_span_rows",
        sort=(t.FILE, t.BSTART, t.BEND, t.SITE_ID, t.WHAT),
    ),
)
