-- which argument fills which parameter: what the language says of each call and each target
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
    SELECT c.* FROM calls c
    WHERE c."keyword" = c."name" AND c."passing" IN ('positional', 'keyword_only')
    UNION ALL
    SELECT c.* FROM calls c
    LEFT ANTI JOIN "parameter" n ON n."file_id" = c."target_file" AND n."function" = c."function"
    AND n."name" = c."keyword" AND n."passing" IN ('positional', 'keyword_only')
    WHERE c."keyword" IS NOT NULL AND c."passing" = 'kwarg'
    UNION ALL
    SELECT c.* FROM calls c
    LEFT JOIN stars s ON s."file_id" = c."file_id" AND s."call" = c."site"
    WHERE c."keyword" IS NULL AND c."unpacked" <> '**'
    AND ((c."passing" = 'vararg' AND c."place" <= c."given" + c."taken")
         OR (c."unpacked" = '' AND c."passing" IN ('positional_only', 'positional')
             AND c."place" = c."given" + c."taken"
             AND (s."first" IS NULL OR c."given" < s."first")))
)
SELECT "file_id", "source", "site", 'fills' AS "what", "target_file", "target", "rule",
       "certainty", "confidence"
FROM fills
