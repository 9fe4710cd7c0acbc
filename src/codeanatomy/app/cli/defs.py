"""`codeanatomy defs`: where a name is defined."""

import click

from codeanatomy.app.cli import options


@click.command("defs")
@click.argument("name")
@options.question
def command(graph: options.OpenGraph, **asked: options.Asked) -> options.Answer:
    """Where NAME is defined: function, class, module, variable, parameter or external thing.

    \b
    Example:
      codeanatomy defs Scaffold.route
    """
    return graph.defs(**asked), ("place", "kind", "name")
