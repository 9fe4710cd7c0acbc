"""`codeanatomy callers`: who calls a function, method or class."""

from pathlib import Path

import click

from codeanatomy.app.cli import options

COLUMNS = ("place", "caller", "callee", "certainty", "confidence")


@click.command("callers")
@click.argument("name")
@options.depth_option
@options.certain_option
@options.limit_option
@options.graph_option
@options.format_option()
def command(
    *, name: str, depth: int, certain: bool, limit: int | None, folder: Path | None, form: str
) -> None:
    """Call sites of NAME: where, in which function, and how sure.

    NAME is a qualified name or a unique dotted end of one; `f#2` is the second definition of `f` in
    its file, `path/file.py:f` looks in one file. A class is called where it is constructed.

    \b
    Example:
      codeanatomy callers Flask.dispatch_request --depth 2
    """
    columns = (*COLUMNS, "depth", "chain") if depth > 1 else COLUMNS
    with options.opened(folder) as graph:
        rows = graph.callers(name, depth=depth, certain=certain, limit=limit)
        options.answer(graph, rows, form, columns)
