-- what witnesses say of a site of which no two say the same
SELECT f.path, s.line, c.kind, s2.name AS site, coalesce(n.qualified_name, n.name) AS target, c.evidence,
       c.certainty, c.confidence, c.score, c.site AS site_id, c.dst AS target_id
FROM conflicts c
JOIN spans s ON s.node_id = c.site
JOIN files f ON f.file_id = s.file_id
JOIN nodes s2 ON s2.node_id = c.site
JOIN nodes n ON n.node_id = c.dst
ORDER BY f.path, s.bstart, s.bend, c.kind, c.confidence DESC, target, c.dst
