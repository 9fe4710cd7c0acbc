-- the object whose method is called, where the method itself is what its attribute names
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
