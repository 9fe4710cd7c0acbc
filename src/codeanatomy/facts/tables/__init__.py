"""Our own tables, one struct each; schemas, docs and goldens are derived from these structs."""
