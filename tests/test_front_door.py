"""`codeanatomy.build`: what it publishes, what it keeps, and what changes with what."""

import shutil
from pathlib import Path

import pytest

import codeanatomy
from codeanatomy import steps
from codeanatomy.engine.store import Store
from codeanatomy.facts import ids
from codeanatomy.facts.errors import CodeAnatomyError, StoreError, UsageError
from codeanatomy.report import BuildReport

FILES = {
    "pkg/__init__.py": "from pkg.shapes import Circle\n",
    "pkg/shapes.py": (
        "class Shape:\n    def area(self):\n        return 0\n\n\n"
        "class Circle(Shape):\n    def area(self):\n        return super().area()\n"
    ),
    "main.py": "from pkg import Circle\n\n\ndef run():\n    return Circle().area()\n\n\nrun()\n",
    "broken.py": "def f(:\n    pass\n\n\ndef g():\n    return 1\n",
}


@pytest.fixture
def repo(tmp_path: Path) -> Path:
    """A small repository with one broken file."""
    return write(tmp_path / "repo", FILES)


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def build(repo: Path, **options: object) -> BuildReport:
    return codeanatomy.build(repo, **{"workers": 1, "cache": False, **options})


def hashes(repo: Path) -> dict[str, str]:
    """Content hash of every table of the current snapshot."""
    snapshot = Store(repo / ".codeanatomy").open().current()
    return {name: table.content_hash for name, table in snapshot.tables.items()}


def node_ids(repo: Path) -> set[int]:
    with codeanatomy.open_graph(repo / ".codeanatomy") as graph:
        return set(graph.sql("SELECT node_id FROM cpg_nodes")["node_id"].to_pylist())


def test_unchanged_tree_extracts_and_publishes_nothing(repo: Path) -> None:
    first, second = build(repo), build(repo)
    assert (first.new_snapshot, second.new_snapshot) == (True, False)
    assert (first.extracted, second.extracted) == (4, 0)
    assert first.snapshot == second.snapshot
    assert first.call_sites == second.call_sites


def test_same_tree_elsewhere_and_other_workers_give_the_same_graph(
    repo: Path, tmp_path: Path
) -> None:
    build(repo)
    other = tmp_path / "deeper" / "elsewhere"
    shutil.copytree(repo, other, ignore=shutil.ignore_patterns(".codeanatomy"))
    build(other, workers=2)
    assert hashes(repo) == hashes(other)


def test_a_comment_at_the_top_changes_no_id(repo: Path) -> None:
    build(repo)
    before = node_ids(repo)
    path = repo / "pkg" / "shapes.py"
    path.write_text("# new\n" + path.read_text())
    build(repo)
    after = node_ids(repo)
    assert before < after
    assert len(after) == len(before) + 1


def test_an_edit_inside_a_function_changes_ids_of_that_function_only(repo: Path) -> None:
    build(repo)
    before = node_ids(repo)
    path = repo / "main.py"
    path.write_text(path.read_text().replace("Circle().area()", "Circle().area() + 1"))
    build(repo)
    with codeanatomy.open_graph(repo / ".codeanatomy") as graph:
        rows = graph.sql("SELECT node_id, path, kind, name FROM cpg_nodes").to_pylist()
    new = {(r["path"], r["kind"], r["name"]) for r in rows if r["node_id"] not in before}
    assert new == {("main.py", "CALL", "<operator>.addition"), ("main.py", "LITERAL", None)}
    assert before <= {r["node_id"] for r in rows}


def test_a_changed_file_gives_a_new_snapshot_and_keeps_the_rest(repo: Path) -> None:
    build(repo)
    before = hashes(repo)
    path = repo / "main.py"
    path.write_text(path.read_text() + "\nrun()\n")
    report = build(repo)
    assert report.new_snapshot
    changed = {name for name, value in hashes(repo).items() if value != before[name]}
    assert changed == {"edges", "edges_by_dst", "files", "nodes", "spans", "texts"}


def test_colliding_ids_are_found_and_end_the_build(
    repo: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ids, "LOW_MASK", (1 << 7) - 1)  # 128 ids per file: some must meet
    with pytest.raises(CodeAnatomyError, match=r"\d+ ids occur twice in nodes"):
        build(repo)


def test_a_broken_graph_is_never_published(repo: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(repo)
    before = hashes(repo)
    (repo / "main.py").write_text("x = 1\n")
    monkeypatch.setattr(steps, "EDGE_KINDS", steps.EDGE_KINDS[1:])
    with pytest.raises(CodeAnatomyError, match="unknown kinds in edges: AST"):
        build(repo)
    assert hashes(repo) == before
    monkeypatch.undo()
    monkeypatch.setattr(steps, "NODE_KINDS", steps.NODE_KINDS[1:])
    with pytest.raises(CodeAnatomyError, match="unknown kinds in nodes: FILE"):
        build(repo)


def test_misuse_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        build(tmp_path / "nowhere")
    with pytest.raises(StoreError, match="codeanatomy build"):
        codeanatomy.open_graph(tmp_path / "nothing")


def test_an_empty_repository_has_an_empty_graph(tmp_path: Path) -> None:
    report = build(tmp_path)
    assert (report.files, report.nodes, report.edges) == (0, {}, {})
