"""`codeanatomy callees`: what a function, class or module calls."""

import click

from codeanatomy.app.cli import options


@click.command("callees")
@click.argument("name")
@options.depth_option
@options.certain_option
@options.question
def command(
    graph: options.OpenGraph, *, name: str, depth: int, certain: bool, limit: int | None
) -> options.Answer:
    """Calls that NAME makes: where, what is called, and how sure.

    A function or method means its own body; a class or module means all code in it. Only its own
    statements: `pkg.mod.<module>`, `pkg.mod.Class.<body>`.

    \b
    Example:
      codeanatomy callees Flask.wsgi_app
    """
    rows = graph.callees(name, depth=depth, certain=certain, limit=limit)
    return rows, (*options.CALLS, "depth", "chain") if depth > 1 else options.CALLS
