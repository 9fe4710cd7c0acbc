"""What our graph contains: kinds, entities, relations, views and outputs. Declarations only."""
