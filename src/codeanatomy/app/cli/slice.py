"""`codeanatomy slice`: what a line depends on, or what depends on it."""

import click

from codeanatomy.app.cli import options
from codeanatomy.facts.errors import UsageError


@options.question(
    click.argument("place", metavar="FILE:LINE"),
    click.option("--forward/--backward", help="What depends on it; or (default) it depends on."),
    options.depth_option(default=1),
    options.certain_option,
)
def command(graph: options.OpenGraph, *, place: str, **asked: options.Asked) -> options.Answer:
    """Statements that the value or the running of those at FILE:LINE depends on.

    Each comes with the first step that leads to it: `data` through a variable, `control` through a
    test or loop, `argument` and `result` through a call, and how sure that step is.

    \b
    Example:
      codeanatomy slice src/flask/app.py:917 --forward --depth 2
    """
    path, line, column = options.place_of(place)
    if column is not None:
        raise UsageError(f"a slice is of whole statements; ask for {path}:{line}")
    columns = ("place", "text", "why", "name", "from_line", "certainty")
    return graph.slice(path, line, **asked), columns
