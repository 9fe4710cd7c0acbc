"""`codeanatomy query`: SQL over the graph."""

import sys

import click

from codeanatomy.app.cli import options


@options.question(click.argument("text", metavar="SQL"))
def command(graph: options.OpenGraph, *, text: str, limit: int | None) -> options.Answer:
    """Ask the graph in SQL (one SELECT, WITH, EXPLAIN, SHOW or DESCRIBE).

    `codeanatomy show tables` lists the tables and views with their columns. `-` reads the query
    from stdin.

    \b
    Example:
      codeanatomy query "SELECT kind, count(*) AS n FROM cpg_nodes GROUP BY kind ORDER BY n DESC"
    """
    return graph.sql(sys.stdin.read() if text == "-" else text, limit=limit), ()
