"""What the stubs of the standard library declare, read as data; knows nothing of graphs."""
