"""A repository as bytes: its files, source roots, what is left out, and git."""
