"""From tree-sitter's tolerant trees to the rows that the walker makes of CPython's."""
