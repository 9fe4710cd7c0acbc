-- files and folders that were left out, with the reason
SELECT path, reason, detail FROM skipped ORDER BY path, reason
