"""`codeanatomy at`: what stands at a place of a file."""

import click

from codeanatomy.app.cli import options


@options.question(click.argument("place", metavar="FILE:LINE[:COL]"))
def command(graph: options.OpenGraph, *, place: str, limit: int | None) -> options.Answer:
    """What stands at a place, what it means, and where that is defined.

    With a column (in characters, from 1): everything around the place, innermost first. Without:
    the names, calls and definitions that start on the line.

    \b
    Example:
      codeanatomy at src/flask/app.py:917:15
    """
    path, line, column = options.place_of(place)
    seen = ("line", "column", "kind", "name", "relation")
    meant = ("target", "target_path", "target_line", "certainty", "reason")
    return graph.at(path, line, column, limit=limit), (*seen, *meant)
