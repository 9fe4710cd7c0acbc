-- what unpacking may fill: parameters that nothing else in the call fills
WITH calls AS (
    SELECT a."file_id", a."value" AS "source", a."call" AS "site", a."keyword", a."unpacked",
           a."position" AS "given", t."taken", t."target_file", t."target" AS "function",
           t."rule", t."certainty", t."confidence", p."node" AS "target", p."name", p."passing",
           p."position" AS "place"
    FROM "argument" a
    JOIN "target" t ON t."file_id" = a."file_id" AND t."site" = a."call" AND t."what" = 'call'
    AND t."taken" >= 0
    JOIN "parameter" p ON p."file_id" = t."target_file" AND p."function" = t."target"
), stars AS (
    SELECT "file_id", "call", min("position") AS "first" FROM "argument"
    WHERE "unpacked" = '*' GROUP BY "file_id", "call"
), fills AS (
    SELECT c.* FROM calls c WHERE c."unpacked" = '**' AND c."place" >= c."taken"
    AND c."passing" IN ('positional', 'keyword_only', 'kwarg')
    UNION ALL
    SELECT c.* FROM calls c JOIN stars s ON s."file_id" = c."file_id" AND s."call" = c."site"
    WHERE c."keyword" IS NULL AND c."unpacked" <> '**' AND c."given" >= s."first"
    AND ((c."passing" IN ('positional_only', 'positional')
          AND c."place" >= s."first" + c."taken")
         OR (c."passing" = 'vararg' AND c."place" > c."given" + c."taken"))
)
SELECT m."file_id", m."source", m."site", 'fills' AS "what", m."target_file", m."target",
       m."rule", 'possible' AS "certainty", m."confidence" / 2 AS "confidence"
FROM fills m LEFT ANTI JOIN "filled" f ON f."file_id" = m."file_id" AND f."site" = m."site"
AND f."target_file" = m."target_file" AND f."target" = m."target" AND f."source" <> m."source"
