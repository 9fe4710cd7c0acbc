"""A sheet of random edges beside their source lines, for a person to judge."""

import argparse
import random
from collections import Counter
from pathlib import Path

import ask
from corpora import fetch

IDS = "SELECT edge_id, kind FROM cpg_edges"
EDGES = (
    "SELECT edge.edge_id, edge.kind, edge.certainty, edge.origin,"
    " a.kind AS from_kind, coalesce(a.qualified_name, a.name) AS from_name,"
    " a.path AS from_path, a.line AS from_line, a.bstart AS from_bstart, a.bend AS from_bend,"
    " b.kind AS to_kind,"
    " coalesce(b.qualified_name, b.name) AS to_name, b.path AS to_path, b.line AS to_line,"
    " b.bstart AS to_bstart, b.bend AS to_bend"
    " FROM cpg_edges AS edge JOIN cpg_nodes AS a ON a.node_id = edge.src"
    " JOIN cpg_nodes AS b ON b.node_id = edge.dst WHERE edge.edge_id IN ({ids})"
    " ORDER BY edge.kind, a.path, a.line, edge.edge_id"
)
PLAIN = ("AST", "CONTAINS", "SOURCE_FILE")


def draw(graph: Path, count: int, seed: int, meaning: bool) -> list[dict[str, str]]:
    """Random edges, the same for the same seed; `meaning` leaves out the purely syntactic kinds."""
    found = sorted(
        int(row["edge_id"])
        for row in ask.rows(graph, IDS)
        if not (meaning and row["kind"] in PLAIN)
    )
    chosen = random.Random(seed).sample(found, min(count, len(found)))
    return list(ask.rows(graph, EDGES.format(ids=", ".join(map(str, chosen)))))


def sheet(edges: list[dict[str, str]], repo: Path) -> str:
    """The edges as Markdown: one paragraph each, both ends' source lines, a verdict to fill in."""
    parts = ["| kind | edges |", "|---|--:|"]
    parts += [f"| {kind} | {n} |" for kind, n in sorted(Counter(e["kind"] for e in edges).items())]
    for number, edge in enumerate(edges, 1):
        parts += [
            "",
            f"### {number}. {edge['kind']} ({edge['certainty']}, {edge['origin']})",
            *_end("from", edge, repo),
            *_end("to", edge, repo),
            "- verdict: ",
        ]
    return "\n".join(parts) + "\n"


def _end(side: str, edge: dict[str, str], repo: Path) -> list[str]:
    path, line = edge[f"{side}_path"], int(edge[f"{side}_line"] or 0)
    head = f"- {side} {edge[f'{side}_kind']} `{edge[f'{side}_name']}` {path}:{line}"
    if not path or not line:
        return [head]
    content = (repo / path).read_bytes()
    text = content[int(edge[f"{side}_bstart"]) : int(edge[f"{side}_bend"])]
    first = text.decode(errors="replace").partition("\n")[0].strip()
    lines = content.decode(errors="replace").splitlines()
    return [f"{head} = `{first[:60]}`", f"  `{lines[line - 1].strip() if lines else ''}`"]


def main() -> None:
    """Writes the sheet to stdout."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("graph", type=Path, help="folder of a built graph")
    parser.add_argument("--repo", type=Path, help="its sources; default: Django's")
    parser.add_argument("--edges", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--meaning", action="store_true", help="leave out " + ", ".join(PLAIN))
    arguments = parser.parse_args()
    edges = draw(arguments.graph, arguments.edges, arguments.seed, arguments.meaning)
    print(sheet(edges, (arguments.repo or fetch("django")).resolve()))


if __name__ == "__main__":
    main()
