-- sites whose target is unknown, with the reason
SELECT path, line, what, text, reason, node_id, bstart, bend
FROM unresolved
ORDER BY path, bstart, bend, what, node_id
