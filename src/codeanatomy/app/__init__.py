"""People and agents: the command line."""
