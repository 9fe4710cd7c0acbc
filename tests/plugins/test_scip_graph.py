"""What a SCIP index adds to the graph, and that it agrees with what we know without it."""

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import codeanatomy
from codeanatomy.app.cli.main import cli

from .scip_index import document, index, message, occurrence

EDGES = """
    SELECT s.name, s.line, d.kind AS target, d.line AS target_line, e.evidence, e.certainty
    FROM edges e JOIN cpg_nodes s ON e.src = s.node_id JOIN cpg_nodes d ON e.dst = d.node_id
    WHERE e.evidence LIKE '%scip%' AND e.kind = '{}' AND s.path LIKE '{}.py'
    ORDER BY s.line, s.bstart, d.line
"""
Edges = Callable[[str, str], list[tuple[object, ...]]]


def at(text: str, word: str, number: int = 0) -> tuple[int, int, int]:
    """Line, column and end of one of the places where the word stands in the text."""
    places = [
        (line, column, column + len(word))
        for line, written in enumerate(text.splitlines())
        for column in range(len(written))
        if written.startswith(word, column)
    ]
    return places[number]


SHOP = """class A:
    def run(self): pass
class B(A):
    def run(self): pass
class C: pass
"""
USE = "from shop import A\ndef f(x, y):\n    y = x\n    y.run()\n    return A\n"
TWICE = "class A:\n def p(self): return self\n def p(self): return self\n def p(self): self\n"
SLOTS = "class A:\n    __slots__ = ('q',)\ndef f(a): return a.q\n"
MANY = "".join(f"x{n} = {n}\nx{n}\n" for n in range(300))  # more than a byte can number
OTHER = "from shop import A as Z\nimport shop\nZ; shop\nx = shop\n"
TEXTS = {"other": OTHER, "shop": SHOP, "use": USE, "twice": TWICE, "slots": SLOTS, "many": MANY}
SAID = (
    document(
        "shop.py",
        occurrence((0, 0, 0), ". shop/__init__:", 1),
        occurrence(at(SHOP, "A"), ". A#", 1),
        occurrence(at(SHOP, "B"), ". B#", 1),
        occurrence(at(SHOP, "run"), ". A#run().", 1),
        # not at its name, but around it is the whole
        occurrence(at(SHOP, "def", 1), ". B#run().", 1, (7, bytes([3, 4, 23]))),
        occurrence(at(SHOP, "C"), ". C#", 1),
        symbols=[
            message((1, ". B#"), (4, message((1, ". A#"), (3, 1)))),
            message((1, ". C#"), (4, message((1, ". A#"), (3, 1)))),  # has no such base
            message((1, ". B#run()."), (4, message((1, ". A#run()."), (3, 1)))),
            message((1, ". C#"), (4, message((1, ". B#"), (2, 1)))),  # no implementation
        ],
    ),
    document(
        "use.py",
        occurrence(at(USE, "A"), ". A#"),
        occurrence(at(USE, "x"), ". f().(x)", 1),
        occurrence(at(USE, "y"), ". f().(y)", 1),
        occurrence(at(USE, "y", 1), ". f().(y)"),
        occurrence(at(USE, "x", 1), ". f().(x)"),
        occurrence(at(USE, "run"), ". A#run()."),
        occurrence(at(USE, "A", 1), ". A#"),
    ),
    document(
        "twice.py",
        *(occurrence(at(TWICE, "self", n), "local 1", 8 if n % 2 else 1) for n in range(6)),
    ),
    document(
        "other.py",
        occurrence(at(OTHER, "A as Z"), ". A#"),
        occurrence(at(OTHER, "shop", 1), ". shop/__init__:"),
        occurrence(at(OTHER, "Z", 1), ". A#"),
        occurrence(at(OTHER, "shop", 2), ". shop/__init__:"),
        occurrence(at(OTHER, "x"), ". A#"),
    ),
    # as scip-python 0.6 has it
    document(
        "slots.py", occurrence(at(SLOTS, "A"), ". S#", 1), occurrence(at(SLOTS, "q", 1), ". S#")
    ),
    document(
        "many.py",
        *(
            occurrence((2 * n + use, 0, len(f"x{n}")), f". x{n}.", 8 if use else 1)
            for n in range(300)
            for use in (0, 1)
        ),
    ),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A graph of these texts, with an index."""
    folder = tmp_path_factory.mktemp("scip")
    for name, text in TEXTS.items():
        (folder / f"{name}.py").write_text(text)
    (folder / "index.scip").write_bytes(index(*SAID))
    asked = {"scip": str(folder / "index.scip")}
    report = codeanatomy.build(folder, workers=1, cache=False, witnesses=asked)
    assert not report.problems
    return folder


@pytest.fixture
def edges(store: Path) -> Iterator[Edges]:
    """The edges of a kind out of a file that the index had a part in."""
    with codeanatomy.open_graph(store) as graph:
        yield lambda kind, name: [
            tuple(row.values()) for row in graph.sql(EDGES.format(kind, name)).to_pylist()
        ]


def test_references_are_those_of_scope_and_solver_or_new(edges: Edges) -> None:
    assert edges("REF", "use") == [
        ("y", 3, "LOCAL", 2, "ast+scip+scope", "certain"),  # the parameter is its first binding
        ("x", 3, "METHOD_PARAMETER_IN", 2, "ast+scip+scope", "certain"),
        ("run", 4, "METHOD", 2, "scip", "possible"),
        ("A", 5, "TYPE_DECL", 1, "resolve+scip", "certain"),
    ]
    assert edges("IMPORTS", "use") == [("A", 1, "TYPE_DECL", 1, "resolve+scip", "certain")]


def test_implementations_are_bases_and_what_is_overridden(edges: Edges) -> None:
    inherits = [("B", 3, "TYPE_DECL", 1, "ast+resolve+scip", "certain")]
    assert edges("INHERITS_FROM", "shop") == inherits
    assert edges("OVERRIDES", "shop") == [("run", 4, "METHOD", 2, "resolve+scip", "certain")]


def test_of_several_definitions_of_a_symbol_the_last_before_counts(edges: Edges) -> None:
    assert [(row[1], row[3]) for row in edges("REF", "twice")] == [(2, 2), (3, 3), (4, 4)]


def test_names_mean_nothing_of_another_name_but_for_imports(edges: Edges) -> None:
    assert not edges("REF", "slots")
    names = [("Z", 3, "TYPE_DECL", 1), ("shop", 3, "NAMESPACE_BLOCK", 1)]
    assert [row[:4] for row in edges("REF", "other")] == names
    imports = [("Z", 1, "TYPE_DECL", 1), ("shop", 2, "NAMESPACE_BLOCK", 1)]
    assert [row[:4] for row in edges("IMPORTS", "other")] == imports


def test_as_many_edges_as_there_are_become_one_with_ours(edges: Edges) -> None:
    found = edges("REF", "many")
    assert len(found) == 600
    assert {row[4] for row in found} == {"ast+scip+scope"}


def test_an_index_that_is_not_there_leaves_a_graph_and_a_problem(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    report = codeanatomy.build(tmp_path, workers=1, cache=False, witnesses={"scip": "none.scip"})
    assert report.problems == {"tool-failed": 1}
    assert report.nodes["LOCAL"] == 1


def test_the_command_takes_an_index(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "index.scip").write_bytes(index(document("a.py", occurrence((0, 0, 1), "x", 1))))
    build = ["build", str(tmp_path), "--workers", "1", "--no-cache", "--scip"]
    done = CliRunner().invoke(cli, [*build, str(tmp_path / "index.scip")])
    assert done.exit_code == 0, done.output
    with codeanatomy.open_graph(tmp_path) as graph:
        assert graph.sql("SELECT evidence FROM edges WHERE kind = 'REF'")[
            "evidence"
        ].to_pylist() == ["ast+scip+scope"]
    for missing in ("", str(tmp_path), str(tmp_path / "none.scip")):
        assert CliRunner().invoke(cli, [*build, missing]).exit_code == 2


@pytest.mark.slow
def test_scip_python_says_what_we_say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of sites of which both speak, at least 99 % agree."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed: nothing can install scip-python")
    install = [npm, "install", "--no-audit", "--no-fund", "@sourcegraph/scip-python@0.6.6"]
    done = subprocess.run(install, cwd=tmp_path, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"the npm registry did not give scip-python: {done.stderr[-200:]}")
    tools = tmp_path / "node_modules" / ".bin"
    monkeypatch.setenv("PATH", f"{tools}{os.pathsep}{os.environ['PATH']}")
    packages = Path(sysconfig.get_paths()["purelib"])
    shutil.copytree(packages / "pathspec", tmp_path / "repo" / "pathspec")
    report = codeanatomy.build(tmp_path / "repo", workers=1, witnesses={"scip": ""})
    assert not report.problems
    with codeanatomy.open_graph(tmp_path / "repo") as graph:
        [row] = graph.sql("""
            SELECT count(*) AS sites, sum(agreed) AS agreed FROM (
                SELECT max(CASE WHEN evidence LIKE '%scip%' AND evidence <> 'scip'
                           THEN 1 ELSE 0 END) AS agreed
                FROM edges WHERE kind = 'REF' GROUP BY src
                HAVING bool_or(evidence LIKE '%scip%') AND bool_or(evidence <> 'scip')
            )
        """).to_pylist()
    assert row["sites"] > 1500
    assert row["agreed"] >= 0.99 * row["sites"]
