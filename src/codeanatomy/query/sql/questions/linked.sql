-- what stands at a place of a file, whose node ids lie between low and high, and what it leads to
here: SELECT n.node_id, n.kind, n.name, n.qualified_name, s.bstart, s.bend, s.line, u.reason,
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
WHERE {place};
links: SELECT src, dst, kind, certainty FROM among(edges.src, here.node_id)
WHERE kind IN ('REF', 'CALL', 'IMPORTS', 'INHERITS_FROM', 'DECORATED_BY');
SELECT s.kind, coalesce(s.qualified_name, s.name) AS name, s.line, l.kind AS relation,
       coalesce(t.qualified_name, t.name) AS target, f.path AS target_path,
       p.line AS target_line, l.certainty, s.reason, s.bstart, s.bend
FROM here s
LEFT JOIN links l ON l.src = s.node_id
LEFT JOIN among(nodes.node_id, links.dst) t ON t.node_id = l.dst
LEFT JOIN among(spans.node_id, links.dst) p ON p.node_id = l.dst
LEFT JOIN files f ON f.file_id = p.file_id
WHERE {kept}
ORDER BY {order} s.bstart, s.bend, s.kind, s.node_id, relation, target
