"""Occurrences of a SCIP index that stand at a node's name, and what they make the nodes mean."""

from codeanatomy.facts.tables.resolution import Relative
from codeanatomy.facts.tables.views import ScipThing
from codeanatomy.semantic.declare import View

# at exactly the name first; else where what is around the symbol is exactly the definition
THING = View(
    name="scip_thing",
    struct=ScipThing,
    sql="""
        SELECT DISTINCT d."file_id", d."node", d."construct", d."name", d."bstart", o."symbol"
        FROM (
            SELECT "file_id", "node", "construct", "name", "bstart", "bend" FROM "variable"
            UNION ALL
            SELECT "file_id", "node", "construct", "name", "bstart", "bend" FROM "member"
            UNION ALL
            SELECT "file_id", "node", "construct", "name", "bstart",
                   "bstart" + octet_length("name") FROM "parameter"
            UNION ALL
            SELECT "file_id", "node", "construct", "name", "name_bstart",
                   "name_bstart" + octet_length("name") FROM "definition"
            UNION ALL
            SELECT "file_id", "node", "construct", "name", "bstart", "bend" FROM "definition"
            UNION ALL
            SELECT m."file_id", m."node", 'Module', split_part(f."module", '.', -1), 0, 0
            FROM "module" m JOIN "source_file" f ON m."file_id" = f."file_id"
        ) d
        JOIN (
            SELECT "file_id", "symbol", "bstart", "bend", 1 AS "try" FROM "scip_occurrence"
            WHERE "roles" & 1 = 1
            UNION ALL
            SELECT "file_id", "symbol", "around_bstart", "around_bend", 2 FROM "scip_occurrence"
            WHERE "roles" & 1 = 1
        ) o
        ON d."file_id" = o."file_id" AND d."bstart" = o."bstart" AND d."bend" = o."bend"
        QUALIFY rank() OVER (PARTITION BY o."file_id", o."symbol" ORDER BY o."try") = 1
    """,
)

# Of several definitions the last before the name counts (parameters of a property's functions have
# one symbol), and of a variable and the parameter or def that binds it first the variable. Names
# agree but for an import's `as`: scip-python takes much for the class or module around it.
REFERENCE = View(
    name="scip_reference",
    struct=Relative,
    sql="""
        SELECT s."file_id", s."node", s."what", d."file_id" AS "target_file", d."node" AS "target",
               0 AS "position", 'possible' AS "certainty", 0.9 AS "confidence"
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
        JOIN "scip_thing" d ON o."symbol" = d."symbol"
        WHERE d."name" IN (s."name", i."imported")
        QUALIFY row_number() OVER (
            PARTITION BY s."file_id", s."node"
            ORDER BY s."file_id" = d."file_id" DESC, d."file_id", d."bstart" <= s."bstart" DESC,
                     d."bstart" DESC, d."construct" = 'Variable' DESC, d."node"
        ) = 1
    """,
)

# A class has the place of the base of that name: an index may tell of farther ones too.
RELATIVE = View(
    name="scip_relative",
    struct=Relative,
    sql="""
        SELECT DISTINCT s."file_id", s."node",
               CASE WHEN r."how" = 'type' THEN 'type' WHEN s."construct" = 'ClassDef' THEN 'base'
                    ELSE 'overrides' END AS "what",
               d."file_id" AS "target_file", d."node" AS "target",
               coalesce(b."position", 0) AS "position",
               'possible' AS "certainty", 0.9 AS "confidence"
        FROM "scip_relationship" r
        JOIN "scip_thing" s ON r."symbol" = s."symbol"
        JOIN "scip_thing" d ON r."other" = d."symbol"
        LEFT JOIN "base" b ON s."file_id" = b."file_id" AND s."node" = b."class_node"
             AND d."name" = split_part(b."text", '.', -1) AND r."how" = 'implementation'
        WHERE r."how" = 'type' AND d."construct" = 'ClassDef' AND s."construct" <> 'ClassDef'
           OR r."how" = 'implementation' AND b."position" IS NOT NULL
           OR r."how" = 'implementation' AND s."construct" LIKE '%FunctionDef'
              AND d."construct" LIKE '%FunctionDef'
    """,
)
