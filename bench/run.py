"""The bars: Django's source distribution against the interpreter's own compiler, in paired runs."""

import argparse
import json
import shutil
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import NamedTuple

from codeanatomy.facts.collect import offered
from corpora import fetch
from measure import Cost, pairs, run, tool

MOST_CALLED = (
    "SELECT callee.qualified_name FROM cpg_edges AS edge"
    " JOIN cpg_nodes AS callee ON callee.node_id = edge.dst"
    " WHERE edge.kind = 'CALL' AND callee.kind = 'METHOD' AND NOT callee.external"
    " GROUP BY callee.qualified_name ORDER BY count(*) DESC, callee.qualified_name LIMIT 1"
)
# what is measured beside the whole build, once each: builds without it, or with a plug-in's witness
MARGINAL = {
    "meaning and flow": ("--layers", "syntax"),
    **{name: ("--with", name) for name, *_ in offered() if name == "types"},
}


class Bar(NamedTuple):
    """A measured figure and the most that it may be."""

    what: str
    figure: float
    most: float
    unit: str
    how: str


def main() -> int:
    """Prints the table; 1 when a bar is missed (0 with --report)."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pairs", type=int, default=3, help="paired runs, at least 3 (default: 3)")
    parser.add_argument("--repo", type=Path, help="another tree than Django's; bars are for Django")
    parser.add_argument("--report", action="store_true", help="print only, never fail")
    arguments = parser.parse_args()
    tree = arguments.repo or fetch("django")
    with tempfile.TemporaryDirectory(prefix="codeanatomy-bench-") as scratch:
        bars = measure(tree.resolve(), Path(scratch), max(3, arguments.pairs))
    print(f"\n{'bar':44} {'figure':>10} {'at most':>10}")
    for bar in bars:
        verdict = "ok" if bar.figure <= bar.most else "MISSED"
        print(
            f"{bar.what:44} {bar.figure:10.3f} {bar.most:10.3f} {bar.unit:8} {verdict:7} {bar.how}"
        )
    missed = any(bar.figure > bar.most for bar in bars)
    return int(missed and not arguments.report)


def measure(tree: Path, scratch: Path, times: int) -> list[Bar]:
    """All bars, measured one after the other on the tree."""
    compiled = scratch / "compiled"
    shutil.copytree(tree, compiled, ignore=shutil.ignore_patterns("__pycache__", ".codeanatomy"))
    environment = {"XDG_CACHE_HOME": str(scratch / "cache")}

    def compileall() -> Cost:
        # exit code 1: Django ships a file that is meant not to compile
        command = [sys.executable, "-m", "compileall", "-q", "-f", "-j", "1", compiled]
        return run(command, check=False)

    def build(out: Path, *more: str, sample: bool = False) -> Cost:
        command = [*tool(), "build", tree, "--out", out, "--format", "json", *more]
        return run(command, environment=environment, sample=sample)

    def cold(sample: bool = False) -> Cost:
        shutil.rmtree(scratch / "cold", ignore_errors=True)
        return build(scratch / "cold", "--no-cache", sample=sample)

    print("peak memory of a build, then pairs of build and compileall ...", file=sys.stderr)
    peak = cold(sample=True)
    colds, compiles, cold_ratio = pairs(cold, compileall, times)
    show_build(colds, compiles)

    print("pairs of a build without flow and compileall ...", file=sys.stderr)

    def without_flow() -> Cost:
        shutil.rmtree(scratch / "cold", ignore_errors=True)
        return build(scratch / "cold", "--no-cache", "--layers", "syntax,meaning")

    parts, _, part_ratio = pairs(without_flow, compileall, times)
    print("what layers and witnesses cost ...", file=sys.stderr)
    whole, unit = median(c.cpu for c in colds), median(c.cpu for c in compiles)
    show_cost("flow", whole - median(c.cpu for c in parts), unit)
    for name, options in MARGINAL.items():
        shutil.rmtree(scratch / "cold", ignore_errors=True)
        took = build(scratch / "cold", "--no-cache", *options).cpu
        show_cost(name, took - whole if "--with" in options else whole - took, unit)

    print("pairs of an unchanged tree's build and compileall ...", file=sys.stderr)
    graph = scratch / "warm"
    first = json.loads(build(graph).out)
    warms, _, warm_ratio = pairs(lambda: build(graph), compileall, times)
    for warm in warms:
        again = json.loads(warm.out)
        if again["extracted"] or again["new_snapshot"] or again["snapshot"] != first["snapshot"]:
            raise SystemExit(f"an unchanged tree was read or published again: {warm.out[:500]}")

    print("pairs of a question and `import datafusion` ...", file=sys.stderr)
    name = run([*tool(), "query", "--graph", graph, "--format", "csv", MOST_CALLED])
    asked = [*tool(), "callers", name.out.split()[-1], "--graph", graph]
    engine = [sys.executable, "-c", "import datafusion"]
    _, _, callers_ratio = pairs(plain(asked), plain(engine), 2 * times)
    help_cpu = median(run([*tool(), "--help"]).cpu for _ in range(2 * times))
    return [
        Bar("build --no-cache, CPU / compileall", cold_ratio, 6.0, "x", f"median of {times} pairs"),
        Bar("the same without flow", part_ratio, 4.5, "x", f"median of {times} pairs"),
        Bar("build, peak memory", peak.peak / 2**30, 2.0, "GiB", "sum of PSS, 20 samples a second"),
        Bar("unchanged tree, CPU / compileall", warm_ratio, 0.25, "x", "0 files, no new snapshot"),
        Bar("callers, CPU / import datafusion", callers_ratio, 3.0, "x", f"{2 * times} pairs"),
        Bar("--help, CPU", help_cpu, 0.3, "s", f"median of {2 * times}"),
    ]


def plain(command: list[str | Path]) -> Callable[[], Cost]:
    """Runs the command when called."""
    return lambda: run(command)


def show_cost(name: str, seconds: float, unit: float) -> None:
    """Prints what a layer or witness costs."""
    print(f"  {name:24} {seconds:7.2f} s CPU, {seconds / unit:5.2f} x compileall")


def show_build(builds: list[Cost], compiles: list[Cost]) -> None:
    """Prints wall, CPU, rows per second and the share of each phase of the median build."""
    build = sorted(builds, key=lambda cost: cost.cpu)[len(builds) // 2]
    summary = json.loads(build.out)
    rows = sum(summary["nodes"].values()) + sum(summary["edges"].values())
    print(f"build: {build.wall:.1f} s wall, {build.cpu:.1f} s CPU; ", end="")
    print(f"compileall: {median(c.cpu for c in compiles):.1f} s CPU")
    print(f"{rows:,} nodes and edges, {rows / build.wall:,.0f} a second")
    total = sum(summary["phases"].values()) or 1.0
    for phase, seconds in summary["phases"].items():
        print(f"  {phase:24} {seconds:7.2f} s {100 * seconds / total:5.1f} %")


if __name__ == "__main__":
    sys.exit(main())
