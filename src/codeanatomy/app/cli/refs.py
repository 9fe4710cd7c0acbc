"""`codeanatomy refs`: where a thing is used."""

from pathlib import Path

import click

from codeanatomy.app.cli.options import (
    answer,
    certain_option,
    format_option,
    graph_option,
    limit_option,
    opened,
)

COLUMNS = ("place", "name", "target", "inside", "certainty")


@click.command("refs")
@click.argument("name")
@certain_option
@limit_option
@graph_option
@format_option()
def command(name: str, certain: bool, limit: int | None, folder: Path | None, form: str) -> None:
    """Names, attributes and imports that mean NAME.

    \b
    Example:
      codeanatomy refs flask.globals.current_app --format csv
    """
    with opened(folder) as graph:
        answer(graph, graph.refs(name, certain=certain, limit=limit), form, COLUMNS)
