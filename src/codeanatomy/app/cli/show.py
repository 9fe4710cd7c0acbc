"""`codeanatomy show`: what is known about the graph itself."""

from pathlib import Path

import click

from codeanatomy.app.cli import options
from codeanatomy.app.cli.output import print_object, print_rows
from codeanatomy.cpg.artifacts import ARTIFACTS

# what is listed -> the columns that text shows of it; the queries stand in `query/sql/questions`
COLUMNS = {
    "problems": ("place", "severity", "code", "message"),
    "conflicts": ("place", "kind", "site", "target", "evidence", "certainty", "score"),
    "dropped": ("place", "kind", "site", "target", "reason"),
    "unresolved": ("place", "what", "text", "reason"),
    "skipped": ("path", "reason", "detail"),
    "roots": ("folder", "reason"),
    "kinds": ("entity", "kind", "count"),
}
_WHAT = {
    "problems": "trouble with the input, with its place",
    "conflicts": "sites of which witnesses say different things, and what",
    "dropped": "what sites may mean that became no edge, with the reason",
    "unresolved": "sites whose target is unknown, with the reason",
    "skipped": "files and folders that were left out, with the reason",
    "roots": "folders that module names start from",
    "kinds": "how many nodes and edges of each kind",
    "tables": "tables and views that `query` can read, with their columns",
    "snapshot": "ref, commit, counts, and each table's rows and content hash",
    "package": "what the graph was made from, for `codeanatomy replay`",
    **{name: artifact.doc for name, artifact in ARTIFACTS.items()},
}
_HELP = (
    "Print what is known about the graph itself: trouble, gaps, scope, contents, and how it was "
    "made.\n\n\b\n"
    + "\n".join(f"{name:<14}{doc}" for name, doc in _WHAT.items())
    + "\n\n\b\nExample:\n  codeanatomy show unresolved --limit 20"
)


@click.command("show", help=_HELP)
@click.argument("what", type=click.Choice(list(_WHAT)), metavar="WHAT")
@options.limit_option
@options.graph_option
@options.format_option()
def command(what: str, limit: int | None, folder: Path | None, form: str) -> None:
    """Prints one of the lists."""
    with options.opened(folder) as graph:
        if what == "snapshot":
            _snapshot(graph, form, limit)
        elif what == "tables":
            told = ("table", "column", "type", "meaning")
            options.answer(graph, graph.schema(limit=limit), form, told)
        elif what == "package":
            options.answer(graph, graph.package(), form)
        elif what in ARTIFACTS:
            options.answer(graph, graph.artifact(what, limit=limit), form)
        else:
            options.answer(graph, graph.listed(what, limit=limit), form, COLUMNS[what])


def _snapshot(graph: options.OpenGraph, form: str, limit: int | None) -> None:
    if form in ("text", "csv"):
        print_rows(graph.tables().slice(0, limit), form)
    else:
        snapshot = graph.snapshot
        described = {
            "snapshot": snapshot.id,
            "number": snapshot.number,
            "created": snapshot.created.isoformat(),
            **{name: snapshot.facts[name] for name in sorted(snapshot.facts)},
            "tables": graph.tables().to_pylist(),
        }
        print_object(described, lines=form == "jsonl")
    options.print_statement(graph, graph.statement(), form)
