-- every edge of the graph; path and span are those of the place where its evidence stands
SELECT with_metadata(e.edge_id, 'codeanatomy.type', 'edge.id', 'codeanatomy.group', 'id') AS edge_id,
       e.kind, e.src, e.dst, e.ordinal, coalesce(f.path, '') AS path, s.bstart, s.bend, s.line, e.origin, e.certainty, e.confidence, e.score,
       string_to_array(e.evidence, '+') AS evidence
FROM {edges_with_ids} e
LEFT JOIN spans s ON s.node_id = e.site
LEFT JOIN files f ON f.file_id = s.file_id
