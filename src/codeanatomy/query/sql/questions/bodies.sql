-- METHODs of the symbols: a function itself, or all code of a class or module of the repository
SELECT node_id FROM among(nodes.node_id, symbols.node_id)
WHERE kind NOT IN ('TYPE_DECL', 'NAMESPACE_BLOCK')
UNION
SELECT n.node_id
FROM among(nodes.file_id, symbols.file_id) n JOIN symbols s ON s.file_id = n.file_id
WHERE n.kind = 'METHOD' AND s.rank = 0 AND s.kind IN ('TYPE_DECL', 'NAMESPACE_BLOCK')
  AND starts_with(n.qualified_name, s.qualified_name || '.')
