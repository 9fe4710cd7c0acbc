"""`codeanatomy at`: what stands at a place of a file."""

import re

import click

from codeanatomy.app.cli import options
from codeanatomy.facts.errors import UsageError

COLUMNS = (
    *("line", "column", "kind", "name", "relation"),
    *("target", "target_path", "target_line", "certainty", "reason"),
)
_PLACE = re.compile(r"(?P<path>.+?):(?P<line>\d+)(?::(?P<column>\d+))?")


@click.command("at")
@click.argument("place", metavar="FILE:LINE[:COL]")
@options.question
def command(graph: options.OpenGraph, *, place: str, limit: int | None) -> options.Answer:
    """What stands at a place, what it means, and where that is defined.

    With a column (in characters, from 1): everything around the place, innermost first. Without:
    the names, calls and definitions that start on the line.

    \b
    Example:
      codeanatomy at src/flask/app.py:917:15
    """
    found = _PLACE.fullmatch(place)
    if found is None:
        raise UsageError(
            f"{place!r} is no place; write FILE:LINE or FILE:LINE:COL, as in app.py:12:5"
        )
    column = int(found["column"]) if found["column"] else None
    return graph.at(found["path"], int(found["line"]), column, limit=limit), COLUMNS
