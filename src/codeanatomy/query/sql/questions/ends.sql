-- the asked nodes and where they stand
SELECT n.node_id, n.kind, coalesce(n.qualified_name, n.name, '') AS name, f.content, p.line,
       coalesce(f.path || ':' || p.line, '') AS place, string_to_array(n.evidence, '+') AS evidence
FROM among(nodes.node_id, asked.id) n
LEFT JOIN among(spans.node_id, asked.id) p ON p.node_id = n.node_id
LEFT JOIN files f ON f.file_id = p.file_id
ORDER BY place, node_id
