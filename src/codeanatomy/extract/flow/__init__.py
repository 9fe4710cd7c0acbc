"""Control and data flow of each definition, from the rows of a batch of trees."""

from codeanatomy.extract.flow.evidence import Flow, NoFlow

__all__ = ["Flow", "NoFlow"]
