"""`codeanatomy path`: how data may get from one thing to another."""

import click

from codeanatomy.app.cli import options

COLUMNS = ("way", "place", "text", "why", "name", "certainty")


@click.command("path")
@click.argument("source")
@click.argument("sink")
@click.option(
    "--sanitizer", "sanitizers", multiple=True, metavar="NAME", help="No way leads past its uses."
)
@options.crossing_option(3)
@options.certain_option
@options.question
def command(
    graph: options.OpenGraph,
    *,
    source: str,
    sink: str,
    sanitizers: tuple[str, ...],
    depth: int,
    certain: bool,
    limit: int | None,
) -> options.Answer:
    """Ways of data from uses of SOURCE to uses of SINK, statement by statement.

    One way, over the fewest calls, for each use of SINK that the data may reach.

    \b
    Example:
      codeanatomy path builtins.input os.system --sanitizer shlex.quote
    """
    rows = graph.path(
        source, sink, sanitizers=sanitizers, depth=depth, certain=certain, limit=limit
    )
    return rows, COLUMNS
