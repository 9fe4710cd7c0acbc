"""Reading a finished graph: SQL, names, walks, places, exports. Never writes."""
