"""codeanatomy: a Python repository as a graph that people and agents can trust."""
