"""`codeanatomy callees`: what a function, class or module calls."""

from pathlib import Path

import click

from codeanatomy.app.cli import options

COLUMNS = ("place", "caller", "callee", "certainty", "confidence")


@click.command("callees")
@click.argument("name")
@options.depth_option
@options.certain_option
@options.limit_option
@options.graph_option
@options.format_option()
def command(
    *, name: str, depth: int, certain: bool, limit: int | None, folder: Path | None, form: str
) -> None:
    """Calls that NAME makes: where, what is called, and how sure.

    A function or method means its own body; a class or module means all code in it. Only its own
    statements: `pkg.mod.<module>`, `pkg.mod.Class.<body>`.

    \b
    Example:
      codeanatomy callees Flask.wsgi_app
    """
    columns = (*COLUMNS, "depth", "chain") if depth > 1 else COLUMNS
    with options.opened(folder) as graph:
        rows = graph.callees(name, depth=depth, certain=certain, limit=limit)
        options.answer(graph, rows, form, columns)
