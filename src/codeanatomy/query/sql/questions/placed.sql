-- steps with the places of both ends, in order
SELECT {numbers} f.path, p.line, f.content, why, s.name, g.path AS from_path,
       q.line AS from_line, certainty, 1.0 - doubt AS confidence, calls, p.bstart, p.bend
FROM steps s
JOIN among(spans.node_id, steps.id) p ON p.node_id = s.id
JOIN files f ON f.file_id = p.file_id
JOIN among(spans.node_id, steps.near) q ON q.node_id = s.near
JOIN files g ON g.file_id = q.file_id
ORDER BY {order}
