-- the ways from the entered on, as steps: the first to each entry that nothing has entered yet
told: SELECT f.calls + CASE WHEN w.why IN ('argument', 'result') THEN 1 ELSE 0 END AS calls,
       w.doubt, w.why, w.name, w.near, w.far, w.certainty,
       CASE WHEN w.why <> 'control' AND NOT w.within THEN w.other ELSE 0 END AS entry,
       f.entry AS before, w.within AND f.entry <> 0 AS within,
       CASE WHEN {forward} THEN f.entry ELSE w.node + 0 END AS inner_id,
       CASE WHEN {forward} THEN w.node + 0 ELSE f.entry END AS outer_id
FROM ways w JOIN entered f ON f.id = w.near;
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
