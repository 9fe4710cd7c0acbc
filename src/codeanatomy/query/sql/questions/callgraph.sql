-- each function and module of the repository, and the names of what it calls (`+ 0` drops metadata, which must not differ)
scopes: SELECT node_id, container, name = '<body>' AS of_class,
       regexp_replace(regexp_replace(qualified_name, '\.<module>$', ''), '#\d+(\.|$)', '\1', 'g')
           AS scope
FROM nodes WHERE kind = 'METHOD' AND NOT external;
folded: WITH RECURSIVE around AS (
    SELECT node_id, node_id + 0 AS outer_id FROM scopes
    UNION ALL
    SELECT a.node_id, s.container + 0 AS outer_id
    FROM around a JOIN scopes s ON s.node_id = a.outer_id WHERE s.of_class
)
SELECT a.node_id, s.scope FROM around a JOIN scopes s ON s.node_id = a.outer_id
WHERE NOT s.of_class;
called: SELECT f.scope AS caller,
       CASE WHEN n.external THEN regexp_replace(regexp_replace(regexp_replace(
           coalesce(n.qualified_name, n.name),
           '^builtins\.(str|bytes|list|dict|set|tuple|bool)\.(.)', '<\1>.\2'),
           '^builtins\.(int|float|complex)\.(.)', '<num>.\2'),
           '^builtins\.(.)', '<builtin>.\1')
       ELSE coalesce(
           t.scope, regexp_replace(coalesce(n.qualified_name, n.name), '#\d+(\.|$)', '\1', 'g')
       ) END AS callee
FROM (SELECT src, dst FROM edges WHERE kind = 'CALL' AND {kept}) e
JOIN (SELECT node_id, container FROM nodes) c ON c.node_id = e.src
JOIN folded f ON f.node_id = c.container
JOIN (
    SELECT * FROM nodes WHERE (external OR kind <> 'TYPE_DECL') AND coalesce(qualified_name, '')
        NOT IN ('builtins.staticmethod', 'builtins.classmethod', 'builtins.property')
) n ON n.node_id = e.dst
LEFT JOIN folded t ON t.node_id = e.dst;
SELECT scope, coalesce(
    array_agg(DISTINCT callee ORDER BY callee) FILTER (WHERE callee IS NOT NULL), make_array()
) AS callees
FROM (SELECT DISTINCT scope FROM folded) LEFT JOIN called ON caller = scope
GROUP BY scope
ORDER BY scope
