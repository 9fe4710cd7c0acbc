-- the call sites without a target in the asked containers or statements, as the key says
inside: SELECT node_id FROM among(nodes.{key}, asked.id);
SELECT count(DISTINCT node_id) AS sites FROM among(unresolved.node_id, inside.node_id)
WHERE what = 'call'
