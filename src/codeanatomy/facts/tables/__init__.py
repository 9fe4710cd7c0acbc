"""Our own tables, one struct each; Arrow schemas, docs and goldens are derived from these
structs."""
