"""Run-time truth: how many calls inside a package, made by its own tests, the graph has.

The tests run under `sys.setprofile` in an environment of their own (`tracer.py`). A pair counts
when caller and callee are functions of the package and nothing but C code stands between them.
Class bodies and comprehensions belong to the function around them; modules are callers, never
callees. A generator is called where it is made. A decoration is a call of the scope around. Left
out are `__del__`, which the memory manager calls wherever it likes, and what the import machinery
probes modules for.
"""

import argparse
import ast
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import msgspec

import ask
from corpora import CORPORA, environment, fetch
from places import MODULE, Source, Span

HERE = Path(__file__).parent
BAR = 0.75
FEW = 4  # targets of a site that a person would still read
SUITES = {"sqlparse": "sqlparse", "click": "src/click", "jinja2": "src/jinja2"}
PACKAGES = [
    *("pytest==9.2.0", "trio==0.35.0"),
    *(f"{name}=={CORPORA[name].version}" for name in SUITES),
]
CALLS = """
SELECT mf.path AS path, ms.bstart AS caller, m.name AS caller_name, s.bstart AS bstart,
       s.bend AS bend, cf.path AS callee_path, cs.bstart AS callee, n.kind AS kind, e.kind AS edge,
       coalesce(n.qualified_name, n.name) AS name, e.src AS site
FROM edges e
JOIN nodes c ON c.node_id = e.src
JOIN nodes m ON m.node_id = c.container AND m.kind = 'METHOD'
JOIN spans ms ON ms.node_id = m.node_id JOIN files mf ON mf.file_id = ms.file_id
JOIN nodes n ON n.node_id = e.dst
LEFT JOIN spans s ON s.node_id = e.src
LEFT JOIN spans cs ON cs.node_id = e.dst LEFT JOIN files cf ON cf.file_id = cs.file_id
WHERE e.kind IN ('CALL', 'DECORATED_BY')
"""
GAPS = "SELECT path, bstart, bend, reason FROM unresolved WHERE what = 'call'"
Site = tuple[str, int, int]  # path, bytes
Code = tuple[str, int, str]  # path, first line, qualified name
Positions = tuple[int | None, int | None, int | None, int | None]  # as `co_positions` gives them


class Def(NamedTuple):
    """A function: its file and the byte where it begins; MODULE for the module's body."""

    path: str
    bstart: int


class Use(NamedTuple):
    """How a pair was seen: the caller's instruction, its place (None: only the line), its line."""

    instruction: str
    span: Span | None
    line: int


class Trace(msgspec.Struct):
    """What `tracer.py` writes: calls by instruction, and where lazy things are made."""

    calls: list[tuple[Code, Positions, str, Code, int]]
    made: list[tuple[str, int, Code]]


Pairs = dict[tuple[Def, Def], list[Use]]


class Tree:
    """The files of a package, read when they are asked for."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._sources: dict[str, Source] = {}

    def source(self, path: str) -> Source:
        """The parsed file."""
        if path not in self._sources:
            self._sources[path] = Source((self.root / path).read_bytes())
        return self._sources[path]

    def name(self, function: Def) -> str:
        """Its place and name, for people."""
        source = self.source(function.path)
        line = source.line(max(0, function.bstart))
        return f"{function.path}:{line} {source.names[function.bstart]}"


class Graph:
    """The calls of a graph by function and by site."""

    def __init__(self, folder: Path, tree: Tree) -> None:
        self.folder, self.tree = folder, tree
        self.pairs: dict[tuple[Def, Def], set[str]] = defaultdict(set)  # to the sites
        self.targets: dict[str, set[str]] = defaultdict(set)  # of each site
        self.at: dict[Site, set[str]] = defaultdict(set)  # names of what is called there
        for row in ask.rows(folder, CALLS):
            self.targets[row["site"]].add(row["name"])
            place = (row["path"], int(row["bstart"]), int(row["bend"]))
            self.at[place].add(row["name"])
            if row["kind"] == "METHOD" and row["callee_path"]:
                caller = self._caller(row["path"], int(row["caller"]), row["caller_name"])
                callee = Def(row["callee_path"], int(row["callee"]))
                self.pairs[caller, callee].add(row["site"])

    def few(self, pair: tuple[Def, Def]) -> bool:
        """Whether a site of the pair has few targets."""
        return any(len(self.targets[site]) <= FEW for site in self.pairs.get(pair, ()))

    @cached_property
    def gaps(self) -> dict[Site, str]:
        """Reasons of call sites without a target."""
        rows = ask.rows(self.folder, GAPS)
        return {(r["path"], int(r["bstart"]), int(r["bend"])): r["reason"] for r in rows}

    def _caller(self, path: str, bstart: int, name: str) -> Def:
        if name == "<module>":
            return Def(path, MODULE)
        if name == "<body>":
            return Def(path, self.tree.source(path).owner[bstart])
        return Def(path, bstart)


def trace(name: str, scratch: Path) -> Trace:
    """What `tracer.py` writes about the package's tests; prints how the tests ended."""
    out = scratch / f"{name}.json"
    if out.exists():
        return msgspec.json.decode(out.read_bytes(), type=Trace)
    copy = scratch / name
    shutil.copytree(fetch(name), copy)
    python = environment("truth", PACKAGES)
    paths = os.pathsep.join([str(copy / "src"), str(copy)])
    command = [python, HERE / "tracer.py", out, copy / SUITES[name]]
    done = subprocess.run(
        [*map(str, command), "-q", "-p", "no:cacheprovider"],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    if not out.exists():
        raise SystemExit(f"tracing {name} failed:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    print(f"{name}: {done.stdout.strip().splitlines()[-1]}", file=sys.stderr)
    out.write_text(out.read_text().replace(os.path.realpath(copy) + os.sep, ""))
    return msgspec.json.decode(out.read_bytes(), type=Trace)


def executed(seen: Trace, tree: Tree) -> Pairs:
    """The pairs of functions that called each other, and how."""
    found: Pairs = defaultdict(list)

    def add(callers: list[Def], code: Code, use: Use) -> None:
        path, line, qualified = code
        source, name = tree.source(path), qualified.rpartition(".")[2]
        left_out = name == "__del__" or use.instruction == "IMPORT_NAME"
        if (line, name) in source.functions and not left_out:
            callees = source.owners(line, qualified)
            if len(callers) == len(callees) == 1:  # several lambdas of a line are one too many
                found[callers[0], Def(path, callees[0])].append(use)

    for (path, first, qualified), (line, last, a, b), instruction, callee, _ in seen.calls:
        source = tree.source(path)
        span = None
        if None not in (line, last, a, b):
            span = Span(source.byte(line or 0, a or 0), source.byte(last or 0, b or 0))
        callers = sorted({Def(path, start) for start in source.owners(first, qualified)})
        add(callers, callee, Use(instruction, span, line or first))
    for path, line, callee in seen.made:
        add([Def(path, tree.source(path).around(line))], callee, Use("CALL", None, line))
    return found


def reason(pair: tuple[Def, Def], uses: list[Use], graph: Graph) -> tuple[str, str]:
    """The class of a missing pair, and what the graph says at its site."""
    path, tree = pair[0].path, graph.tree
    for use in sorted(uses, key=lambda use: (not use.instruction.startswith("CALL"), use.line)):
        if not use.instruction.startswith("CALL"):
            return f"implicit: {use.instruction}", ""
        name = tree.source(pair[1].path).names[pair[1].bstart]
        site = use.span or _call(tree.source(path), use.line, name)
        key = (path, *site) if site else (path, -1, -1)
        if key in graph.gaps:
            return f"unresolved: {graph.gaps[key]}", ""
        said = sorted(graph.at.get(key, ()))
        if said:
            other = "other targets" if _inside(said, graph) else "only external targets"
            return f"site has {other}", ", ".join(said[:6]) + (" ..." if len(said) > 6 else "")
    return "no call site there", ""


def _inside(names: list[str], graph: Graph) -> bool:
    tops = {path.split("/")[-1].removesuffix(".py") for path in SUITES.values()}
    return any(name.split(".")[0] in tops for name in names)


def _call(source: Source, line: int, name: str) -> Span | None:
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Call) and node.lineno <= line <= (node.end_lineno or node.lineno):
            called = node.func
            last = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if last == name:
                return source.span(node)
    return None


def measure(name: str, scratch: Path, diffs: bool) -> float:
    """The share of a package's pairs that the graph has; prints it, and what is missing."""
    ask.build(fetch(name), scratch / f"{name}-graph")
    tree = Tree(fetch(name))
    graph = Graph(scratch / f"{name}-graph", tree)
    pairs = executed(trace(name, scratch), tree)
    has = [pair for pair in pairs if pair in graph.pairs]
    few = sum(graph.few(pair) for pair in has)
    share = len(has) / len(pairs)
    print(
        f"\n{name}: {len(pairs)} pairs, {len(has)} found: {share:.3f} (bar {BAR}, "
        f"{'ok' if share >= BAR else 'MISSED'}); at sites of at most {FEW} targets "
        f"{few}: {few / len(pairs):.3f}"
    )
    missing = {
        pair: reason(pair, uses, graph)
        for pair, uses in sorted(pairs.items())
        if pair not in graph.pairs
    }
    for kind, count in Counter(kind for kind, _ in missing.values()).most_common():
        print(f"{count:6} {kind}")
        for pair, (its, said) in missing.items():
            if diffs and its == kind:
                line = pairs[pair][0].line
                text = tree.source(pair[0].path).text(line)
                print(f"         {pair[0].path}:{line} `{text[:90]}`")
                print(f"           {tree.name(pair[0])} -> {tree.name(pair[1])}")
                print(f"           we say: {said}" if said else "", end="\n" if said else "")
    return share


def main() -> int:
    """Prints the figures of each package; 1 when a bar is missed (0 with --report)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"default: {', '.join(SUITES)}")
    parser.add_argument("--diffs", action="store_true", help="list the missing pairs")
    parser.add_argument("--keep", type=Path, help="folder to keep traces in and to take them from")
    parser.add_argument("--report", action="store_true", help="print only, never fail")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="codeanatomy-bench-") as scratch:
        folder = arguments.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        shares = [measure(name, folder, arguments.diffs) for name in arguments.names or SUITES]
    return int(min(shares) < BAR and not arguments.report)


if __name__ == "__main__":
    sys.exit(main())
