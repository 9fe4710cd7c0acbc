-- where each function and body is left
SELECT "file_id", "exit" AS "node", "body" AS "parent", "body" AS "container",
       "exit_dominator" AS "dominator", 0 AS "position", "line",
       "bend" AS "bstart", "bend", "witness"
FROM "definition"
