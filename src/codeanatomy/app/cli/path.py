"""`codeanatomy path`: how data may get from one thing to another."""

import tomllib
from pathlib import Path

import click

from codeanatomy.app.cli import options
from codeanatomy.facts.errors import UsageError

_LISTS = ("sources", "sinks", "sanitizers")


@options.question(
    click.argument("source", required=False),
    click.argument("sink", required=False),
    click.option(
        *("--sanitizer", "sanitizers"),
        multiple=True,
        metavar="NAME",
        help="No way leads past its uses.",
    ),
    click.option(
        *("--names", "listed"),
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="TOML with lists of names: sources, sinks, sanitizers.",
    ),
    options.depth_option(default=3),
    options.certain_option,
)
def command(
    graph: options.OpenGraph,
    *,
    source: str | None,
    sink: str | None,
    sanitizers: tuple[str, ...],
    listed: Path | None,
    **asked: options.Asked,
) -> options.Answer:
    """Ways of data from uses of SOURCE to uses of SINK, statement by statement.

    One way, over the fewest calls, for each use of SINK that the data may reach. Names that a file
    lists need not occur in the graph.

    \b
    Example:
      codeanatomy path builtins.input os.system --sanitizer shlex.quote
      codeanatomy path --names taint.toml
    """
    if (source, sink).count(None) != 2 * (listed is not None):
        raise UsageError("give SOURCE and SINK, or --names FILE")
    names = [[source or ""], [sink or ""], []] if listed is None else _read(listed)
    stop = [*names[2], *sanitizers]
    rows = graph.path(*names[:2], sanitizers=stop, known_only=listed is not None, **asked)
    return rows, ("way", "place", "text", "why", "name", "certainty")


def _read(file: Path) -> list[list[str]]:
    """The three lists of the file; UsageError where it holds anything else."""
    try:
        held = tomllib.loads(file.read_text("utf-8"))
    except ValueError as error:
        raise UsageError(f"{file}: {error}") from None
    lists = [held.pop(name, []) for name in _LISTS]
    texts = all(isinstance(x, list) and all(isinstance(n, str) for n in x) for x in lists)
    if held or not texts or not (lists[0] and lists[1]):
        raise UsageError(f"{file} must hold lists of names: sources, sinks, maybe sanitizers")
    return lists
