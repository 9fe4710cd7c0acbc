-- folders that module names start from
SELECT path, reason FROM roots ORDER BY path
