"""`codeanatomy refs`: where a thing is used."""

import click

from codeanatomy.app.cli import options

COLUMNS = ("place", "name", "target", "inside", "certainty")


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
    return graph.refs(name, certain=certain, limit=limit), COLUMNS
