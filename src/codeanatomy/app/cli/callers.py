"""`codeanatomy callers`: who calls a function, method or class."""

import click

from codeanatomy.app.cli import options


@click.command("callers")
@click.argument("name")
@options.depth_option(1, 1, "Follow calls N steps; the column chain shows the way.")
@options.certain_option
@options.question
def command(graph: options.OpenGraph, *, depth: int, **asked: options.Asked) -> options.Answer:
    """Call sites of NAME: where, in which function, and how sure.

    NAME is a qualified name or a unique dotted end of one; `f#2` is the second definition of `f` in
    its file, `path/file.py:f` looks in one file. A class is called where it is constructed.

    \b
    Example:
      codeanatomy callers Flask.dispatch_request --depth 2
    """
    rows = graph.callers(depth=depth, **asked)
    return rows, (*options.CALLS, "depth", "chain") if depth > 1 else options.CALLS
