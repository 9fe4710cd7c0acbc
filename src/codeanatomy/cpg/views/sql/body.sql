-- the body of each module and class
SELECT "file_id", "body" AS "node", "node" AS "parent",
       CASE WHEN "construct" = 'Module' THEN NULL ELSE "container" END AS "container",
       'Body' AS "construct", "bstart", "bend", "line", 0 AS "position",
       CASE WHEN "construct" = 'Module' THEN '<module>' ELSE '<body>' END AS "name",
       CASE WHEN "construct" = 'Module' THEN '<module>'
            ELSE "qualname" || '.<body>' END AS "qualname",
       "witness"
FROM "definition" WHERE "body" <> "node"
