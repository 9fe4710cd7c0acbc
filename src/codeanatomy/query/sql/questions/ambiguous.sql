-- the near things of one name and file each with its place, most used first
uses: SELECT dst, count(*) AS uses FROM among(edges_by_dst.dst, near.node_id)
WHERE kind IN ('CALL', 'REF', 'IMPORTS', 'INHERITS_FROM') GROUP BY dst;
SELECT CASE WHEN path = '' THEN plain
            ELSE plain || '  ' || path || ':' || coalesce(s.line, 1) END AS told
FROM (
    SELECT plain, path, sum(coalesce(uses, 0)) AS used,
           first_value(node_id ORDER BY rank, qualified_name, kind, module, node_id) AS first
    FROM near LEFT JOIN uses ON dst = node_id
    GROUP BY plain, path
)
LEFT JOIN among(spans.node_id, near.node_id) s ON s.node_id = first
ORDER BY used DESC, plain, path
