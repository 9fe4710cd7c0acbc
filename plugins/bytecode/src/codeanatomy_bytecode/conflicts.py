"""Where the interpreter's symbol tables and our scope facts say different things."""

from codeanatomy.facts.tables.graph import Problem
from codeanatomy.semantic.declare import View

# private names are mangled in symbol tables only: what follows the last __ of a name that starts
# with _ is compared; the compiler's own names are not
_NAME = """regexp_replace("name", '^_.*(__.*[^_]_?)$', '\\1') AS "plain" """
_PLAIN = """ "name" NOT LIKE '.%' AND "name" NOT IN ('__class__', '__classdict__') """
_AGREE = """
    o."file_id" = t."file_id" AND o."definition" = t."definition" AND o."name" = t."name"
    AND (o."says" = t."says" OR (o."says" = 'import' AND t."says" NOT IN ('unbound', 'bound')))
"""

# a row for what is said of a name in a definition; rows that are not `sure` only confirm others;
# definitions of one line and name (lambdas) are left out
SCOPE_CONFLICT = View(
    name="scope_conflict",
    diagnostic=True,
    struct=Problem,
    sql=f"""
        WITH place AS (
            SELECT s."file_id", s."scope", d."definition" FROM (
                SELECT "file_id", "name", "line", min("scope") AS "scope" FROM "symbol_scope"
                WHERE "scope" = "holder" GROUP BY 1, 2, 3 HAVING count(*) = 1
            ) s JOIN (
                SELECT "file_id", CASE "construct" WHEN 'Module' THEN 'top' WHEN 'Lambda' THEN
                       'lambda' ELSE "name" END AS "name", min("node") AS "definition",
                       CASE "construct" WHEN 'Module' THEN 0 ELSE "line" END AS "line"
                FROM "definition" GROUP BY 1, 2, 4 HAVING count(*) = 1
            ) d ON s."file_id" = d."file_id" AND s."name" = d."name" AND s."line" = d."line"
        ), found AS (
            SELECT y."file_id", u."holder", y."home", y."plain" AS "name", y."referenced",
                   y."assigned" OR y."parameter" OR y."imported" AS "binds"
            FROM (SELECT *, {_NAME} FROM "symbol" WHERE {_PLAIN}) y
            JOIN "symbol_scope" u ON y."file_id" = u."file_id" AND y."scope" = u."scope"
        ), theirs AS (
            SELECT p."file_id", p."definition", f."name", f."referenced" AS "sure",
                   CASE WHEN f."home" = f."holder" THEN 'local' WHEN f."home" = 0 THEN 'global'
                        WHEN f."home" > 0 THEN 'enclosing' ELSE 'unbound' END AS "says"
            FROM found f JOIN place p ON f."file_id" = p."file_id" AND f."holder" = p."scope"
            UNION ALL
            SELECT p."file_id", p."definition", f."name", true, 'bound'
            FROM found f JOIN place p ON f."file_id" = p."file_id" AND f."home" = p."scope"
            WHERE f."binds"
        ), facts AS (
            SELECT r."file_id", r."scope" AS "definition", r."name", a."file_id" IS NULL AS "sure",
                   CASE WHEN r."how" IN ('builtin', 'star', 'unknown') THEN 'unbound'
                        ELSE r."how" END AS "says"
            FROM "reference" r LEFT JOIN (
                SELECT DISTINCT "file_id" FROM "import_alias"  -- symbol tables lack annotations
                WHERE "module" = '__future__' AND "imported" = 'annotations'
            ) a ON r."file_id" = a."file_id"
            UNION ALL SELECT "file_id", "scope", "name", true, 'bound' FROM "variable"
            UNION ALL SELECT "file_id", "function", "name", true, 'bound' FROM "parameter"
            UNION ALL SELECT b."file_id", d."node", b."name", false, 'bound' FROM (
                SELECT "file_id", "container", "name" FROM "definition"
                UNION ALL SELECT "file_id", "container", "name" FROM "import_alias"
            ) b JOIN "definition" d ON b."file_id" = d."file_id" AND b."container" = d."body"
        ), ours AS (
            SELECT f."file_id", f."definition", f."sure", f."says", f."plain" AS "name"
            FROM (SELECT *, {_NAME} FROM facts WHERE {_PLAIN}) f
            JOIN place p ON f."file_id" = p."file_id" AND f."definition" = p."definition"
        ), conflict AS (
            SELECT DISTINCT o."file_id", o."definition", o."name", o."says", 'symtable' AS "lacks"
            FROM ours o LEFT ANTI JOIN theirs t ON {_AGREE} WHERE o."sure"
            UNION ALL
            SELECT DISTINCT t."file_id", t."definition", t."name", t."says", 'our scope rules'
            FROM theirs t LEFT ANTI JOIN ours o ON {_AGREE} WHERE t."sure"
        )
        SELECT 'extract' AS "stage", 'symtable' AS "witness", 'scope-conflict' AS "code",
               'warning' AS "severity",
               c."name" || ' is ' || c."says" || ', but not by ' || c."lacks" AS "message",
               f."path", d."bstart", d."bend", d."line"
        FROM conflict c
        JOIN "definition" d ON c."file_id" = d."file_id" AND c."definition" = d."node"
        JOIN "source_file" f ON c."file_id" = f."file_id"
    """,
)
