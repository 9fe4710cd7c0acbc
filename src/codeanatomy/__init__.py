"""codeanatomy: a Python repository as a graph that people and agents can trust.

`build(repo)` makes the graph, `open_graph(folder)` answers questions about it. Nothing is imported
before it is asked for, so `import codeanatomy` costs nothing.
"""

import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from codeanatomy.build import build as build
    from codeanatomy.query.graph import Graph as Graph
    from codeanatomy.query.graph import open_graph as open_graph

    __version__: str

__all__ = ["Graph", "__version__", "build", "open_graph"]


def __getattr__(name: str) -> object:
    if name in ("Graph", "open_graph"):
        from codeanatomy.query import graph

        return getattr(graph, name)
    if name == "__version__":
        from importlib.metadata import version

        return version("codeanatomy")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


class _Package(ModuleType):
    """The package. `build` names both a function and the module that holds it: as an attribute it
    is always the function, also after the import system put the module there."""

    @property
    def build(self) -> object:
        from codeanatomy.build import build as function

        return function

    @build.setter
    def build(self, module: object) -> None:
        """Importing the module changes nothing."""


sys.modules[__name__].__class__ = _Package
