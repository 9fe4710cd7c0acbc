"""Call graphs on PyCG's public micro-benchmark, scored: sound, complete, exact, precision, recall.

Conventions of its expected graphs: a module body is called as its module, class bodies and
comprehensions belong to the scope around them, calling a class is an edge to the first `__init__`
of its MRO, lambdas are `<lambdaN>` by scope, builtins `<builtin>.len`, methods of literals
`<str>.join`.
`pycg_errata.json` corrects four expected files that running the cases showed to be wrong. The bars
are for the edges as published; so exact can be at most the number of cases less these four.
"""

import argparse
import json
import re
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import codeanatomy
from corpora import fetch

HERE = Path(__file__).parent
LITERAL = re.compile(r"<\*\*Py(\w+)\*\*>")  # <**PyStr**>.join -> <str>.join
Edges = frozenset[tuple[str, str]]
Errata = dict[str, list[list[str]]]
PRECISION, RECALL = 0.99, 0.98  # and exact: all cases but those with a wrong expected file


class Score(NamedTuple):
    """How one case's edges compare with the expected ones."""

    case: str
    right: int
    missing: list[tuple[str, str]]
    extra: list[tuple[str, str]]


def edges(graph: dict[str, list[str]]) -> Edges:
    """The pairs of a call graph, under one spelling of builtins and literals."""
    return frozenset((_spelled(a), _spelled(b)) for a, called in graph.items() for b in called)


def expected(case: Path, errata: Errata) -> Edges:
    """The published edges of a case, corrected (no errata: as published)."""
    published = edges(json.loads((case / "callgraph.json").read_text()))
    dropped = {(a, b) for a, b in errata.get("drop", [])}
    return (published - dropped) | {(a, b) for a, b in errata.get("add", [])}


def exported(case: Path, scratch: Path) -> dict[str, list[str]]:
    """Our graph of a case, as `codeanatomy build` and `codeanatomy export callgraph` give it."""
    codeanatomy.build(case, out=scratch, workers=1, cache=False)
    with codeanatomy.open_graph(scratch) as graph:
        return graph.callgraph()


def internal(pairs: Edges, case: Path) -> Edges:
    """The pairs whose callee lies in a module of the case."""
    tops = {path.name.removesuffix(".py") for path in case.iterdir()}
    return frozenset(pair for pair in pairs if pair[1].split(".")[0] in tops)


def table(scores: list[Score]) -> str:
    """The scores by category and in total, as Markdown."""
    groups: dict[str, list[Score]] = defaultdict(list)
    for score in scores:
        groups[score.case.split("/")[0]].append(score)
    lines = [
        "| category | cases | sound | complete | exact | missing | extra | precision | recall |",
        "|---|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, group in [*sorted(groups.items()), ("**all**", scores)]:
        right = sum(score.right for score in group)
        missing = sum(len(score.missing) for score in group)
        extra = sum(len(score.extra) for score in group)
        sound = sum(not score.missing for score in group)
        complete = sum(not score.extra for score in group)
        exact = sum(not score.missing and not score.extra for score in group)
        lines.append(
            f"| {name} | {len(group)} | {sound} | {complete} | {exact} | {missing} | {extra} "
            f"| {right / max(1, right + extra):.3f} | {right / max(1, right + missing):.3f} |"
        )
    return "\n".join(lines)


def scored(case: str, wanted: Edges, got: Edges) -> Score:
    """How the edges of a case compare."""
    return Score(case, len(wanted & got), sorted(wanted - got), sorted(got - wanted))


def reached(scores: list[Score], wrong: int) -> bool:
    """Prints the bars over all cases; whether all are reached. wrong: expected files in error."""
    right, missing, extra = (
        sum(score.right for score in scores),
        sum(len(score.missing) for score in scores),
        sum(len(score.extra) for score in scores),
    )
    exact = sum(not score.missing and not score.extra for score in scores)
    bars = (
        ("precision", right / max(1, right + extra), PRECISION),
        ("recall", right / max(1, right + missing), RECALL),
        ("exact", exact, len(scores) - wrong),
    )
    for name, figure, bar in bars:
        print(f"{name:9} {figure:8.3f}  at least {bar:8.3f}  {'ok' if figure >= bar else 'MISSED'}")
    return all(figure >= bar for _, figure, bar in bars)


def diffs(scores: list[Score]) -> str:
    """Every case that is not exact with its edges, one a line."""
    lines = []
    for score in scores:
        if score.missing or score.extra:
            lines += [score.case, *(f"  missing {a} -> {b}" for a, b in score.missing)]
            lines += [f"  extra   {a} -> {b}" for a, b in score.extra]
    return "\n".join(lines)


def main() -> int:
    """Prints both tables and the bars; 1 when a bar is missed (0 with --report)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scope", choices=["all", "internal"], default="all", help="callees")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--diffs", action="store_true", help="list the cases that are not exact")
    parser.add_argument("--json", type=Path, help="write {case: {caller: [callees]}} there")
    parser.add_argument("--report", action="store_true", help="print only, never fail")
    arguments = parser.parse_args()
    snippets = fetch("pycg") / "micro-benchmark" / "snippets"
    errata: dict[str, Errata] = json.loads((HERE / "pycg_errata.json").read_text())
    published: list[Score] = []
    corrected: list[Score] = []
    graphs: dict[str, dict[str, list[str]]] = {}
    for path in sorted(snippets.rglob("callgraph.json")):
        case = path.parent.relative_to(snippets).as_posix()
        if arguments.only not in case:
            continue
        with tempfile.TemporaryDirectory() as scratch:
            graphs[case] = exported(path.parent, Path(scratch) / "graph")
        got = edges(graphs[case])
        for scores, corrections in ((published, {}), (corrected, errata.get(case, {}))):
            wanted = expected(path.parent, corrections)
            if arguments.scope == "internal":
                wanted, got = internal(wanted, path.parent), internal(got, path.parent)
            scores.append(scored(case, wanted, got))
    if arguments.json:
        arguments.json.write_text(json.dumps(graphs, indent=1))
    for title, scores in (("as published", published), ("with errata", corrected)):
        print(f"\n{len(scores)} cases, {title}\n\n{table(scores)}")
        if arguments.diffs:
            print(f"\n{diffs(scores)}")
    print()
    good = reached(published, sum(case in errata for case in graphs))
    return int(not good and not arguments.report)


def _spelled(name: str) -> str:
    name = LITERAL.sub(lambda found: f"<{found[1].lower()}>", name).replace("\\", ".")
    return f"<builtin>.{name[9:]}" if name.startswith("builtins.") else name


if __name__ == "__main__":
    sys.exit(main())
