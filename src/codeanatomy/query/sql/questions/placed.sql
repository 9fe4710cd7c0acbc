-- steps of ways with the places of both ends, in their order
SELECT way, step, f.path, p.line, f.content, why, s.name, g.path AS from_path,
       q.line AS from_line, certainty, 1.0 - doubt AS confidence, calls, p.bstart, p.bend
FROM taken s
JOIN places p ON p.node_id = far
JOIN files f ON f.file_id = p.file_id
JOIN places q ON q.node_id = near
JOIN files g ON g.file_id = q.file_id
ORDER BY way, step
