"""The rules of the house as tests: each check is a function from source text to findings."""
