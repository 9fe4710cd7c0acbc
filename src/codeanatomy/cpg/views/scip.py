"""Occurrences of a SCIP index that stand exactly at a node's name."""

from codeanatomy.facts.tables.views import ScipReference, ScipThing
from codeanatomy.semantic.declare import View

THING = View(
    name="scip_thing",
    struct=ScipThing,
    sql="""
        SELECT d."file_id", d."node", o."home", o."symbol", d."name", min(d."bstart") AS "bstart",
               bool_or(d."bound") AS "bound", bool_or(o."roles" & 1 = 1) AS "defined"
        FROM (
            SELECT "file_id", "node", "name", "bstart", "bend", TRUE AS "bound" FROM "variable"
            UNION ALL SELECT "file_id", "node", "name", "bstart", "bend", TRUE FROM "member"
            UNION ALL
            SELECT "file_id", "node", "name", "bstart", "bstart" + octet_length("name"), FALSE
            FROM "parameter"
            UNION ALL
            SELECT "file_id", "node", "name", "name_bstart",
                   "name_bstart" + octet_length("name"), FALSE
            FROM "definition" WHERE "construct" NOT IN ('Lambda', 'Module')
            UNION ALL
            SELECT m."file_id", m."node", split_part(f."module", '.', -1), 0, 0, FALSE
            FROM "module" m JOIN "source_file" f ON m."file_id" = f."file_id"
        ) d
        JOIN "scip_occurrence" o
        ON d."file_id" = o."file_id" AND d."bstart" = o."bstart" AND d."bend" = o."bend"
        GROUP BY d."file_id", d."node", o."home", o."symbol", d."name"
    """,
)

# Of several definitions the last before the name counts (parameters of a property's functions have
# one symbol), and of a variable and the parameter or def that binds it first the variable. Names
# agree but for an import's `as`: scip-python takes much for the class or module around it.
REFERENCE = View(
    name="scip_reference",
    struct=ScipReference,
    sql="""
        SELECT s."file_id", s."node", s."what", d."file_id" AS "target_file", d."node" AS "target",
               'possible' AS "certainty", 0.9 AS "confidence"
        FROM (
            SELECT "file_id", "node", "name", "bstart", "bend", 'name' AS "what"
            FROM "syntax" WHERE "construct" = 'Name'
            UNION ALL SELECT "file_id", "node", "name", "bstart", "bend", 'name' FROM "field"
            UNION ALL
            SELECT "file_id", "node", coalesce("imported", split_part("module", '.', -1)), "bstart",
                   CASE WHEN "imported" IS NULL THEN "bstart" + octet_length("module")
                        ELSE "bend" END, 'import'
            FROM "import_alias"
        ) s
        LEFT JOIN "import_alias" i ON s."file_id" = i."file_id" AND s."name" = i."name"
        JOIN "scip_occurrence" o
        ON s."file_id" = o."file_id" AND s."bstart" = o."bstart" AND s."bend" = o."bend"
        JOIN "scip_thing" d ON o."home" = d."home" AND o."symbol" = d."symbol"
        WHERE d."defined" AND d."name" IN (s."name", i."imported")
        QUALIFY row_number() OVER (
            PARTITION BY s."file_id", s."node"
            ORDER BY s."file_id" = d."file_id" DESC, d."file_id", d."bstart" <= s."bstart" DESC,
                     d."bstart" DESC, d."bound" DESC, d."node"
        ) = 1
    """,
)
