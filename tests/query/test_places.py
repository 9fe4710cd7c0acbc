"""What stands at a place; definitions and references."""

from pathlib import Path

import pytest

from codeanatomy.facts.errors import UsageError
from codeanatomy.query.about import about_of
from codeanatomy.query.graph import Graph
from tests.query.handmade import Handmade

TEXT = "def f():\n    pass\n\nälter = f  # é\nf(lost(1))\n"


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    hand = Handmade(tmp_path)
    top = hand.file("pkg/m.py", TEXT)
    hand.file("other/m.py", "x\n")
    f = hand.define("METHOD", "pkg.m.f", "pkg/m.py:1", "def f():\n    pass", top)
    hand.ref(top, "pkg/m.py:4", "f", f)
    hand.call(top, "pkg/m.py:5", "f(lost(1))", f)
    hand.ref(top, "pkg/m.py:5", "f", f, certainty="possible")
    hand.call(top, "pkg/m.py:5", "lost(1)")
    return hand.open()


def test_line(graph: Graph) -> None:
    rows = graph.at("pkg/m.py", 5).to_pylist()
    assert [(r["kind"], r["column"], r["relation"], r["target"], r["reason"]) for r in rows] == [
        ("IDENTIFIER", 1, "REF", "pkg.m.f", None),
        ("CALL", 1, "CALL", "pkg.m.f", None),
        ("CALL", 3, None, None, "unknown receiver"),
    ]
    assert (rows[0]["target_path"], rows[0]["target_line"]) == ("pkg/m.py", 1)
    about = about_of(graph.at("pkg/m.py", 5))
    assert (about.possible, about.unresolved) == (1, 1)


def test_columns_are_characters(graph: Graph) -> None:
    first, *around = graph.at("pkg/m.py", 4, 9).to_pylist()
    assert (first["kind"], first["column"], first["text"]) == ("IDENTIFIER", 9, "f")
    assert [r["kind"] for r in around] == ["METHOD", "NAMESPACE_BLOCK"]
    assert first["bstart"] == TEXT.encode().index(b"f  #")


def test_line_where_nothing_starts_is_inside_something(graph: Graph) -> None:
    assert graph.at("pkg/m.py", 2)["name"].to_pylist()[0] == "pkg.m.f"


def test_path_as_a_person_gives_it(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    repo = graph.facts.folder(graph.store)
    monkeypatch.chdir(repo / "pkg")
    expected = graph.at("pkg/m.py", 5).to_pylist()
    for path in ("m.py", "./m.py", "../pkg/m.py", str(repo / "pkg" / "m.py")):
        assert graph.at(path, 5).to_pylist() == expected


@pytest.mark.parametrize(
    ("path", "line", "column", "told"),
    [
        ("none.py", 1, None, "no file 'none.py'"),
        ("m.py", 1, None, "may mean any of 2 files"),
        ("pkg/m.py", 99, None, "no line 99"),
        ("pkg/m.py", 0, None, "no line 0"),
        ("pkg/m.py", 1, 99, "no column 99"),
    ],
)
def test_places_that_are_not(
    graph: Graph, path: str, line: int, column: int | None, told: str
) -> None:
    with pytest.raises(UsageError, match=told):
        graph.at(path, line, column)


def test_definition(graph: Graph) -> None:
    (row,) = graph.defs("f").to_pylist()
    assert (row["name"], row["kind"], row["path"], row["line"]) == (
        "pkg.m.f",
        "METHOD",
        "pkg/m.py",
        1,
    )


def test_references(graph: Graph) -> None:
    rows = graph.refs("f").to_pylist()
    assert [(r["line"], r["name"], r["inside"], r["certainty"]) for r in rows] == [
        (4, "f", "pkg.m.<module>", "certain"),
        (5, "f", "pkg.m.<module>", "possible"),
    ]
    assert graph.refs("f", certain=True).num_rows == 1
