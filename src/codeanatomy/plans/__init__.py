"""Reading DataFusion plans: what a view reads, where columns come from, what a change touches."""
