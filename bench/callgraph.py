"""Call graphs on PyCG's public micro-benchmark, scored: sound, complete, exact, precision, recall.

Conventions of its expected graphs: a module body is called as its module, class bodies and
comprehensions belong to the scope around them, calling a class is an edge to the first `__init__`
of its MRO, lambdas are `<lambdaN>` by scope, builtins `<builtin>.len`, methods of literals
`<str>.join`.
`pycg_errata.json` corrects four expected files that running the cases showed to be wrong.
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


class Score(NamedTuple):
    """How one case's edges compare with the expected ones."""

    case: str
    right: int
    missing: list[tuple[str, str]]
    extra: list[tuple[str, str]]


def edges(graph: dict[str, list[str]]) -> Edges:
    """The pairs of a call graph, under one spelling of builtins and literals."""
    return frozenset((_spelled(a), _spelled(b)) for a, called in graph.items() for b in called)


def expected(case: Path, errata: dict[str, list[list[str]]]) -> Edges:
    """The published edges of a case, corrected."""
    published = edges(json.loads((case / "callgraph.json").read_text()))
    dropped = {(a, b) for a, b in errata.get("drop", [])}
    return (published - dropped) | {(a, b) for a, b in errata.get("add", [])}


def exported(case: Path, scratch: Path) -> Edges:
    """Our edges of a case, as `codeanatomy build` and `codeanatomy export callgraph` give them."""
    codeanatomy.build(case, out=scratch, workers=1, cache=False)
    with codeanatomy.open_graph(scratch) as graph:
        return edges(graph.callgraph())


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


def main() -> int:
    """Prints the table; with --diffs also every missing and extra edge."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--scope", choices=["all", "internal"], default="all", help="callees")
    parser.add_argument("--only", default="", help="cases whose name contains this")
    parser.add_argument("--diffs", action="store_true")
    arguments = parser.parse_args()
    snippets = fetch("pycg") / "micro-benchmark" / "snippets"
    errata = json.loads((HERE / "pycg_errata.json").read_text())
    scores = []
    for path in sorted(snippets.rglob("callgraph.json")):
        case = path.parent.relative_to(snippets).as_posix()
        if arguments.only not in case:
            continue
        wanted = expected(path.parent, errata.get(case, {}))
        with tempfile.TemporaryDirectory() as scratch:
            got = exported(path.parent, Path(scratch) / "graph")
        if arguments.scope == "internal":
            wanted, got = internal(wanted, path.parent), internal(got, path.parent)
        score = Score(case, len(wanted & got), sorted(wanted - got), sorted(got - wanted))
        scores.append(score)
        if arguments.diffs and (score.missing or score.extra):
            print(case)
            print("".join(f"  missing {a} -> {b}\n" for a, b in score.missing), end="")
            print("".join(f"  extra   {a} -> {b}\n" for a, b in score.extra), end="")
    print(table(scores))
    return 0


def _spelled(name: str) -> str:
    name = LITERAL.sub(lambda found: f"<{found[1].lower()}>", name).replace("\\", ".")
    return f"<builtin>.{name[9:]}" if name.startswith("builtins.") else name


if __name__ == "__main__":
    sys.exit(main())
