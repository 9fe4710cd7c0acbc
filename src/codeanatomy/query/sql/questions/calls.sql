-- calls at the sites whose near end was asked for, with the way, in order
found: SELECT c.*, asked.chain
FROM (
    SELECT s.caller_id, e.dst AS callee_id, e.site, e.file_id, e.certainty, e.confidence,
           e.evidence, e.origin
    FROM among(edges.src, sites.site) e JOIN sites s ON s.site = e.src
    WHERE e.kind = 'CALL' AND {kept}
) c
JOIN asked ON asked.id = c.{near}_id;
ends: SELECT caller_id AS id FROM found UNION ALL SELECT callee_id AS id FROM found;
named: SELECT node_id, qualified_name FROM among(nodes.node_id, ends.id)
WHERE kind IN ('METHOD', 'TYPE_DECL', 'EXTERNAL');
SELECT caller, callee, path, line, certainty, confidence, evidence, origin, bstart, bend,
       arrow_cast({depth}, 'Int32') AS depth, {way} AS chain, caller_id, callee_id
FROM (
    SELECT m.qualified_name AS caller, coalesce(n.qualified_name, '') AS callee,
           coalesce(f.path, '') AS path, p.line, e.certainty, e.confidence,
           string_to_array(e.evidence, '+') AS evidence, e.origin, p.bstart, p.bend,
           e.chain, e.caller_id, e.callee_id
    FROM found e
    JOIN named m ON m.node_id = e.caller_id
    LEFT JOIN named n ON n.node_id = e.callee_id
    LEFT JOIN among(spans.node_id, found.site) p ON p.node_id = e.site
    LEFT JOIN files f ON f.file_id = e.file_id
)
ORDER BY path, bstart, bend, callee, caller, origin, callee_id, caller_id
