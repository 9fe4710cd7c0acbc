-- the found calls whose near end was asked for, with names and places, in a total order
SELECT m.qualified_name AS caller, coalesce(n.qualified_name, '') AS callee,
       coalesce(f.path, '') AS path, p.line, certainty, confidence,
       string_to_array(evidence, '+') AS evidence, origin,
       p.bstart, p.bend, owner_id AS caller_id, callee_id
FROM found
JOIN owners ON inner_id = found.site
JOIN asked ON asked.id = {near}
JOIN named m ON m.node_id = owner_id
LEFT JOIN named n ON n.node_id = callee_id
LEFT JOIN places p ON p.node_id = place
LEFT JOIN files f ON f.file_id = found.file_id
ORDER BY path, p.bstart, p.bend, callee, caller, origin, callee_id, caller_id
