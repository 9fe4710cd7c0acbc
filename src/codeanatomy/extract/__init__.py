"""Bytes to evidence rows: witnesses, and the runner with its workers and cache."""
