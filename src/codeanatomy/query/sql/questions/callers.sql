-- call sites of the asked ids, with the METHOD that evaluates each
ways: SELECT src FROM among(edges_by_dst.dst, asked.id) WHERE kind = 'CALL';
SELECT node_id AS site, container AS caller_id FROM among(nodes.node_id, ways.src)
WHERE container IS NOT NULL
