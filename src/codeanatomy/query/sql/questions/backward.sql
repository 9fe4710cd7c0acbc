-- what gives data to the entered statements, or decides: flows, arguments, what calls return
inside: SELECT node_id, name, coalesce(statement, node_id) AS statement
FROM among(nodes.statement, entered.id)
UNION
SELECT node_id, name, coalesce(statement, node_id) AS statement
FROM among(nodes.node_id, entered.id);
sources: SELECT src FROM among(edges_by_dst.dst, inside.node_id) WHERE kind IN ({kinds});
made: SELECT src, dst, kind, certainty, confidence FROM among(edges.src, inside.node_id)
WHERE kind = 'CALL' AND {crossing} AND {kept};
ways: SELECT dst AS node, src AS other, kind, certainty, confidence
FROM among(edges.src, sources.src) WHERE kind IN ({kinds}) AND {kept}
UNION ALL
SELECT c.src, r.node_id, c.kind, c.certainty, c.confidence
FROM among(nodes.container, made.dst) r JOIN made c ON c.dst = r.container
WHERE r.kind = 'RETURN';
SELECT near.statement AS near, coalesce(far.statement, far.node_id) AS far, w.node, w.other,
       w.certainty, 1.0 - w.confidence AS doubt, w.kind IN ('REACHING_DEF', 'CALL') AS within,
       CASE w.kind WHEN 'REACHING_DEF' THEN coalesce(far.name, '')
                   WHEN 'PARAMETER_LINK' THEN coalesce(near.name, '') ELSE '' END AS name,
       CASE w.kind WHEN 'REACHING_DEF' THEN 'data' WHEN 'CDG' THEN 'control'
                   WHEN 'PARAMETER_LINK' THEN 'argument' ELSE 'result' END AS why
FROM ways w
JOIN inside near ON near.node_id = w.node
JOIN among(nodes.node_id, ways.other) far ON far.node_id = w.other
