-- unresolved sites, with their paths and spans
SELECT u."node_id", f."path", s."bstart", s."bend", s."line", u."what", u."text", u."reason"
FROM (SELECT node_id("file_id", "site") AS "node_id", "file_id", "what", "text", "reason"
      FROM "unanswered") u
JOIN "source_file" f ON u."file_id" = f."file_id"
JOIN "spans" s ON u."node_id" = s."node_id"
