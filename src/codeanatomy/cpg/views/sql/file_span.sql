-- files with the span of all their bytes
SELECT "file_id", "path", 0 AS "bstart", "size" AS "bend", 1 AS "line" FROM "source_file"
