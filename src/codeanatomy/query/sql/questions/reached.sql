-- far ends of the found that were not seen, each with the way of the first that leads to it
SELECT {far}_id AS id, first_value(
    chain ORDER BY path, bstart, bend, callee, caller, origin, callee_id, caller_id
) AS chain
FROM found
WHERE {far}_id NOT IN (SELECT id FROM seen)
GROUP BY {far}_id
