-- the statements and parameters that begin on a line of a file
SELECT DISTINCT coalesce(n.statement, n.node_id) AS id
FROM spans s
JOIN nodes n ON n.node_id = s.node_id
WHERE s.file_id = {file_id} AND s.line = {line}
  AND (n.statement IS NOT NULL OR n.kind = 'METHOD_PARAMETER_IN')
ORDER BY id
