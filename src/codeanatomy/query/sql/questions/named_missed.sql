-- the sites without a target of a name
SELECT count(DISTINCT node_id) AS sites FROM unresolved WHERE {asked} AND {named}
