"""The case files: every construct's snippet is built, and its rows are looked for in the graph."""

import re
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

import pytest

import codeanatomy

FOLDER = Path(__file__).parent / "cases"
FENCE = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
EDGE = re.compile(r"(NO )?([A-Z_]+) (\S+) -> (\S+)(?: (certain|possible))?(?: (\d+))?")
NODE = re.compile(r"(NO )?NODE ([A-Z_]+) (\S+)")
PROPERTY = re.compile(r"PROP ([A-Z_]+) (\S+) (\S+) (.*)")
UNRESOLVED = re.compile(r"UNRESOLVED (\S+)@(\S+) (.+)")
LINES = re.compile(r"(STEPS|DEFS|CONTROL)((?: \S+)*)")
LABEL = re.compile(r"(.*)@(?:(.+\.py):)?(\d+)")


class Case(NamedTuple):
    """One construct: where it is described, its files by path, and the rows expected of it."""

    theme: str
    title: str
    line: int
    files: dict[str, str]
    rows: list[str]

    @property
    def path(self) -> str:
        """The first file, which `name@line` means."""
        return next(iter(self.files))


class Node(NamedTuple):
    """A node of the graph."""

    kind: str
    name: str | None
    qualified: str | None
    path: str
    line: int | None

    def shown(self) -> str:
        """As a row of a case would write it."""
        return self.qualified or f"{self.name or ''}@{self.line}"


class Edge(NamedTuple):
    """An edge of the graph."""

    kind: str
    src: Node
    dst: Node
    certainty: str
    ordinal: int


class Call(NamedTuple):
    """A call site's edge, under the name of the function that evaluates it."""

    caller: str
    callee: str
    certainty: str


class Graph:
    """The graph of all cases in one repository, read once."""

    def __init__(self, repo: Path) -> None:
        codeanatomy.build(repo, out=repo / ".graph", workers=1, cache=False)
        graph = codeanatomy.open_graph(repo / ".graph")
        columns = "node_id, kind, name, qualified_name, path, line"
        rows = graph.sql(f"SELECT {columns} FROM cpg_nodes").to_pylist()
        self.nodes = {row["node_id"]: Node(*list(row.values())[1:]) for row in rows}
        self.edges: dict[str, list[Edge]] = defaultdict(list)
        for row in graph.sql(
            "SELECT kind, src, dst, certainty, ordinal FROM cpg_edges"
        ).to_pylist():
            src, dst = self.nodes[row["src"]], self.nodes[row["dst"]]
            self.edges[row["kind"]].append(
                Edge(row["kind"], src, dst, row["certainty"], row["ordinal"])
            )
        self.calls: dict[str, set[Call]] = defaultdict(set)
        for row in graph.sql("SELECT path, caller, callee, certainty FROM calls").to_pylist():
            call = Call(_folded(row["caller"]), row["callee"], row["certainty"])
            self.calls[row["path"]].add(call)
        self.unresolved = graph.sql("SELECT path, line, text, reason FROM unresolved").to_pylist()
        values = "coalesce(string_value, CAST(int_value AS string), CAST(float_value AS string),"
        values += " CAST(bool_value AS string))"
        self.properties: dict[Node, set[tuple[str, str]]] = defaultdict(set)
        for row in graph.sql(
            f"SELECT id, key, {values} AS value FROM cpg_props WHERE entity = 'node'"
        ).to_pylist():
            self.properties[self.nodes[row["id"]]].add((row["key"], row["value"]))

    def at(self, case: Case, label: str) -> set[Node]:
        """The nodes that a label of the case means."""
        place = LABEL.fullmatch(label)
        if place is None:
            named = {node for node in self.nodes.values() if node.qualified == label}
            return named or {n for n in self.nodes.values() if n.kind == "FILE" and n.path == label}
        name, path, line = place[1], place[2] or case.path, int(place[3])
        return {
            node
            for node in self.nodes.values()
            if node.path == path and node.line == line and (node.name or "") == name
        }

    def lines(self, case: Case, what: str) -> set[str]:
        """The flow of the case's file, from line to line."""
        kind = {"STEPS": "CFG", "DEFS": "REACHING_DEF", "CONTROL": "CDG"}[what]
        edges = [e for e in self.edges[kind] if e.src.path == case.path]
        if what == "DEFS":
            return {f"{e.dst.name}:{e.src.line}>{e.dst.line}" for e in edges}
        if what == "CONTROL":
            return {f"{e.dst.line}<{e.src.line}" for e in edges}
        steps = ((e.src.line, _exit_or_line(e.dst)) for e in edges if e.src.kind != "METHOD")
        return {f"{a}>{b}" for a, b in steps if str(a) != b}


def _exit_or_line(node: Node) -> str:
    return "X" if node.kind == "METHOD_RETURN" else str(node.line)


def cases() -> list[Case]:
    """Every case of every theme, in the order written."""
    found = []
    for theme in sorted(FOLDER.glob("*.md")):
        if theme.name == "README.md":
            continue
        text = theme.read_text(encoding="utf-8")
        heads = [*re.finditer(r"^## (.+)$", text, re.MULTILINE)]
        ends = [*(head.start() for head in heads[1:]), len(text)]
        for head, end in zip(heads, ends, strict=True):
            files: dict[str, str] = {}
            rows: list[str] = []
            for language, name, content in FENCE.findall(text[head.end() : end]):
                if language == "python":
                    files[name] = content
                else:
                    rows += [row.strip() for row in content.splitlines() if row.strip()]
            line = text[: head.start()].count("\n") + 1
            found.append(Case(theme.name, head[1], line, files, rows))
    return found


CASES = cases()


@pytest.fixture(scope="session")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Graph:
    repo = tmp_path_factory.mktemp("cases")
    for case in CASES:
        for name, content in case.files.items():
            path = repo / name
            assert not path.exists(), f"{case.theme}:{case.line}: {name} is taken by another case"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
    return Graph(repo)


@pytest.mark.parametrize("case", CASES, ids=[f"{c.theme}: {c.title}" for c in CASES])
def test_case(case: Case, graph: Graph) -> None:
    findings = compare(case, graph)
    source = "\n".join(
        f"    {name}:{number} {line}"
        for name, content in case.files.items()
        for number, line in enumerate(content.splitlines(), 1)
    )
    shown = "\n".join(f"  {line}" for line in findings)
    assert not findings, f"\ntests/cases/{case.theme}:{case.line} {case.title}\n{source}\n{shown}"


def test_there_are_enough_cases() -> None:
    assert len(CASES) >= 40
    assert all(case.files and case.rows for case in CASES)


def test_comparison_can_fail(graph: Graph) -> None:
    files = {"plain_call.py": ""}
    wrong = [
        "CALL plain_call -> plain_call.late certain",
        "CALL plain_call -> plain_call.main possible",
        "REF late@2 -> plain_call.main",
        "NO REF late@2 -> plain_call.late",
        "NODE METHOD absent@1",
        "NO NODE METHOD main@1",
        "PROP METHOD main@1 IS_ASYNC true",
        "UNRESOLVED late@2 unknown name",
        "REF late@2",
        "STEPS 1>2",
        "DEFS x:1>2",
        "CONTROL 2<1",
        "GAP REF late@2 -> plain_call.late",
    ]
    for row in wrong:
        assert compare(Case("", "", 0, files, [row]), graph), row


def compare(case: Case, graph: Graph) -> list[str]:
    """What the graph lacks of the case's rows, and the calls that the case does not list."""
    findings = [line for row in case.rows for line in _row_or_gap(case, graph, row)]
    listed = {_call(match) for row in case.rows if (match := EDGE.fullmatch(row))} - {None}
    if listed:
        found = {call for path in case.files for call in graph.calls[path]}
        findings += [
            f"not listed:  CALL {call.caller} -> {call.callee} {call.certainty}"
            for call in sorted(found - {wanted for wanted in listed if wanted})
        ]
    return findings


def _row_or_gap(case: Case, graph: Graph, row: str) -> list[str]:
    if not row.startswith("GAP "):
        return _row(case, graph, row)
    return [] if _row(case, graph, row[4:]) else [f"no gap any more: {row[4:]}"]


def _row(case: Case, graph: Graph, row: str) -> list[str]:
    if match := UNRESOLVED.fullmatch(row):
        sites = [u for u in graph.unresolved if u["path"] == case.path and u["text"] == match[1]]
        there = [f"{u['text']}@{u['line']} {u['reason']}" for u in sites]
        return [] if row.partition(" ")[2] in there else [_missing(row, there)]
    if match := PROPERTY.fullmatch(row):
        nodes = [node for node in graph.at(case, match[2]) if node.kind == match[1]]
        there = [f"{key} {value}" for node in nodes for key, value in graph.properties[node]]
        return [] if f"{match[3]} {match[4]}" in there else [_missing(row, there)]
    if match := NODE.fullmatch(row):
        nodes = [node for node in graph.at(case, match[3]) if node.kind == match[2]]
        return [_missing(row, [])] if bool(nodes) == bool(match[1]) else []
    if match := LINES.fullmatch(row):
        wanted, there = set(match[2].split()), graph.lines(case, match[1])
        lost = [_missing(f"{match[1]} {one}", []) for one in sorted(wanted - there)]
        return lost + [f"not listed:  {match[1]} {one}" for one in sorted(there - wanted)]
    if match := EDGE.fullmatch(row):
        return _edge(case, graph, row, match)
    return [f"not a row: {row}"]


def _edge(case: Case, graph: Graph, row: str, match: re.Match[str]) -> list[str]:
    wanted = _call(match)
    if wanted is not None:
        calls = {call for path in case.files for call in graph.calls[path]}
        if wanted in calls:
            return []
        return [_missing(row, [f"{c.callee} {c.certainty}" for c in calls if c[0] == wanted[0]])]
    left, right = graph.at(case, match[3]), graph.at(case, match[4])
    candidates = [edge for edge in graph.edges[match[2]] if edge.src in left]
    hits = [
        edge
        for edge in candidates
        if edge.dst in right
        and match[5] in (None, edge.certainty)
        and (match[6] is None or edge.ordinal == int(match[6]))
    ]
    if bool(hits) != bool(match[1]):
        return []
    if not left:
        return [f"missing:     {row} (nothing is called {match[3]})"]
    return [_missing(row, [f"{e.dst.shown()} {e.certainty} {e.ordinal}" for e in candidates])]


def _call(match: re.Match[str]) -> Call | None:
    """The call that a row expects; None for other rows and for calls that must not be."""
    if match[2] != "CALL" or match[1] or match[5] is None:
        return None
    return Call(match[3], match[4], match[5])


def _missing(row: str, there: list[str]) -> str:
    if row.startswith("NO "):
        return f"must not be: {row[3:]}"
    return f"missing:     {row}" + (f" (there: {'; '.join(sorted(there))})" if there else "")


def _folded(name: str) -> str:
    """A module's body goes by the module's name."""
    return name.removesuffix(".<module>")
