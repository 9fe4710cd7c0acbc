-- what each test calls elsewhere; tests as pytest and unittest find them
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
    AND regexp_like(f."path", '(^|/)(test_[^/]*|[^/]*_test)\.py$')))
GROUP BY d."file_id", d."node", t."target_file", t."target"
