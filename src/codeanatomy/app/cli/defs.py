"""`codeanatomy defs`: where a name is defined."""

from pathlib import Path

import click

from codeanatomy.app.cli.options import answer, format_option, graph_option, limit_option, opened

COLUMNS = ("place", "kind", "name")


@click.command("defs")
@click.argument("name")
@limit_option
@graph_option
@format_option()
def command(name: str, limit: int | None, folder: Path | None, form: str) -> None:
    """Where NAME is defined: function, class, module, variable, parameter or external thing.

    \b
    Example:
      codeanatomy defs Scaffold.route
    """
    with opened(folder) as graph:
        answer(graph, graph.defs(name, limit=limit), form, COLUMNS)
