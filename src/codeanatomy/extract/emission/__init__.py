"""Constraint rows of a module: a second visit over the parsed tree, one function per node class."""

from codeanatomy.extract.emission.state import Emitted
from codeanatomy.extract.emission.visit import constraint_tables, emit, members

__all__ = ["Emitted", "constraint_tables", "emit", "members"]
