"""What a type checker says, with nodes at both ends: found by their exact places, a base by its
class and its name. What has no node is left out."""

from codeanatomy.semantic.declare import View
from codeanatomy_types.tables import Typed

_NAMED = """FROM "definition" WHERE "construct" NOT IN ('Module', 'Lambda')"""
# decorators that leave a call of their function one of that function
_HARMLESS = "^(.*[.])?(property|(static|class)method|abstractmethod|override|final|setter|deleter)$"

TYPED = View(
    name="typed",
    struct=Typed,
    sql=f"""
        SELECT c."file_id", n."node", c."what", c."target_file", t."node" AS "target",
               'possible' AS "certainty", c."text",
               CASE WHEN c."what" = 'call' AND d."decorated" IS NOT NULL
                    THEN c."confidence" / 2 ELSE c."confidence" END AS "confidence"
        FROM "typing" c JOIN (
            SELECT "file_id", "node", "bstart", "bend", '' AS "base" FROM "syntax"
            WHERE "construct" <> 'MatchValue'
            UNION ALL
            SELECT "file_id", "node", "name_bstart", "name_bstart" + octet_length("name"), ''
            {_NAMED}
            UNION ALL
            SELECT b."file_id", b."value",
                   c."name_bstart", c."name_bstart" + octet_length(c."name"),
                   s."name"
            FROM "base" b JOIN "definition" c
            ON b."file_id" = c."file_id" AND b."class_node" = c."node"
            JOIN (
                SELECT "file_id", "node", "name" FROM "syntax" WHERE "name" IS NOT NULL
                UNION ALL
                SELECT "file_id", "parent", "name" FROM "syntax" WHERE "name" IS NOT NULL
                AND "role" = 'Subscript.value'
            ) s ON b."file_id" = s."file_id" AND b."value" = s."node"
        ) n ON c."file_id" = n."file_id" AND c."bstart" = n."bstart" AND c."bend" = n."bend"
            AND n."base" = CASE WHEN c."what" = 'base' THEN c."text" ELSE '' END
        JOIN (
            SELECT "file_id", "node", "name_bstart" AS "place" {_NAMED}
            UNION ALL SELECT "file_id", "node", "node" AS "place" FROM "external"
        ) t ON c."target_file" = t."file_id" AND c."target" = t."place"
        LEFT JOIN (
            SELECT DISTINCT "file_id", "decorated" FROM "decorator"
            WHERE NOT regexp_like("name", '{_HARMLESS}')
        ) d ON t."file_id" = d."file_id" AND t."node" = d."decorated"
    """,
)
