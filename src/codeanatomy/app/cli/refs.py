"""`codeanatomy refs`: where a thing is used."""

import click

from codeanatomy.app.cli import options


@click.command("refs")
@click.argument("name")
@options.certain_option
@options.question
def command(graph: options.OpenGraph, **asked: options.Asked) -> options.Answer:
    """Names, attributes and imports that mean NAME.

    \b
    Example:
      codeanatomy refs flask.globals.current_app --format csv
    """
    return graph.refs(**asked), ("place", "name", "target", "inside", "certainty")
