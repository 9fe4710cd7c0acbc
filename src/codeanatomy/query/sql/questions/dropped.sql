-- what sites may mean that became no edge, and why
SELECT f.path, s.line, s2.kind, s2.name AS site, coalesce(n.qualified_name, n.name) AS target, d.reason,
       d.site AS site_id, d.dst AS target_id
FROM dropped d
JOIN spans s ON s.node_id = d.site
JOIN files f ON f.file_id = s.file_id
JOIN nodes s2 ON s2.node_id = d.site
JOIN nodes n ON n.node_id = d.dst
ORDER BY f.path, s.bstart, s.bend, target, d.dst
