-- how many nodes and edges of each kind
SELECT 'node' AS entity, kind, count(*) AS count FROM nodes GROUP BY kind
UNION ALL
SELECT 'edge' AS entity, kind, count(*) AS count FROM cpg_edges GROUP BY kind
ORDER BY entity DESC, count DESC, kind
