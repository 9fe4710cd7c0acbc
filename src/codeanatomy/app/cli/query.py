"""`codeanatomy query`: SQL over the graph."""

import sys
from pathlib import Path

import click

from codeanatomy.app.cli.options import answer, format_option, graph_option, limit_option, opened


@click.command("query")
@click.argument("text", metavar="SQL")
@limit_option
@graph_option
@format_option()
def command(text: str, limit: int | None, folder: Path | None, form: str) -> None:
    """Ask the graph in SQL (one SELECT, WITH, EXPLAIN, SHOW or DESCRIBE).

    `codeanatomy show tables` lists the tables and views with their columns. `-` reads the query
    from stdin.

    \b
    Example:
      codeanatomy query "SELECT kind, count(*) AS n FROM cpg_nodes GROUP BY kind ORDER BY n DESC"
    """
    if text == "-":
        text = sys.stdin.read()
    with opened(folder) as graph:
        answer(graph, graph.sql(text, limit=limit), form)
