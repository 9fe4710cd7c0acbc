-- one row per call site and thing it calls
SELECT m.qualified_name AS caller, coalesce(b.qualified_name, b.name) AS callee,
       b.kind AS callee_kind, b.external, coalesce(bf.path, '') AS callee_path,
       bs.line AS callee_line, m.node_id AS caller_id, f.path, s.line, s.bstart, s.bend,
       e.certainty, e.confidence, e.score, e.origin,
       string_to_array(e.evidence, '+') AS evidence, e.src, e.dst
FROM edges e
JOIN nodes a ON a.node_id = e.src
JOIN nodes b ON b.node_id = e.dst
JOIN nodes m ON m.node_id = a.container AND m.kind = 'METHOD'
LEFT JOIN spans s ON s.node_id = e.site
LEFT JOIN files f ON f.file_id = s.file_id
LEFT JOIN spans bs ON bs.node_id = e.dst
LEFT JOIN files bf ON bf.file_id = bs.file_id
WHERE e.kind = 'CALL'
