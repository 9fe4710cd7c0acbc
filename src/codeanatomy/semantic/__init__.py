"""The compiler: declarations to views, joins inferred from semantic types, SQL."""
