"""Edges. One short declaration each; keys are inferred. Collected from this folder."""
