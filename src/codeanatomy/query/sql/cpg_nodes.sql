-- every node of the graph, with its place; path is '' and the span null for external things
SELECT n.node_id, n.kind, n.name, n.qualified_name, coalesce(f.path, '') AS path, n.file_id,
       s.bstart, s.bend, s.line, n.position, n.external,
       string_to_array(n.evidence, '+') AS evidence
FROM nodes n
LEFT JOIN spans s ON s.node_id = n.node_id
LEFT JOIN files f ON f.file_id = n.file_id
