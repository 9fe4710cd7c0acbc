-- what stands here, each with every thing it leads to
SELECT s.kind, coalesce(s.qualified_name, s.name) AS name, s.line, l.kind AS relation,
       coalesce(t.qualified_name, t.name) AS target, f.path AS target_path,
       p.line AS target_line, l.certainty, s.reason, s.bstart, s.bend
FROM here s
LEFT JOIN links l ON l.src = s.node_id
LEFT JOIN named t ON t.node_id = l.dst
LEFT JOIN places p ON p.node_id = l.dst
LEFT JOIN files f ON f.file_id = p.file_id
WHERE {kept}
ORDER BY {order} s.bstart, s.bend, s.kind, s.node_id, relation, target
