-- the ways from the entered on, as steps: the first to each entry that nothing has entered yet
told: SELECT f.calls + CASE WHEN w.why IN ('argument', 'result') THEN 1 ELSE 0 END AS calls, w.doubt,
       w.why,
       CASE w.why WHEN 'data' THEN coalesce({data_name}, '')
                  WHEN 'argument' THEN coalesce({argument_name}, '') ELSE '' END AS name,
       w.near, w.far, w.certainty,
       CASE WHEN w.why <> 'control' AND NOT {within} THEN w.other ELSE 0 END AS entry,
       f.entry AS before, {within} AND f.entry <> 0 AS within,
       {inner} + 0 AS inner_id, {outer} + 0 AS outer_id
FROM (
    SELECT *, 1.0 - confidence AS doubt, CASE kind WHEN 'REACHING_DEF' THEN 'data'
        WHEN 'CDG' THEN 'control' WHEN 'PARAMETER_LINK' THEN 'argument' ELSE 'result' END AS why
    FROM ways
) w
JOIN entered f ON f.id = w.near;
enclosed: SELECT DISTINCT near, inner_id FROM told WHERE within;
parents: SELECT node_id, parent + 0 AS parent FROM among(nodes.statement, enclosed.near);
around: WITH RECURSIVE up AS (
    SELECT DISTINCT inner_id, inner_id AS outer_id FROM enclosed
    UNION ALL
    SELECT u.inner_id, p.parent AS outer_id FROM up u JOIN parents p ON p.node_id = u.outer_id
)
SELECT DISTINCT inner_id, outer_id FROM up;
SELECT {level} AS level, calls, doubt, why, name, near, far AS id, certainty, entry, before
FROM (
    SELECT t.*, row_number() OVER (
        PARTITION BY t.far, t.entry ORDER BY calls, doubt, why, name, near, certainty, before
    ) AS nth
    FROM told t
    LEFT JOIN around a ON a.inner_id = t.inner_id AND a.outer_id = t.outer_id
    LEFT JOIN (SELECT DISTINCT id, entry FROM taken) k ON k.id = t.far AND k.entry = t.entry
    WHERE (a.inner_id IS NOT NULL OR NOT within) AND k.id IS NULL AND calls <= {depth}
      AND t.far NOT IN (SELECT id FROM taken WHERE entry = 0)
      AND t.far NOT IN (SELECT id FROM stopped)
)
WHERE nth = 1
