"""Names and attributes: does the graph mean what Jedi's goto means?

Asked is every name and attribute token of the package of requests, flask, click and rich. Those
count for which Jedi, with imports followed, gives exactly one definition in the repository. We
agree when our most probable target, alone at the top, is that definition: the same def, class,
parameter or module, or the variable (attribute) that is bound at Jedi's token. No answer of ours
is a disagreement.
"""

import argparse
import ast
import json
import os
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import NamedTuple

import msgspec

import ask
from corpora import environment, fetch
from places import Source

HERE = Path(__file__).parent
PACKAGES = {"requests": "src/requests", "flask": "src/flask", "click": "src/click", "rich": "rich"}
BARS = {"name": 0.985, "attribute": 0.90}
JEDI = ["jedi==0.20.1", "parso==0.8.7"]
NODES = """
SELECT n.node_id, n.kind, coalesce(n.qualified_name, n.name) AS name, f.path AS path,
       s.bstart AS bstart
FROM nodes n JOIN spans s ON s.node_id = n.node_id JOIN files f ON f.file_id = s.file_id
WHERE n.kind IN ('METHOD', 'TYPE_DECL', 'LOCAL', 'MEMBER', 'METHOD_PARAMETER_IN',
                 'NAMESPACE_BLOCK')
"""
REFS = """
SELECT f.path AS path, s.bstart AS bstart, s.bend AS bend, e.dst, e.confidence,
       n.external, coalesce(n.qualified_name, n.name) AS name
FROM edges e JOIN nodes n ON n.node_id = e.dst
JOIN nodes a ON a.node_id = e.src AND a.kind IN ('IDENTIFIER', 'FIELD_IDENTIFIER')
JOIN spans s ON s.node_id = e.src JOIN files f ON f.file_id = s.file_id
WHERE e.kind = 'REF'
"""
GAPS = "SELECT path, bstart, reason FROM unresolved WHERE what IN ('name', 'attribute')"
WORD = re.compile(rb"\w+")
Place = tuple[str, int]  # path, byte
Target = tuple[str | None, int | None, int | None, str]  # of Jedi's: path, line, column, type
NOWHERE: Target = (None, None, None, "")
Goto = tuple[str, int, int, list[Target]]


class Meant(NamedTuple):
    """A target of ours: node, how probable, whether it lies outside, its name."""

    node: str
    confidence: float
    external: bool
    name: str


class Verdict(NamedTuple):
    """One token that counts: where, what it is, the class of disagreement ('' if we agree)."""

    place: Place
    what: str
    stored: bool
    wrong: str
    ours: str
    jedis: str


class Graph:
    """What the graph means by each token, and the nodes that stand at a definition's token."""

    def __init__(self, folder: Path, root: Path) -> None:
        self.root = root
        self.sources: dict[str, Source] = {}
        self.defined: dict[Place, set[str]] = defaultdict(set)
        self.variables: dict[tuple[str, int, str], set[str]] = defaultdict(set)
        self.modules: dict[str, str] = {}
        self.names: dict[str, str] = {}
        self.named: dict[str, set[str]] = defaultdict(set)  # functions, without #n
        self.refs: dict[Place, list[Meant]] = defaultdict(list)
        rows = list(ask.rows(folder, NODES))
        for row in rows:
            self.names[row["node_id"]] = row["name"]
            if row["kind"] == "METHOD":
                self.named[row["name"].partition("#")[0]].add(row["node_id"])
            if row["kind"] == "NAMESPACE_BLOCK":
                self.modules[row["path"]] = row["node_id"]
            elif not row["name"].endswith(">"):  # no bodies, no lambdas
                byte = int(row["bstart"])
                if row["kind"] in ("METHOD", "TYPE_DECL"):
                    byte = self.source(row["path"]).name_at.get(byte, -1)
                self.defined[row["path"], byte].add(row["node_id"])
                if row["kind"] == "LOCAL":
                    source = self.source(row["path"])
                    key = (row["path"], source.around(source.line(byte)), last(row["name"]))
                    self.variables[key].add(row["node_id"])
        for row in ask.rows(folder, REFS):
            meant = Meant(
                row["dst"], float(row["confidence"]), row["external"] == "true", row["name"]
            )
            self.refs[row["path"], int(row["bstart"])].append(meant)
        self.gaps = {(r["path"], int(r["bstart"])): r["reason"] for r in ask.rows(folder, GAPS)}

    def source(self, path: str) -> Source:
        """The parsed file."""
        if path not in self.sources:
            self.sources[path] = Source((self.root / path).read_bytes())
        return self.sources[path]

    def nodes(self, path: str, byte: int | None) -> set[str]:
        """The nodes that a definition's token stands for; without a byte, the module."""
        if byte is None:
            return {self.modules[path]} if path in self.modules else set()
        found = self.defined.get((path, byte), set())
        bound = {m.node for m in self.refs.get((path, byte), ()) if m.node in self.names}
        return found or bound or self._variables(path, byte)

    def _variables(self, path: str, byte: int) -> set[str]:
        """Variables by name and function, where the binding is no name token: `except X as e`."""
        source = self.source(path)
        if source.content[:byte].rstrip().endswith(b"."):
            return set()
        word = WORD.match(source.content, byte)
        name, function = word[0].decode() if word else "", source.around(source.line(byte))
        return self.variables.get((path, function, name), set())

    def accessors(self, nodes: set[str]) -> set[str]:
        """All functions of the same names: getter and setter are one property."""
        names = {self.names[node].partition("#")[0] for node in nodes}
        return {node for name in names for node in self.named.get(name, ())}

    def judge(self, place: Place, wanted: set[str]) -> tuple[str, str]:
        """The class of disagreement ('' if we agree), and what we say."""
        ours = sorted(self.refs.get(place, ()), key=lambda m: (-m.confidence, m.name))
        said = ", ".join(f"{m.name} ({m.confidence})" for m in ours[:4])
        if not ours:
            return f"no answer: {self.gaps.get(place, 'and no reason')}", ""
        best = [m.node for m in ours if m.confidence == ours[0].confidence]
        if len(best) == 1 and best[0] in wanted:
            return "", said
        if not wanted:
            return "nothing of ours stands at Jedi's target", said
        if wanted & {m.node for m in ours}:
            return f"one of {'several' if len(ours) < 5 else 'many'} of ours", said
        if all(m.external for m in ours):
            return "ours is outside the repository", said
        wanted_names = {self.names[node].partition("#")[0] for node in wanted}
        if wanted_names & {m.name.partition("#")[0] for m in ours}:
            return "ours is another definition of the same name", said
        if {last(name) for name in wanted_names} & {last(m.name) for m in ours}:
            return "ours is of the same name elsewhere (another class, module or scope)", said
        return "ours is something else", said


def last(name: str) -> str:
    """The last part of a dotted name."""
    return name.rpartition(".")[2]


def tokens(source: Source) -> dict[int, tuple[str, bool]]:
    """Each name and attribute token's byte: what it is, whether it is stored to."""
    found = {}
    for node in ast.walk(source.tree):
        if isinstance(node, ast.Name | ast.Attribute):
            name = node.id if isinstance(node, ast.Name) else node.attr
            span = source.span(node)
            start = span.bend - len(name.encode())
            if source.content[start : span.bend] == name.encode():  # not inside some f-strings
                what = "name" if isinstance(node, ast.Name) else "attribute"
                found[start] = (what, not isinstance(node.ctx, ast.Load))
    return found


def imported(source: Source) -> set[int]:
    """Lines of import statements."""
    statements = (n for n in ast.walk(source.tree) if isinstance(n, ast.Import | ast.ImportFrom))
    return {x for n in statements for x in range(n.lineno, (n.end_lineno or n.lineno) + 1)}


def compare(name: str, scratch: Path) -> list[Verdict]:
    """All tokens of a package that count."""
    root = fetch(name)
    ask.build(root, scratch / f"{name}-graph")
    graph = Graph(scratch / f"{name}-graph", root)
    paths = sorted(p.relative_to(root).as_posix() for p in (root / PACKAGES[name]).rglob("*.py"))
    asked = {path: tokens(graph.source(path)) for path in paths}
    verdicts = []
    for path, line, column, targets in _gotos(name, graph, asked, scratch):
        byte = graph.source(path).at(line, column)
        where, at, first, kind = targets[0] if len(targets) == 1 else NOWHERE
        if where is None or not where.endswith(".py"):
            continue
        other = graph.source(where)
        if kind == "instance" and at is None:
            continue  # `__name__` and the like stand nowhere
        if at is None or kind == "module":
            wanted = graph.nodes(where, None)
        elif at in imported(other):
            continue  # Jedi could not follow it
        else:
            wanted = graph.nodes(where, other.at(at, first or 0))
        if kind == "property":
            wanted = wanted | graph.accessors(wanted)
        wrong, ours = graph.judge((path, byte), wanted)
        what, stored = asked[path][byte]
        if what == "name" and stored and "elsewhere" in wrong:
            wrong = "a store in a class body: ours is its own, Jedi's an inherited one"
        jedis = f"{kind} {where}:{at} " + ", ".join(sorted(graph.names[node] for node in wanted))
        verdicts.append(Verdict((path, byte), what, stored, wrong, ours, jedis))
    return verdicts


def _gotos(
    name: str, graph: Graph, asked: dict[str, dict[int, tuple[str, bool]]], scratch: Path
) -> list[Goto]:
    out = scratch / f"{name}-gotos.json"
    if not out.exists():
        wanted = scratch / f"{name}-asked.json"
        character = {path: graph.source(path).character for path in asked}
        places = {path: [character[path](b) for b in sorted(asked[path])] for path in asked}
        wanted.write_text(json.dumps(places))
        python = environment("jedi", JEDI)
        roots = os.pathsep.join(str(p) for p in (graph.root / "src", graph.root) if p.exists())
        command = [python, HERE / "gotos.py", graph.root, roots, wanted, out]
        subprocess.run([*map(str, command)], check=True)
    return msgspec.json.decode(out.read_bytes(), type=list[Goto])


def show(name: str, what: str, verdicts: list[Verdict], graph_root: Path, diffs: bool) -> float:
    """Prints agreement and the classes of disagreement; the share."""
    wrong = [v for v in verdicts if v.wrong]
    share = 1 - len(wrong) / max(1, len(verdicts))
    loads = [v for v in verdicts if not v.stored]
    right = sum(not v.wrong for v in loads) / max(1, len(loads))
    bar = BARS[what]
    print(
        f"\n{name}: {len(verdicts)} {what}s with one target of Jedi's in the repository, "
        f"{len(verdicts) - len(wrong)} agree: {share:.4f} (bar {bar}, "
        f"{'ok' if share >= bar else 'MISSED'}); of {len(loads)} that are read {right:.4f}"
    )
    classes = Counter(v.wrong for v in wrong)
    for kind, count in classes.most_common():
        print(f"{count:6} {kind}")
        for v in wrong:
            if diffs and v.wrong == kind:
                source = Source((graph_root / v.place[0]).read_bytes())
                line, column = source.character(v.place[1])
                print(f"         {v.place[0]}:{line}:{column + 1} `{source.text(line)[:90]}`")
                print(f"           jedi: {v.jedis}" + (f"; we: {v.ours}" if v.ours else ""))
    return share


def main() -> int:
    """Prints the figures; 1 when a bar is missed over all packages (0 with --report)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"default: {', '.join(PACKAGES)}")
    parser.add_argument("--diffs", action="store_true", help="list the disagreements")
    parser.add_argument("--keep", type=Path, help="folder to keep Jedi's answers in")
    parser.add_argument("--report", action="store_true", help="print only, never fail")
    arguments = parser.parse_args()
    missed = False
    with tempfile.TemporaryDirectory(prefix="codeanatomy-bench-") as scratch:
        folder = arguments.keep or Path(scratch)
        folder.mkdir(parents=True, exist_ok=True)
        for name in arguments.names or PACKAGES:
            verdicts = compare(name, folder)
            for what, bar in BARS.items():
                chosen = [v for v in verdicts if v.what == what]
                missed |= show(name, what, chosen, fetch(name), arguments.diffs) < bar
    return int(missed and not arguments.report)


if __name__ == "__main__":
    sys.exit(main())
