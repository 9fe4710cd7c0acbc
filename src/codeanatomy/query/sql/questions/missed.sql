-- unresolved sites of a name that the METHODs `near` evaluate
inside: SELECT node_id FROM among(nodes.container, near.id);
SELECT DISTINCT path || ':' || line || '  ' || what || ' ' || text || ': ' || reason AS told
FROM among(unresolved.node_id, inside.node_id)
WHERE {named}
ORDER BY told
