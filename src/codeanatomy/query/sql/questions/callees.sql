-- what the asked METHODs evaluate
SELECT node_id AS site, container AS caller_id FROM among(nodes.container, asked.id)
