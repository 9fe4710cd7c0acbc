"""`codeanatomy at`: what stands at a place of a file."""

import click

from codeanatomy.app.cli import options
from codeanatomy.app.cli.output import clean


@options.question(
    click.argument("place", metavar="FILE:LINE[:COL]"),
    click.option("--author", is_flag=True, help="Tell who last changed the line, and when."),
)
def command(
    graph: options.OpenGraph, *, place: str, author: bool, limit: int | None
) -> options.Answer:
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
    rows = graph.at(path, line, column, limit=limit)
    if author:
        commit, name, when = graph.written_by(path, line)
        click.echo(f"{path}:{line} by {clean(name)}, {when:%Y-%m-%d}, {commit[:10]}", err=True)
    return rows, (*seen, *meant)
