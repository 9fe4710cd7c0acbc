"""Where a SCIP index sees symbols: exactly at a node's name, or else around a definition; and what
that makes names, imports, classes and methods mean."""

from codeanatomy.facts.tables.resolution import Relative
from codeanatomy.semantic.declare import View
from codeanatomy_scip.tables import ScipPlace

PLACE = View(
    name="scip_place",
    struct=ScipPlace,
    sql="""
        SELECT DISTINCT n."file_id", n."node", n."what", n."name", n."bstart", o."symbol",
               o."roles" & 1 = 1 AS "defined"
        FROM (
            SELECT "file_id", "node", "construct" AS "what", "name", "bstart", "bend"
            FROM "variable"
            UNION ALL SELECT "file_id", "node", "construct", "name", "bstart", "bend" FROM "member"
            UNION ALL SELECT "file_id", "node", "construct", "name", "bstart",
                             "bstart" + octet_length("name") FROM "parameter"
            UNION ALL SELECT "file_id", "node", "construct", "name", "name_bstart",
                             "name_bstart" + octet_length("name") FROM "definition"
            UNION ALL SELECT "file_id", "node", "construct", "name", "bstart", "bend"
            FROM "definition"
            UNION ALL SELECT m."file_id", m."node", 'Module', split_part(f."module", '.', -1), 0, 0
            FROM "module" m JOIN "source_file" f ON m."file_id" = f."file_id"
            UNION ALL SELECT "file_id", "node", 'name', "name", "bstart", "bend" FROM "field"
            UNION ALL SELECT "file_id", "node", 'name', "name", "bstart", "bend" FROM "syntax"
            WHERE "construct" = 'Name'
            UNION ALL SELECT "file_id", "node", 'import',
                             coalesce("imported", split_part("module", '.', -1)), "bstart",
                             CASE WHEN "imported" IS NULL THEN "bstart" + octet_length("module")
                                  ELSE "bend" END
            FROM "import_alias"
        ) n
        JOIN "scip_occurrence" o
        ON n."file_id" = o."file_id" AND n."bstart" = o."bstart" AND n."bend" = o."bend"
        QUALIFY rank() OVER (
            PARTITION BY o."file_id", o."symbol", o."roles" & 1 ORDER BY o."exact" DESC
        ) = 1
    """,
)

# Of several definitions the last before the name counts (parameters of a property's functions have
# one symbol), and of a variable and the parameter or def that binds it first the variable. Names
# agree but for an import's `as`: scip-python takes much for the class or module around it. A class
# has the place of the base of that name: an index may tell of farther ones too.
MEANING = View(
    name="scip_meaning",
    struct=Relative,
    sql="""
        SELECT "file_id", "node", "what", "target_file", "target", "position",
               'possible' AS "certainty", 0.9 AS "confidence"
        FROM (
            SELECT s."file_id", s."node", s."what", d."file_id" AS "target_file",
                   d."node" AS "target", 0 AS "position"
            FROM "scip_place" s JOIN "scip_place" d ON s."symbol" = d."symbol" AND d."defined"
            LEFT JOIN "import_alias" i ON s."file_id" = i."file_id" AND s."name" = i."name"
            WHERE s."what" IN ('name', 'import') AND d."what" NOT IN ('name', 'import')
              AND d."name" IN (s."name", i."imported")
            QUALIFY row_number() OVER (
                PARTITION BY s."file_id", s."node"
                ORDER BY s."file_id" = d."file_id" DESC, d."file_id",
                         d."bstart" <= s."bstart" DESC, d."bstart" DESC,
                         d."what" = 'Variable' DESC, d."node"
            ) = 1
            UNION ALL
            SELECT s."file_id", s."node", CASE s."what" WHEN 'ClassDef' THEN 'base'
                   ELSE 'overrides' END, d."file_id", d."node", coalesce(b."position", 0)
            FROM "scip_relationship" r
            JOIN "scip_place" s ON r."symbol" = s."symbol" AND s."defined"
            JOIN "scip_place" d ON r."other" = d."symbol" AND d."defined"
            LEFT JOIN (
                SELECT b."file_id", b."class_node", b."position", n."name" FROM "base" b
                JOIN "syntax" n ON b."file_id" = n."file_id" AND (b."value" = n."node"
                     OR b."value" = n."parent" AND n."role" = 'Subscript.value')
            ) b ON s."file_id" = b."file_id" AND s."node" = b."class_node" AND d."name" = b."name"
            WHERE r."how" = 'implementation' AND (b."position" IS NOT NULL
                  OR s."what" LIKE '%FunctionDef' AND d."what" LIKE '%FunctionDef')
        )
    """,
)
