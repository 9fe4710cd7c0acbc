-- each function or module of the repository, and each thing that it calls
SELECT DISTINCT m.qualified_name AS caller, coalesce(n.qualified_name, n.name) AS callee,
       n.kind, n.external
FROM (SELECT src, dst FROM edges WHERE kind = 'CALL' AND {kept}) e
JOIN (SELECT node_id, container FROM nodes) c ON c.node_id = e.src
JOIN (SELECT * FROM nodes WHERE kind = 'METHOD') m ON m.node_id = c.container
JOIN nodes n ON n.node_id = e.dst
