-- edges of the asked nodes and unresolved sites inside, by kind or reason (ids are cast: metadata differ)
inside: SELECT node_id, container FROM among(nodes.container, asked.id);
SELECT id AS node, way, what, count(*) AS count
FROM asked
JOIN (
    SELECT arrow_cast(src, 'UInt64') AS node, 'edges_out' AS way, kind AS what
    FROM among(edges.src, asked.id)
    UNION ALL
    SELECT arrow_cast(dst, 'UInt64'), 'edges_in', kind FROM among(edges_by_dst.dst, asked.id)
    UNION ALL
    SELECT arrow_cast(dst, 'UInt64'), 'edges_in', kind FROM ({held})
    UNION ALL
    SELECT arrow_cast(i.container, 'UInt64'), 'unresolved', u.reason
    FROM among(unresolved.node_id, inside.node_id) u JOIN inside i ON i.node_id = u.node_id
) ON node = id
GROUP BY id, way, what
ORDER BY count DESC, what
