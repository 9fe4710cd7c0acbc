-- the asked nodes with their places, in the order of these
SELECT n.qualified_name AS name, n.kind, coalesce(f.path, '') AS path, p.line,
       p.bstart, p.bend, n.external
FROM among(nodes.node_id, asked.id) n
LEFT JOIN among(spans.node_id, asked.id) p ON p.node_id = n.node_id
LEFT JOIN files f ON f.file_id = p.file_id
ORDER BY path, p.bstart, n.qualified_name, n.kind
