-- the found edges into the asked ids, with the METHOD that holds each, in the order of places
SELECT n.name, coalesce(t.qualified_name, t.name) AS target, o.inside,
       coalesce(f.path, '') AS path, p.line, e.certainty, e.confidence,
       string_to_array(e.evidence, '+') AS evidence,
       e.kind, e.origin, p.bstart, p.bend
FROM found e
JOIN asked w ON w.id = e.dst
JOIN named n ON n.node_id = e.src
JOIN named t ON t.node_id = e.dst
LEFT JOIN (
    SELECT inner_id, m.qualified_name AS inside
    FROM owners JOIN named m ON m.node_id = owner_id AND m.kind = 'METHOD'
) o ON o.inner_id = e.src
LEFT JOIN places p ON p.node_id = e.site
LEFT JOIN files f ON f.file_id = p.file_id
ORDER BY path, p.bstart, p.bend, target, e.kind, e.src
