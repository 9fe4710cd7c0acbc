"""`codeanatomy refs`: where a thing is used."""

from pathlib import Path

import click

from codeanatomy.app.cli import options

COLUMNS = ("place", "name", "target", "inside", "certainty")


@click.command("refs")
@click.argument("name")
@options.certain_option
@options.limit_option
@options.graph_option
@options.format_option()
def command(name: str, certain: bool, limit: int | None, folder: Path | None, form: str) -> None:
    """Names, attributes and imports that mean NAME.

    \b
    Example:
      codeanatomy refs flask.globals.current_app --format csv
    """
    with options.opened(folder) as graph:
        options.answer(graph, graph.refs(name, certain=certain, limit=limit), form, COLUMNS)
