-- for each goal among the first steps: all steps to it, each from where the one before it entered
first: SELECT * FROM (
    SELECT *, row_number() OVER (
        PARTITION BY id ORDER BY level, calls, doubt, why, name, near, certainty, entry, before
    ) AS nth
    FROM taken
) WHERE nth = 1;
led: WITH RECURSIVE back AS (
    SELECT id AS goal, 0 AS more, id, entry, near, before, why FROM first
    WHERE id IN (SELECT id FROM goals)
    UNION ALL
    SELECT b.goal, b.more + 1 AS more, t.id, t.entry, t.near, t.before, t.why
    FROM back b JOIN taken t ON t.id = b.near AND t.entry = b.before WHERE b.why <> 'start'
)
SELECT goal, more, id, entry FROM back;
SELECT dense_rank() OVER (ORDER BY goal) AS way,
       count(*) OVER (PARTITION BY goal) - 1 - more AS step, t.*
FROM led l JOIN taken t ON t.id = l.id AND t.entry = l.entry
