-- distributions, how they are known, and how many symbols are used of each
SELECT d.name AS distribution, v.string_value AS version, r.string_value AS requirement,
       k.string_value AS known, count(e.src) AS symbols
FROM nodes d
LEFT JOIN edges e ON e.dst = d.node_id AND e.kind = 'PROVIDED_BY'
LEFT JOIN props v ON v.id = d.node_id AND v.key = 'VERSION'
LEFT JOIN props r ON r.id = d.node_id AND r.key = 'REQUIREMENT'
LEFT JOIN props k ON k.id = d.node_id AND k.key = 'KNOWN_AS'
WHERE d.kind = 'DEPENDENCY'
GROUP BY 1, 2, 3, 4
ORDER BY symbols DESC, distribution
