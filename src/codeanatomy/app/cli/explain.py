"""`codeanatomy explain`: why an edge or a node is believed."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from codeanatomy.app.cli import options
from codeanatomy.app.cli.output import print_object, print_told

if TYPE_CHECKING:
    from codeanatomy.query.about import Declared
    from codeanatomy.query.explain import Explained, ExplainedNode

_OTHERS = 5  # alternatives that text shows


@click.group("explain")
def command() -> None:
    """Why an edge or a node is believed: who says so, by which rule, and what speaks against it.

    \b
    Example:
      codeanatomy explain edge requests.api.get requests.api.request
    """


@command.command("edge")
@click.argument("source")
@click.argument("target")
@click.option("--kind", default="", metavar="KIND", help="Only edges of this kind, as CALL.")
@options.limit_option
@options.graph_option
@options.format_option("text", "json", "jsonl")
def _edge(
    *, source: str, target: str, kind: str, limit: int | None, folder: Path | None, form: str
) -> None:
    """Edges from SOURCE, or from what it evaluates, to TARGET.

    Each is a name as in `codeanatomy callers`, or FILE:LINE. Each edge with its rule, the terms of
    its score, what else the site may mean, and the line of source.

    \b
    Example:
      codeanatomy explain edge requests.api.get requests.api.request
    """
    with options.opened(folder) as graph:
        found, about = graph.explain_edge(source, target, kind=kind, limit=limit)
        _print(found, form, (line for one in found for line in _edge_text(one)))
        options.print_statement(graph, about, form)


@command.command("node")
@click.argument("name")
@options.graph_option
@options.format_option("text", "json", "jsonl")
def _node(name: str, folder: Path | None, form: str) -> None:
    """What NAME is, who says so, what is known of it and what is not.

    \b
    Example:
      codeanatomy explain node requests.Session.send
    """
    with options.opened(folder) as graph:
        found = graph.explain_node(name)
        _print(found, form, (line for one in found for line in _node_text(one)))
        options.print_statement(graph, graph.statement(), form)


def _print(found: "list[Explained] | list[ExplainedNode]", form: str, text: Iterator[str]) -> None:
    if form != "jsonl":
        print_told(found, form, text)
        return
    for one in found:
        print_object(one, lines=True)


def _edge_text(one: "Explained") -> Iterator[str]:
    ends = (end.name or end.kind for end in (one.source, one.target))
    yield f"{one.kind}  {' -> '.join(ends)}"
    yield from _fact("at", f"{one.site.place}  {one.site.text}")
    yield from _fact("to", f"{one.target.place or 'external'}  {one.target.text}")
    givers: dict[str, list[Declared]] = {}  # those that add the same words: one of them
    for relation in one.relations:
        givers.setdefault(relation.adds, []).append(relation)
    trust = " x ".join(f"(1 - {same[0].trust:g} x confidence)" for same in givers.values())
    told = f"{one.score:.4g} = 1 - {trust}" if trust else f"{one.score:.4g}"
    yield from _fact("score", told + ", halved" * one.disputed)
    yield from _fact("certainty", f"{one.certainty}, confidence {one.confidence:g}")
    yield from _fact("because", one.doubt)
    yield from _fact("rule", ": ".join(filter(None, (one.rule, one.rule_means))))
    yield from _fact("evidence", ", ".join(one.evidence))
    for same in givers.values():
        joins = dict.fromkeys(join for relation in same for join in relation.joins)
        yield from _fact("relation", "; ".join((" or ".join(r.name for r in same), *joins)))
    yield from _fact("disputed", "witnesses name different things" * one.disputed)
    for other in one.alternatives[:_OTHERS]:
        told = f"{other.name}  {other.certainty}, score {other.score:.4g}"
        yield from _fact("or", f"{told} ({', '.join(other.evidence)})")
    more = len(one.alternatives) - _OTHERS
    yield from _fact("or", f"{more} more" if more > 0 else "")
    left: dict[str, list[str]] = {}
    for out in one.dropped:
        left.setdefault(out.reason, []).append(out.name)
    for reason, names in left.items():
        told = ", ".join((*names[:_OTHERS], *["..."] * (len(names) > _OTHERS)))
        yield from _fact("left out", f"{len(names)} ({reason}): {told}")


def _node_text(one: "ExplainedNode") -> Iterator[str]:
    yield f"{one.node.kind}  {one.node.name}"
    yield from _fact("at", f"{one.node.place or 'external'}  {one.node.text}")
    yield from _fact("evidence", ", ".join(one.evidence))
    for key, value in one.properties.items():
        yield from _fact("property", f"{key} = {str(value).splitlines()[0] if value else value}")
    yield from _fact("edges out", _counted(one.edges_out))
    yield from _fact("edges in", _counted(one.edges_in))
    yield from _fact("unresolved", _counted(one.unresolved))


def _fact(label: str, text: str) -> Iterator[str]:
    """One indented line; none where there is nothing to tell."""
    if text.strip():
        yield f"  {label:<11} {text.strip()}"


def _counted(counts: dict[str, int]) -> str:
    return ", ".join(f"{count} {kind}" for kind, count in counts.items())
