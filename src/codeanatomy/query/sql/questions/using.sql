-- the statements that call one of the asked ids, or name it
ways: SELECT src FROM among(edges_by_dst.dst, asked.id) WHERE kind IN ('CALL', 'REF');
SELECT DISTINCT statement AS id FROM among(nodes.node_id, ways.src)
WHERE statement IS NOT NULL
ORDER BY id
