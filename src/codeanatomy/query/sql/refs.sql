-- one row per name or attribute and thing it means
SELECT a.name, coalesce(b.qualified_name, b.name) AS target, b.kind AS target_kind, b.external,
       coalesce(bf.path, '') AS target_path, bs.line AS target_line, m.qualified_name AS inside,
       f.path, s.line, s.bstart, s.bend, e.certainty, e.confidence, e.score, e.origin,
       string_to_array(e.evidence, '+') AS evidence, e.src, e.dst
FROM edges e
JOIN nodes a ON a.node_id = e.src
JOIN nodes b ON b.node_id = e.dst
JOIN nodes m ON m.node_id = a.container AND m.kind = 'METHOD'
LEFT JOIN spans s ON s.node_id = e.site
LEFT JOIN files f ON f.file_id = s.file_id
LEFT JOIN spans bs ON bs.node_id = e.dst
LEFT JOIN files bf ON bf.file_id = bs.file_id
WHERE e.kind = 'REF'
