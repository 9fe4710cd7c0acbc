-- one row per class and direct base
SELECT a.qualified_name AS class, coalesce(b.qualified_name, b.name) AS base,
       e.ordinal AS position, b.external, coalesce(bf.path, '') AS base_path,
       bs.line AS base_line, f.path, s.line, s.bstart, s.bend, e.certainty, e.confidence,
       e.score, e.origin, string_to_array(e.evidence, '+') AS evidence, e.src, e.dst
FROM edges e
JOIN nodes a ON a.node_id = e.src
JOIN nodes b ON b.node_id = e.dst
LEFT JOIN spans s ON s.node_id = e.site
LEFT JOIN files f ON f.file_id = s.file_id
LEFT JOIN spans bs ON bs.node_id = e.dst
LEFT JOIN files bf ON bf.file_id = bs.file_id
WHERE e.kind = 'INHERITS_FROM'
