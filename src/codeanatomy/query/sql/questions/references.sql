-- edges of uses into the asked ids, with the METHOD that holds each, in the order of places
ways: SELECT src FROM among(edges_by_dst.dst, asked.id) WHERE kind IN ('REF', 'IMPORTS');
sites: SELECT node_id, name, container FROM among(nodes.node_id, ways.src);
found: SELECT e.src, e.dst, e.kind, e.site, e.certainty, e.confidence, e.evidence, e.origin
FROM among(edges.src, ways.src) e JOIN asked ON asked.id = e.dst
WHERE e.kind IN ('REF', 'IMPORTS') AND {kept};
SELECT n.name, coalesce(t.qualified_name, t.name) AS target, m.qualified_name AS inside,
       coalesce(f.path, '') AS path, p.line, e.certainty, e.confidence,
       string_to_array(e.evidence, '+') AS evidence,
       e.kind, e.origin, p.bstart, p.bend
FROM found e
JOIN sites n ON n.node_id = e.src
JOIN among(nodes.node_id, asked.id) t ON t.node_id = e.dst
LEFT JOIN among(nodes.node_id, sites.container) m ON m.node_id = n.container AND m.kind = 'METHOD'
LEFT JOIN among(spans.node_id, found.site) p ON p.node_id = e.site
LEFT JOIN files f ON f.file_id = p.file_id
ORDER BY path, p.bstart, p.bend, target, e.kind, e.src
