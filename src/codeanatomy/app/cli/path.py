"""`codeanatomy path`: how data may get from one thing to another."""

import click

from codeanatomy.app.cli import options


@options.question(
    click.argument("source"),
    click.argument("sink"),
    click.option(
        *("--sanitizer", "sanitizers"),
        multiple=True,
        metavar="NAME",
        help="No way leads past its uses.",
    ),
    options.depth_option(3),
    options.certain_option,
)
def command(graph: options.OpenGraph, **asked: options.Asked) -> options.Answer:
    """Ways of data from uses of SOURCE to uses of SINK, statement by statement.

    One way, over the fewest calls, for each use of SINK that the data may reach.

    \b
    Example:
      codeanatomy path builtins.input os.system --sanitizer shlex.quote
    """
    return graph.path(**asked), ("way", "place", "text", "why", "name", "certainty")
