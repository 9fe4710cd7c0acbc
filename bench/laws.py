"""Laws of a graph of a real tree: no dangling edge, no id twice, no false trouble, same hashes."""

import argparse
import shutil
import sys
import tempfile
import warnings
from pathlib import Path

import ask
from corpora import fetch

DANGLING = (
    "SELECT count(*) FROM cpg_edges AS edge"
    " LEFT JOIN cpg_nodes AS a ON a.node_id = edge.src"
    " LEFT JOIN cpg_nodes AS b ON b.node_id = edge.dst"
    " WHERE a.node_id IS NULL OR b.node_id IS NULL"
)
NODES_TWICE = "SELECT count(*) - count(DISTINCT node_id) FROM cpg_nodes"
EDGES_TWICE = "SELECT count(*) - count(DISTINCT edge_id) FROM cpg_edges"
BOTH_WAYS = (
    "SELECT count(*) FROM edges AS a FULL JOIN edges_by_dst AS b"
    " ON a.kind = b.kind AND a.src = b.src AND a.dst = b.dst AND a.ordinal = b.ordinal"
    " WHERE a.src IS NULL OR b.src IS NULL"
)
TROUBLE = "SELECT DISTINCT path, code FROM problems WHERE severity = 'error' AND path <> ''"


def compiles(path: Path) -> bool:
    """Whether the running interpreter compiles the file; nothing of it is run."""
    try:
        compile(path.read_bytes(), str(path), "exec", dont_inherit=True)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return True


def laws(tree: Path, graph: Path) -> dict[str, list[str]]:
    """Breaches of each law that one graph shows."""
    found = {
        "dangling edges": _unless_zero(graph, DANGLING),
        "node ids twice": _unless_zero(graph, NODES_TWICE),
        "edge ids twice": _unless_zero(graph, EDGES_TWICE),
        "edges in one direction only": _unless_zero(graph, BOTH_WAYS),
    }
    trouble = [(row["path"], row["code"]) for row in ask.rows(graph, TROUBLE)]
    found["error Problems on files that compile"] = [
        f"{path}: {code}" for path, code in trouble if compiles(tree / path)
    ]
    return found


def _unless_zero(graph: Path, sql: str) -> list[str]:
    count = ask.number(graph, sql)
    return [f"{count:,}"] if count else []


def main() -> int:
    """Prints each law and its breaches; 1 when there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repo", type=Path, help="default: Django's source distribution")
    tree = (parser.parse_args().repo or fetch("django")).resolve()
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as scratch:
        elsewhere = Path(scratch) / "quite" / "another folder"
        shutil.copytree(tree, elsewhere, symlinks=True)
        one, two = Path(scratch) / "one", Path(scratch) / "two"
        ask.build(tree, one, "--workers", "1", "--no-cache")
        ask.build(elsewhere, two, "--workers", "2", "--no-cache")
        breaches = laws(tree, one)
        here, there = ask.hashes(one), ask.hashes(two)
    breaches["tables that differ between 1 and 2 workers, here and there"] = [
        name for name in sorted({*here, *there}) if here.get(name) != there.get(name)
    ]
    for law, found in breaches.items():
        print(f"{'BROKEN' if found else 'ok':7} no {law}" + "".join(f"\n    {f}" for f in found))
    print(f"{len(here)} tables compared")
    return int(any(breaches.values()))


if __name__ == "__main__":
    sys.exit(main())
