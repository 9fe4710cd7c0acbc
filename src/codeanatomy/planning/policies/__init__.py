"""Policies: one question each, `decide(...) -> Decision`."""
