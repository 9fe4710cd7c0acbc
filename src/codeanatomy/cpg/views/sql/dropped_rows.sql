-- candidates that were left out
SELECT node_id("file_id", "site") AS "site", node_id("target_file", "target") AS "dst", "reason"
FROM "dropped_candidate"
