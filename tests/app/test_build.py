"""`build` and `plan` on the command line, and the questions that follow a real build."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

import codeanatomy
from codeanatomy.app.cli.main import cli
from tests.golden import check_golden

FILES = {
    "src/shop/__init__.py": "from shop.till import pay as settle\n",
    "src/shop/till.py": "import json\n\n\ndef pay(bill):\n    return json.dumps(bill)\n",
    "src/shop/door.py": "import shop\n\n\nclass Door:\n    def open(self):\n        self.ring()\n"
    "        return shop.settle([])\n\n    def ring(self):\n        unknown()\n",
    "broken.py": "def f(:\n",
}


@pytest.fixture(scope="module")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("repo")
    for name, text in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


@pytest.fixture(scope="module")
def built(repo: Path) -> Result:
    words = ["build", str(repo), "--workers", "1", "--no-cache", "--format", "json"]
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    return done


def ask(repo: Path, *words: str) -> list[dict[str, object]]:
    words = (*words, "--graph", str(repo / ".codeanatomy"), "--format", "json")
    done = CliRunner().invoke(cli, words)
    assert done.exit_code == 0, done.output
    rows: list[dict[str, object]] = json.loads(done.stdout)
    return rows


def test_report(built: Result) -> None:
    report = json.loads(built.stdout)
    assert report["files"] == 4
    assert report["extracted"] == 4
    assert report["new_snapshot"]
    assert report["nodes"]["FILE"] == 4
    assert report["call_sites"]["total"] == 4
    assert report["problems"]["syntax-error"] == 1
    assert report["seconds"] > 0
    assert report["peak_memory"] > 0
    assert "extract ..." in built.stderr


def test_unchanged_tree_and_summary(repo: Path, built: Result) -> None:
    done = CliRunner().invoke(cli, ["build", str(repo), "--workers", "1", "--no-cache"])
    assert done.exit_code == 0
    assert "nothing changed: snapshot kept" in done.stdout
    assert json.loads(built.stdout)["snapshot"] in done.stdout
    for word in ("files", "nodes", "edges", "call sites", "problems", "time", "peak memory"):
        assert f"\n{word}" in done.stdout


def test_callers_through_a_package(repo: Path, built: Result) -> None:
    (row,) = ask(repo, "callers", "pay")
    assert (row["caller"], row["callee"]) == ("shop.door.Door.open", "shop.till.pay")
    assert (row["path"], row["line"], row["certainty"]) == ("src/shop/door.py", 7, "certain")


def test_callees_of_a_method(repo: Path, built: Result) -> None:
    rows = ask(repo, "callees", "Door.open", "--depth", "2")
    assert [(r["depth"], r["callee"]) for r in rows] == [
        (1, "shop.door.Door.ring"),
        (1, "shop.till.pay"),
        (2, "json.dumps"),
    ]


def test_refs_defs_and_places(repo: Path, built: Result) -> None:
    assert {r["line"] for r in ask(repo, "refs", "shop.till.pay")} >= {1, 7}
    assert [r["path"] for r in ask(repo, "defs", "Door")] == ["src/shop/door.py"]
    targets = {r["target"] for r in ask(repo, "at", f"{repo}/src/shop/door.py:7")}
    assert "shop.till.pay" in targets
    problems = ask(repo, "show", "problems")
    assert ("broken.py", "syntax-error") in {(r["path"], r["code"]) for r in problems}
    (site,) = [r for r in ask(repo, "show", "unresolved") if r["what"] == "call"]
    assert (site["text"], site["line"]) == ("unknown", 10)


def test_callgraph(repo: Path, built: Result) -> None:
    done = CliRunner().invoke(cli, ["export", "callgraph", "--graph", str(repo / ".codeanatomy")])
    graph = json.loads(done.stdout)
    assert graph["shop.door.Door.open"] == ["shop.door.Door.ring", "shop.till.pay"]
    assert graph["shop.till.pay"] == ["json.dumps"]


def test_fresh_after_a_build(repo: Path, built: Result) -> None:
    with codeanatomy.open_graph(repo) as graph:
        assert not graph.freshness()


def test_dangling_nothing(repo: Path, built: Result) -> None:
    with codeanatomy.open_graph(repo) as graph:
        ids = set(graph.nodes["node_id"].to_pylist())
        assert len(ids) == graph.nodes.num_rows
        assert set(graph.edges["src"].to_pylist()) | set(graph.edges["dst"].to_pylist()) <= ids
        assert len(set(graph.edges["edge_id"].to_pylist())) == graph.edges.num_rows


def test_misuse_of_build(tmp_path: Path) -> None:
    done = CliRunner().invoke(cli, ["build", str(tmp_path / "none")])
    assert done.exit_code == 2
    assert "Traceback" not in done.output


def test_the_phases_of_the_compiler_can_be_read(tmp_path: Path) -> None:
    shown = CliRunner().invoke(cli, ["plan", str(tmp_path), "--ir"])
    assert shown.exit_code == 0
    check_golden("plan_ir.txt", shown.stdout)
    told = json.loads(
        CliRunner().invoke(cli, ["plan", str(tmp_path), "--ir", "--format", "json"]).stdout
    )
    assert list(told) == ["compiled", "inferred", "optimized", "emitted"]
    kept = set(told["compiled"]).difference(*told["optimized"].values())
    assert kept == set(told["emitted"])


def test_plan(tmp_path: Path) -> None:
    plan = json.loads(CliRunner().invoke(cli, ["plan", str(tmp_path), "--format", "json"]).stdout)
    views = {v["view"]: v for v in plan["views"]}
    assert {"nodes", "edges", "spans", "problems"} <= set(views)
    done: set[str] = set(plan["tables"])
    for view in plan["views"]:
        assert set(view["reads"]) <= done, f"{view['view']} runs before what it reads"
        done.add(view["view"])
    text = CliRunner().invoke(cli, ["plan", str(tmp_path)]).stdout
    assert all(f"\n  {name}  (" in text for name in views)
    dot = CliRunner().invoke(cli, ["plan", str(tmp_path), "--format", "dot"]).stdout
    assert dot.startswith("digraph plan {")
    assert '"edges" -> "edges_by_dst"' in dot
