-- what has this last name; modules that are called so, or whose name ends so
SELECT *, regexp_replace(qualified_name, '#\d+(\.|$)', '\1', 'g') AS plain
FROM (
    SELECT CASE WHEN n.external THEN 2 WHEN n.kind IN ({variables}) THEN 1 ELSE 0 END AS rank,
           n.qualified_name, n.kind, coalesce(f.path, '') AS path, coalesce(f.module, '') AS module,
           n.node_id, n.file_id
    FROM (
        SELECT * FROM nodes
        WHERE name = {last} AND kind IN ({kinds}) AND qualified_name IS NOT NULL
    ) n
    LEFT JOIN files f ON f.file_id = n.file_id
    WHERE {place}
    UNION ALL
    SELECT 0 AS rank, f.module AS qualified_name, 'NAMESPACE_BLOCK' AS kind, f.path, f.module,
           {module_id} AS node_id, f.file_id
    FROM files f
    WHERE (f.module IN ({asked}, {last}) OR ends_with(f.module, '.' || {last})) AND {place}
)
