"""Things that no witness names: bodies of modules and classes, modules, files with their span."""

from codeanatomy.facts.tables.views import Body, Exit, FileSpan, Module
from codeanatomy.semantic.declare import View

BODY = View(
    name="body",
    struct=Body,
    sql="""
        SELECT "file_id", "body" AS "node", "node" AS "parent",
               CASE WHEN "construct" = 'Module' THEN NULL ELSE "container" END AS "container",
               'Body' AS "construct", "bstart", "bend", "line", 0 AS "position",
               CASE WHEN "construct" = 'Module' THEN '<module>' ELSE '<body>' END AS "name",
               CASE WHEN "construct" = 'Module' THEN '<module>'
                    ELSE "qualname" || '.<body>' END AS "qualname",
               "witness"
        FROM "definition" WHERE "body" <> "node"
    """,
)

EXIT = View(
    name="exit",
    struct=Exit,
    sql="""
        SELECT "file_id", "exit" AS "node", "body" AS "parent", "body" AS "container",
               "exit_dominator" AS "dominator", 0 AS "position", "line",
               "bend" AS "bstart", "bend", "witness"
        FROM "definition"
    """,
)

MODULE = View(
    name="module",
    struct=Module,
    sql="""SELECT "file_id", "node", "witness" FROM "definition" WHERE "construct" = 'Module'""",
)

FILE_SPAN = View(
    name="file_span",
    struct=FileSpan,
    sql="""SELECT "file_id", "path", 0 AS "bstart", "size" AS "bend", 1 AS "line" FROM
    "source_file" """,
)
