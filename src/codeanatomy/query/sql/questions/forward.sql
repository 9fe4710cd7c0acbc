-- what the entered statements give data to, or decide: flows, parameters, calls that get a result
inside: SELECT node_id, kind, name, coalesce(statement, node_id) AS statement, container
FROM among(nodes.statement, entered.id)
UNION
SELECT node_id, kind, name, coalesce(statement, node_id) AS statement, container
FROM among(nodes.node_id, entered.id);
returned: SELECT node_id, container FROM inside WHERE kind = 'RETURN' AND {crossing};
callers: SELECT src FROM among(edges_by_dst.dst, returned.container) WHERE kind = 'CALL';
ways: SELECT src AS node, dst AS other, kind, certainty, confidence
FROM among(edges.src, inside.node_id) WHERE kind IN ({kinds}) AND {kept}
UNION ALL
SELECT r.node_id, e.src, e.kind, e.certainty, e.confidence
FROM among(edges.src, callers.src) e JOIN returned r ON r.container = e.dst
WHERE e.kind = 'CALL' AND {kept};
SELECT near.statement AS near, coalesce(far.statement, far.node_id) AS far, w.node, w.other,
       w.certainty, 1.0 - w.confidence AS doubt, w.kind IN ('PARAMETER_LINK') AS within,
       CASE w.kind WHEN 'REACHING_DEF' THEN coalesce(near.name, '')
                   WHEN 'PARAMETER_LINK' THEN coalesce(far.name, '') ELSE '' END AS name,
       CASE w.kind WHEN 'REACHING_DEF' THEN 'data' WHEN 'CDG' THEN 'control'
                   WHEN 'PARAMETER_LINK' THEN 'argument' ELSE 'result' END AS why
FROM ways w
JOIN inside near ON near.node_id = w.node
JOIN among(nodes.node_id, ways.other) far ON far.node_id = w.other
