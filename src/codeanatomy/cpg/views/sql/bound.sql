-- what modules, classes and functions bind
SELECT "file_id", "scope" AS "source", "node" AS "site", 'binds' AS "what",
       "file_id" AS "target_file", "node" AS "target", 'scope' AS "rule",
       'certain' AS "certainty", 1.0 AS "confidence"
FROM (SELECT "file_id", "node", "scope" FROM "variable"
      UNION ALL SELECT "file_id", "node", "scope" FROM "member"
      UNION ALL SELECT "file_id", "node", "function" FROM "parameter"
      UNION ALL SELECT d."file_id", d."node", o."node" FROM "definition" d
      JOIN "definition" o ON o."file_id" = d."file_id" AND o."body" = d."container"
      WHERE d."construct" <> 'Lambda')
