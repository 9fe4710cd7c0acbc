"""Options that several commands share, and how an answer leaves the process."""

import functools
import re
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

import click

from codeanatomy.app.cli.output import clean, print_rows
from codeanatomy.facts.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

    from codeanatomy.query.about import About
    from codeanatomy.query.graph import Graph

Command = TypeVar("Command", bound=Callable[..., object])
OpenGraph: TypeAlias = "Graph"
Parameter: TypeAlias = Callable[[Callable[..., None]], Callable[..., None]]
Asked: TypeAlias = Any  # what the question of that name takes
Answer: TypeAlias = "tuple[pa.Table, tuple[str, ...]]"  # rows, and the columns that text shows

_PLACE = re.compile(r"(?P<path>.+?):(?P<line>\d+)(?::(?P<column>\d+))?")
FORMATS = ("text", "json", "jsonl", "csv")

graph_option = click.option(
    "--graph",
    "folder",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Store of the graph. Default: the nearest .codeanatomy here or above.",
)
limit_option = click.option(
    "--limit", type=click.IntRange(min=0), metavar="N", help="Print at most N rows."
)
name_argument = click.argument("name")
certain_option = click.option("--certain", is_flag=True, help="Leave out what is only possible.")
depth_option = functools.partial(
    click.option,
    "--depth",
    type=click.IntRange(min=0),
    show_default=True,
    metavar="N",
    help="Through at most N calls.",
)
_STEPS = "Follow calls N steps; the column chain shows the way."
steps_option = depth_option(type=click.IntRange(min=1), default=1, help=_STEPS)


def call_columns(depth: int) -> tuple[str, ...]:
    """What text shows of the calls so many steps away."""
    chain = ("depth", "chain") if depth > 1 else ()
    return ("place", "caller", "callee", "certainty", "confidence", *chain)


def place_of(place: str) -> tuple[str, int, int | None]:
    """Path, line and column of FILE:LINE[:COL]; UsageError for anything else."""
    found = _PLACE.fullmatch(place)
    if found is None:
        told = "write FILE:LINE or FILE:LINE:COL, as in app.py:12:5"
        raise UsageError(f"{place!r} is no place; {told}")
    return found["path"], int(found["line"]), int(found["column"]) if found["column"] else None


def format_option(*formats: str) -> Callable[[Command], Command]:
    """`--format NAME`."""
    return click.option(
        "--format",
        "form",
        type=click.Choice(formats or FORMATS),
        default=(formats or FORMATS)[0],
        show_default=True,
        help="How the answer is printed on stdout.",
    )


def opened(folder: Path | None) -> "Graph":
    """The graph that `--graph` names, or the nearest one."""
    from codeanatomy.query.graph import open_graph

    return open_graph(store_folder(folder))


def store_folder(folder: Path | None) -> Path:
    """The folder that `--graph` names, or the nearest one with a graph."""
    from codeanatomy.query.graph import nearest_store

    return folder if folder is not None else nearest_store(Path.cwd())


def answer(graph: "Graph", rows: "pa.Table", form: str, columns: tuple[str, ...] = ()) -> None:
    """Prints the rows on stdout, and on stderr what they describe and what they lack.

    `columns` are those of the text format; the other formats print all.
    """
    from codeanatomy.query.about import about_of

    print_rows(rows, form, columns)
    print_statement(graph, about_of(rows), form)


def print_statement(graph: "Graph", about: "About", form: str) -> None:
    """What the answer says about itself, and what changed since, on stderr: JSON beside JSON, else
    a sentence."""
    import msgspec

    from codeanatomy.query.about import sentence, with_freshness

    about = with_freshness(about, graph.freshness())
    json = form in ("json", "jsonl")
    click.echo(msgspec.json.encode(about) if json else clean(sentence(about)), err=True)


def question(*parameters: Parameter) -> Callable[[Callable[..., Answer]], click.Command]:
    """A command, named as its file, that prints what the decorated question to the graph gives:
    with these parameters and --limit, --graph and --format."""

    def made(asking: Callable[..., Answer]) -> click.Command:
        def printed(*, folder: Path | None, form: str, **asked: object) -> None:
            with opened(folder) as graph:
                rows, columns = asking(graph, **asked)
                answer(graph, rows, form, columns)

        command: Callable[..., None] = functools.wraps(asking)(printed)
        known: list[Parameter] = [*parameters, limit_option, graph_option, format_option()]
        for parameter in reversed(known):
            command = parameter(command)
        return click.command(asking.__module__.rpartition(".")[2])(command)

    return made


def asked_options(command: Callable[..., None]) -> Callable[..., None]:
    """`--layers`, `--with` and `--scip`: what a build is to hold; the command gets `layers`, and
    `witnesses` with the text for each."""

    @click.option(
        "--layers",
        default="",
        metavar="LAYER,...",
        help="Hold only these layers (syntax, meaning, flow) or kinds of edges. Default: all.",
    )
    @click.option(
        "--with",
        "demanded",
        multiple=True,
        metavar="WITNESS[=TEXT]",
        help="Also ask a plug-in's witness that speaks only on demand; may be repeated.",
    )
    @click.option(
        "--scip",
        type=click.Path(exists=True, dir_okay=False),
        metavar="FILE",
        help="Read a SCIP index (plug-in codeanatomy-scip), as --with scip=FILE does.",
    )
    @functools.wraps(command)
    def asking(*, layers: str, demanded: Sequence[str], scip: str | None, **more: object) -> None:
        witnesses = {name: text for name, _, text in (x.partition("=") for x in demanded)}
        witnesses |= {"scip": scip} if scip else {}
        command(layers=[x for x in layers.split(",") if x], witnesses=witnesses, **more)

    return asking
