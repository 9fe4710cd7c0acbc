"""`codeanatomy show`: what is known about the graph itself."""

from pathlib import Path

import click

from codeanatomy.app.cli import options
from codeanatomy.app.cli.output import print_object, print_rows

QUERIES = {
    "problems": (
        "SELECT severity, code, path, line, message, stage, witness, bstart, bend FROM problems "
        "ORDER BY path, bstart, bend, code, message",
        ("place", "severity", "code", "message"),
    ),
    "unresolved": (
        "SELECT path, line, what, text, reason, node_id, bstart, bend FROM unresolved "
        "ORDER BY path, bstart, bend, what, node_id",
        ("place", "what", "text", "reason"),
    ),
    "skipped": (
        "SELECT path, reason, detail FROM skipped ORDER BY path, reason",
        ("path", "reason", "detail"),
    ),
    "roots": ("SELECT path, reason FROM roots ORDER BY path", ("folder", "reason")),
    "dependencies": (
        "SELECT d.name AS distribution, v.string_value AS version, r.string_value AS requirement, "
        "k.string_value AS known, count(e.src) AS symbols FROM nodes d "
        "LEFT JOIN edges e ON e.dst = d.node_id AND e.kind = 'PROVIDED_BY' "
        "LEFT JOIN props v ON v.id = d.node_id AND v.key = 'VERSION' "
        "LEFT JOIN props r ON r.id = d.node_id AND r.key = 'REQUIREMENT' "
        "LEFT JOIN props k ON k.id = d.node_id AND k.key = 'KNOWN_AS' "
        "WHERE d.kind = 'DEPENDENCY' GROUP BY 1, 2, 3, 4 ORDER BY symbols DESC, distribution",
        ("distribution", "version", "requirement", "known", "symbols"),
    ),
    "kinds": (
        "SELECT 'node' AS entity, kind, count(*) AS count FROM nodes GROUP BY kind UNION ALL "
        "SELECT 'edge' AS entity, kind, count(*) AS count FROM cpg_edges GROUP BY kind "
        "ORDER BY entity DESC, count DESC, kind",
        ("entity", "kind", "count"),
    ),
}


@click.command("show")
@click.argument("what", type=click.Choice([*QUERIES, "witnesses", "tables", "snapshot"]))
@options.limit_option
@options.graph_option
@options.format_option()
def command(what: str, limit: int | None, folder: Path | None, form: str) -> None:
    """Print what is known about the graph: trouble, gaps, scope, contents, snapshot.

    \b
    problems      trouble with the input, with its place
    unresolved    sites whose target is unknown, with the reason
    skipped       files and folders that were left out, with the reason
    roots         folders that module names start from
    dependencies  distributions, how they are known, and how many symbols are used of each
    kinds         how many nodes and edges of each kind
    witnesses     who was asked: files, rows, problems, and seconds of the build
    tables        tables and views that `query` can read, with their columns
    snapshot      ref, commit, counts, and each table's rows and content hash

    \b
    Example:
      codeanatomy show unresolved --limit 20
    """
    with options.opened(folder) as graph:
        if what == "snapshot":
            _snapshot(graph, form, limit)
        elif what == "witnesses":
            options.answer(graph, graph.witnesses(), form)
        elif what == "tables":
            told = ("table", "column", "type", "meaning")
            options.answer(graph, graph.schema(limit=limit), form, told)
        else:
            sql, columns = QUERIES[what]
            options.answer(graph, graph.sql(sql, limit=limit), form, columns)


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
