"""`codeanatomy refs`: where a thing is used."""

import click

from codeanatomy.app.cli import options


@click.command("refs")
@click.argument("name")
@options.certain_option
@options.question
def command(
    graph: options.OpenGraph, *, name: str, certain: bool, limit: int | None
) -> options.Answer:
    """Names, attributes and imports that mean NAME.

    \b
    Example:
      codeanatomy refs flask.globals.current_app --format csv
    """
    rows = graph.refs(name, certain=certain, limit=limit)
    return rows, ("place", "name", "target", "inside", "certainty")
