"""Edges. One short declaration each; keys and strategies are inferred. Collected from this
folder."""
