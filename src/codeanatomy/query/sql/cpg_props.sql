-- properties of nodes and edges; value_type says which value column is set
SELECT * FROM props
