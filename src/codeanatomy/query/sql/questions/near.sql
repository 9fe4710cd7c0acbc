-- names that differ least from a plain name in lower case and from its last part, nearest first
SELECT DISTINCT qualified_name,
       levenshtein(name, {last}) AS far,
       levenshtein(lower(qualified_name), {plain}) AS farther
FROM (
    SELECT lower(name) AS name, qualified_name FROM nodes
    WHERE kind IN ({kinds}) AND qualified_name IS NOT NULL AND name NOT LIKE '<%'
    UNION ALL
    SELECT lower(regexp_replace(module, '.*\.', '')), module FROM files
)
WHERE levenshtein(name, {last}) <= greatest(2, length({last}) / 3) OR contains(name, {last})
   OR levenshtein(lower(qualified_name), {plain}) <= greatest(2, length({plain}) / 4)
ORDER BY far, farther, qualified_name
LIMIT 5
