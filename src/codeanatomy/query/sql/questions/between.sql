-- edges from the wanted ids, or from what the METHODs `near` evaluate, to the targets
ways: SELECT src FROM among(edges_by_dst.dst, targets.id) WHERE {of_kind};
starts: SELECT node_id AS id FROM among(nodes.node_id, ways.src)
WHERE node_id IN (SELECT id FROM wanted) OR container IN (SELECT id FROM near);
SELECT * FROM {edges}
WHERE {of_kind} AND dst IN (SELECT id FROM targets)
  AND (NOT held OR src IN (SELECT id FROM wanted))
ORDER BY src, kind, dst, ordinal
