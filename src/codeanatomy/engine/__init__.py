"""Where things really happen: the session, the Delta store with its snapshots, running tasks."""
