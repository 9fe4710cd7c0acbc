"""What do functions do with the variables of others, what do scopes bind, what do tests call?"""

from codeanatomy.facts.tables.views import Link
from codeanatomy.semantic.declare import View

_VARIABLES = """
    SELECT "file_id", "node", "scope" FROM "variable"
    UNION ALL SELECT "file_id", "node", "scope" FROM "member"
"""

# the few uses of others' variables are found first, and then where they stand
USED = View(
    name="used",
    struct=Link,
    sql=f"""
        WITH held AS (
            SELECT v."file_id", v."node", v."scope", d."body" FROM ({_VARIABLES}) v
            JOIN "definition" d ON d."file_id" = v."file_id" AND d."node" = v."scope"
        )
        SELECT m."file_id", s."container" AS "source", min(m."site") AS "site",
               CASE s."context" WHEN 'load' THEN 'reads' ELSE 'writes' END AS "what",
               m."target_file", m."target", min(m."rule") AS "rule",
               min(m."certainty") AS "certainty", max(m."confidence") AS "confidence"
        FROM (
            SELECT r."file_id", r."node" AS "site", r."node" AS "place", h."body",
                   r."file_id" AS "target_file", r."declared" AS "target", 'scope' AS "rule",
                   'certain' AS "certainty", 1.0 AS "confidence"
            FROM "reference" r
            JOIN held h ON h."file_id" = r."file_id" AND h."node" = r."declared"
            WHERE r."scope" <> h."scope"
            UNION ALL
            SELECT t."file_id", t."site", coalesce(f."parent", t."site"), h."body",
                   t."target_file", t."target", t."rule", t."certainty", t."confidence"
            FROM "target" t
            JOIN held h ON h."file_id" = t."target_file" AND h."node" = t."target"
            LEFT JOIN "field" f ON f."file_id" = t."file_id" AND f."node" = t."site"
            WHERE t."what" IN ('name', 'attribute')
        ) m
        JOIN "syntax" s ON s."file_id" = m."file_id" AND s."node" = m."place"
        WHERE m."body" <> s."container" OR m."target_file" <> m."file_id"
        GROUP BY m."file_id", s."container", 4, m."target_file", m."target"
    """,
)

BOUND = View(
    name="bound",
    struct=Link,
    sql=f"""
        SELECT "file_id", "scope" AS "source", "node" AS "site", 'binds' AS "what",
               "file_id" AS "target_file", "node" AS "target", 'scope' AS "rule",
               'certain' AS "certainty", 1.0 AS "confidence"
        FROM ({_VARIABLES}
              UNION ALL SELECT "file_id", "node", "function" FROM "parameter"
              UNION ALL SELECT d."file_id", d."node", o."node" FROM "definition" d
              JOIN "definition" o ON o."file_id" = d."file_id" AND o."body" = d."container"
              WHERE d."construct" <> 'Lambda')
    """,
)

TESTED = View(
    name="tested",
    struct=Link,
    sql="""
        SELECT d."file_id", d."node" AS "source", min(t."site") AS "site", 'tests' AS "what",
               t."target_file", t."target", 'convention' AS "rule",
               min(t."certainty") AS "certainty", max(t."confidence") AS "confidence"
        FROM "definition" d
        JOIN "source_file" f ON f."file_id" = d."file_id"
        JOIN "definition" o ON o."file_id" = d."file_id" AND o."body" = d."container"
        JOIN "syntax" s ON s."file_id" = d."file_id" AND s."container" = d."node"
        JOIN "target" t ON t."file_id" = s."file_id" AND t."site" = s."node"
        JOIN "definition" g ON g."file_id" = t."target_file" AND g."node" = t."target"
        LEFT JOIN (
            SELECT r."file_id", r."node" FROM "relative" r
            JOIN "external" x ON x."file_id" = r."target_file" AND x."node" = r."target"
            WHERE r."what" = 'mro' AND x."symbol" LIKE 'unittest.%TestCase') c
        ON c."file_id" = o."file_id" AND c."node" = o."node"
        WHERE starts_with(d."name", 'test') AND t."what" IN ('call', 'implicit')
        AND g."construct" IN ('FunctionDef', 'AsyncFunctionDef', 'ClassDef')
        AND t."target_file" <> d."file_id"
        AND (c."node" IS NOT NULL OR (
            (o."construct" = 'Module' OR starts_with(o."name", 'Test'))
            AND regexp_like(f."path", '(^|/)(test_[^/]*|[^/]*_test)\\.py$')))
        GROUP BY d."file_id", d."node", t."target_file", t."target"
    """,
)
