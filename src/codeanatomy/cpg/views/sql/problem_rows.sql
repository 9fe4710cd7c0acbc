-- problems of files and of the scan, in one shape
SELECT 'extract' AS "stage", p."witness", p."code", p."severity", p."message", f."path",
       p."bstart", p."bend", p."line"
FROM "file_problem" p JOIN "source_file" f ON p."file_id" = f."file_id"
UNION ALL SELECT * FROM "scan_problem"
