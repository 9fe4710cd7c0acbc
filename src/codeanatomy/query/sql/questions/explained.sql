-- the found edges with what speaks against them, and what else their sites may mean
disputes: SELECT DISTINCT kind, site FROM among(conflicts.site, found.site);
edge: SELECT e.*, d.site IS NOT NULL AS disputed
FROM found e LEFT JOIN disputes d ON d.kind = e.kind AND d.site = e.site;
others: SELECT e.edge_id, o.dst, o.certainty, o.score, o.evidence
FROM edge e JOIN among(edges.src, found.src) o
  ON o.src = e.src AND o.kind = e.kind AND o.site = e.site AND o.ordinal = e.ordinal
WHERE o.dst <> e.dst AND (e.disputed OR 'possible' IN (o.certainty, e.certainty));
out: SELECT e.edge_id, d.dst, d.reason FROM edge e JOIN among(dropped.site, found.site) d ON d.site = e.site;
SELECT e.kind, e.src, e.dst, e.site, e.certainty, e.confidence, e.score, e.origin AS rule,
       string_to_array(e.evidence, '+') AS evidence, e.held, e.disputed,
       coalesce(p.string_value, '') AS doubt, coalesce(a.alternatives, make_array()) AS alternatives,
       coalesce(l.dropped, make_array()) AS dropped
FROM edge e
LEFT JOIN among(props.id, found.edge_id) p ON p.id = e.edge_id AND p.key = 'DOUBT'
LEFT JOIN (
    SELECT o.edge_id, array_agg(named_struct(
        'name', coalesce(n.qualified_name, n.name, ''), 'certainty', o.certainty,
        'score', o.score, 'evidence', string_to_array(o.evidence, '+')
    ) ORDER BY o.score DESC, o.dst) AS alternatives
    FROM others o JOIN among(nodes.node_id, others.dst) n ON n.node_id = o.dst
    GROUP BY o.edge_id
) a ON a.edge_id = e.edge_id
LEFT JOIN (
    SELECT o.edge_id, array_agg(named_struct(
        'name', coalesce(n.qualified_name, n.name, ''), 'reason', o.reason
    ) ORDER BY n.qualified_name, o.dst) AS dropped
    FROM out o JOIN among(nodes.node_id, out.dst) n ON n.node_id = o.dst
    GROUP BY o.edge_id
) l ON l.edge_id = e.edge_id
ORDER BY e.src, e.kind, e.dst, e.ordinal
