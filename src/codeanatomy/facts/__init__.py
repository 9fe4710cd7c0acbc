"""What a fact is: semantic types, table structs, ids, spans, problems, errors. Imports nothing of
ours."""
