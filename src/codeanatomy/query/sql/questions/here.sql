-- what stands in one file, whose node ids lie between low and high, at a place
SELECT n.node_id, n.kind, n.name, n.qualified_name, s.bstart, s.bend, s.line, u.reason,
       n.kind IN ('METHOD', 'TYPE_DECL', 'NAMESPACE_BLOCK', 'METHOD_PARAMETER_IN', 'LOCAL',
                  'IMPORT') AS is_named
FROM (
    SELECT * FROM spans WHERE node_id BETWEEN {low} AND {high} AND file_id = {file_id}
) s
JOIN (
    SELECT * FROM nodes WHERE node_id BETWEEN {low} AND {high} AND kind <> 'FILE'
) n ON n.node_id = s.node_id
LEFT JOIN (SELECT node_id, min(reason) AS reason FROM unresolved GROUP BY node_id) u
  ON u.node_id = n.node_id
WHERE {place}
