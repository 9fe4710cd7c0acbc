-- of the taken steps the first to each statement
SELECT * FROM (
    SELECT *, row_number() OVER (
        PARTITION BY id ORDER BY level, calls, doubt, why, name, near, certainty, entry, before
    ) AS nth
    FROM taken
) WHERE nth = 1
