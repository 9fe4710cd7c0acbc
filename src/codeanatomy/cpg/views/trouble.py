"""Problems and unresolved sites, with paths and spans."""

from codeanatomy.facts.ids import sql_node_id
from codeanatomy.facts.tables.graph import Problem, Unresolved
from codeanatomy.semantic.declare import View

PROBLEMS = View(
    name="problem_rows",
    diagnostic=True,
    struct=Problem,
    sql="""
        SELECT 'extract' AS "stage", p."witness", p."code", p."severity", p."message", f."path",
               p."bstart", p."bend", p."line"
        FROM "file_problem" p JOIN "source_file" f ON p."file_id" = f."file_id"
        UNION ALL SELECT * FROM "scan_problem"
    """,
)

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
