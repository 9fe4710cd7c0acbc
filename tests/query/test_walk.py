"""Callers and callees: places, depth, cycles, certainty, what was missed."""

from pathlib import Path

import pytest

from codeanatomy.facts.errors import UsageError
from codeanatomy.query.about import about_of, sentence
from codeanatomy.query.graph import Graph
from tests.query.handmade import Handmade

TEXT = """\
def a(): b()
def b(): c(); c()
def c(): a()
class C:
    x = c()
    def __init__(self): b()
C()
unknown.c()
"""


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    hand = Handmade(tmp_path)
    top = hand.file("m.py", TEXT)
    a = hand.define("METHOD", "m.a", "m.py:1", "def a(): b()", top)
    b = hand.define("METHOD", "m.b", "m.py:2", "def b(): c(); c()", top)
    c = hand.define("METHOD", "m.c", "m.py:3", "def c(): a()", top)
    cls = hand.define("TYPE_DECL", "m.C", "m.py:4", "class C", top)
    body = hand.define("METHOD", "m.C.<body>", "m.py:4", "class C")
    init = hand.define("METHOD", "m.C.__init__", "m.py:6", "def __init__", body)
    hand.call(a, "m.py:1", "b()", b)
    hand.call(b, "m.py:2", "c()", c)
    hand.call(b, "m.py:2", "c(); c()", c, certainty="possible")
    hand.call(c, "m.py:3", "a()", a)
    hand.call(body, "m.py:5", "c()", c)
    hand.call(init, "m.py:6", "b()", b)
    hand.call(top, "m.py:7", "C()", cls, init)
    hand.call(top, "m.py:8", "unknown.c()")
    return hand.open()


def told(rows: list[dict[str, object]]) -> list[tuple[object, ...]]:
    return [(r["caller"], r["callee"], r["line"], r["certainty"]) for r in rows]


def test_callers(graph: Graph) -> None:
    assert told(graph.callers("m.c").to_pylist()) == [
        ("m.b", "m.c", 2, "certain"),
        ("m.b", "m.c", 2, "possible"),
        ("m.C.<body>", "m.c", 5, "certain"),
    ]


def test_row_has_place_and_evidence(graph: Graph) -> None:
    (row,) = graph.callers("a").to_pylist()
    start = TEXT.index("a()", TEXT.index("def c"))
    assert (row["path"], row["line"], row["bstart"], row["bend"]) == ("m.py", 3, start, start + 3)
    assert row["evidence"] == ["ast", "hand"]
    assert row["confidence"] == 1.0
    assert row["origin"] == "hand"


def test_certain_only(graph: Graph) -> None:
    assert len(graph.callers("m.c", certain=True)) == 2


def test_callers_of_a_class_construct_it(graph: Graph) -> None:
    assert told(graph.callers("C").to_pylist()) == [("m.<module>", "m.C", 7, "certain")]


def test_depth_follows_a_cycle_once(graph: Graph) -> None:
    rows = graph.callers("m.a", depth=9).to_pylist()
    assert [(r["depth"], r["caller"], r["callee"]) for r in rows] == [
        (1, "m.c", "m.a"),
        (2, "m.b", "m.c"),
        (2, "m.b", "m.c"),
        (2, "m.C.<body>", "m.c"),
        (3, "m.a", "m.b"),
        (3, "m.C.__init__", "m.b"),
        (4, "m.<module>", "m.C.__init__"),
    ]
    assert rows[-1]["chain"] == ["m.<module>", "m.C.__init__", "m.b", "m.c", "m.a"]


def test_callees_with_depth(graph: Graph) -> None:
    rows = graph.callees("m.a", depth=2).to_pylist()
    assert [(r["depth"], r["callee"]) for r in rows] == [(1, "m.b"), (2, "m.c"), (2, "m.c")]
    assert rows[-1]["chain"] == ["m.a", "m.b", "m.c"]


def test_callees_of_a_class_are_those_of_its_code(graph: Graph) -> None:
    assert {(r["caller"], r["callee"]) for r in graph.callees("C").to_pylist()} == {
        ("m.C.<body>", "m.c"),
        ("m.C.__init__", "m.b"),
    }
    assert {r["caller"] for r in graph.callees("m.C.<body>").to_pylist()} == {"m.C.<body>"}


def test_module_body(graph: Graph) -> None:
    callees = [r["callee"] for r in graph.callees("m.<module>").to_pylist()]
    assert callees == ["m.C", "m.C.__init__"]


def test_statement_counts_what_is_doubtful_and_missed(graph: Graph) -> None:
    about = about_of(graph.callers("m.c", limit=1))
    assert (about.rows, about.shown, about.possible, about.unresolved) == (3, 1, 1, 1)
    assert about_of(graph.callees("m.<module>")).unresolved == 1
    assert about_of(graph.callees("m.a")).unresolved == 0
    told = sentence(about)
    assert "main@0123456789 with uncommitted changes" in told
    assert "1 possible and 1 unresolved call sites of that name (c)" in told
    assert "first 1 of 3 rows shown" in told


def test_depth_counts_from_one(graph: Graph) -> None:
    with pytest.raises(UsageError, match="depth 0"):
        graph.callers("m.a", depth=0)
