"""Which argument fills which parameter? What the language says of each call and each target."""

from codeanatomy.facts.tables.views import Link
from codeanatomy.semantic.declare import View

_CALLS = """
    FROM "argument" a
    JOIN "target" t ON t."file_id" = a."file_id" AND t."site" = a."call" AND t."what" = 'call'
    AND t."taken" >= 0
    JOIN "parameter" p ON p."file_id" = t."target_file" AND p."function" = t."target"
"""
_UNPACKED = """JOIN (SELECT "file_id", "call", min("position") AS "first" FROM "argument"
    WHERE "unpacked" = '*' GROUP BY "file_id", "call") s
    ON s."file_id" = a."file_id" AND s."call" = a."call"
"""
_ENDS = """SELECT a."file_id", a."value" AS "source", a."call" AS "site", 'fills' AS "what",
    t."target_file", p."node" AS "target", t."rule" """
_SURE = f"""{_ENDS}, t."certainty", t."confidence" """
_MAYBE = f"""{_ENDS}, 'possible' AS "certainty", t."confidence" / 2 AS "confidence" """
_BY_POSITION = """p."passing" IN ('positional_only', 'positional')"""
_BY_NAME = """p."passing" IN ('positional', 'keyword_only')"""
_AT = """a."position" + t."taken" """

FILLED = View(
    name="filled",
    struct=Link,
    sql=f"""
        {_SURE} {_CALLS} WHERE a."keyword" = p."name" AND {_BY_NAME}
        UNION ALL
        {_SURE} {_CALLS}
        LEFT ANTI JOIN "parameter" n ON n."file_id" = t."target_file"
        AND n."function" = t."target" AND n."name" = a."keyword"
        AND n."passing" IN ('positional', 'keyword_only')
        WHERE a."keyword" IS NOT NULL AND p."passing" = 'kwarg'
        UNION ALL
        {_SURE} {_CALLS} LEFT {_UNPACKED}
        WHERE a."keyword" IS NULL AND a."unpacked" <> '**'
        AND ((p."passing" = 'vararg' AND p."position" <= {_AT})
             OR (a."unpacked" = '' AND {_BY_POSITION} AND p."position" = {_AT}
                 AND (s."first" IS NULL OR a."position" < s."first")))
    """,
)

# what unpacking may fill: parameters that nothing else in the call fills
UNPACKED = View(
    name="unpacked",
    struct=Link,
    sql=f"""
        SELECT m.* FROM (
            {_MAYBE} {_CALLS} WHERE a."unpacked" = '**' AND p."position" >= t."taken"
            AND ({_BY_NAME} OR p."passing" = 'kwarg')
            UNION ALL
            {_MAYBE} {_CALLS} {_UNPACKED}
            WHERE a."keyword" IS NULL AND a."unpacked" <> '**' AND a."position" >= s."first"
            AND (({_BY_POSITION} AND p."position" >= s."first" + t."taken")
                 OR (p."passing" = 'vararg' AND p."position" > {_AT}))
        ) m LEFT ANTI JOIN "filled" f ON f."file_id" = m."file_id" AND f."site" = m."site"
        AND f."target_file" = m."target_file" AND f."target" = m."target"
        AND f."source" <> m."source"
    """,
)

# the object whose method is called, where the method itself is what its attribute names
RECEIVED = View(
    name="received",
    struct=Link,
    sql="""
        SELECT c."file_id", c."receiver" AS "source", c."node" AS "site", 'fills' AS "what",
               t."target_file", p."node" AS "target", t."rule", t."certainty", t."confidence"
        FROM "call_site" c
        JOIN "target" t ON t."file_id" = c."file_id" AND t."site" = c."node" AND t."what" = 'call'
        AND t."taken" = 1
        JOIN "field" b ON b."file_id" = c."file_id" AND b."parent" = c."callee"
        JOIN "target" m ON m."file_id" = c."file_id" AND m."site" = b."node"
        AND m."target_file" = t."target_file" AND m."target" = t."target"
        JOIN "parameter" p ON p."file_id" = t."target_file" AND p."function" = t."target"
        AND p."position" = 0
        WHERE c."receiver" IS NOT NULL
    """,
)
