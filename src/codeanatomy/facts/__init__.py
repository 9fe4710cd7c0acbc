"""What a fact is: semantic types, table structs, ids, problems, errors. No imports of ours."""
