"""`codeanatomy callees`: what a function, class or module calls."""

import click

from codeanatomy.app.cli import options


@click.command("callees")
@click.argument("name")
@options.depth_option(1, 1, "Follow calls N steps; the column chain shows the way.")
@options.certain_option
@options.question
def command(graph: options.OpenGraph, *, depth: int, **asked: options.Asked) -> options.Answer:
    """Calls that NAME makes: where, what is called, and how sure.

    A function or method means its own body; a class or module means all code in it. Only its own
    statements: `pkg.mod.<module>`, `pkg.mod.Class.<body>`.

    \b
    Example:
      codeanatomy callees Flask.wsgi_app
    """
    rows = graph.callees(depth=depth, **asked)
    return rows, (*options.CALLS, "depth", "chain") if depth > 1 else options.CALLS
