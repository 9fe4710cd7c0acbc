-- what functions and bodies read and write of others; the few uses are found before their places
WITH held AS (
    SELECT v."file_id", v."node", v."scope", d."body"
    FROM (SELECT "file_id", "node", "scope" FROM "variable"
          UNION ALL SELECT "file_id", "node", "scope" FROM "member") v
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
