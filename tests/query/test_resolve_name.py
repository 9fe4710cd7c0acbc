"""Which nodes a name means."""

from pathlib import Path

import pytest

from codeanatomy.query.graph import Graph
from codeanatomy.query.resolve_name import UnknownNameError
from tests.query.handmade import Handmade

TEXT = "def run(): pass\ndef run(): pass\nclass Box:\n    def run(self, value): pass\nvalue = 1\n"


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    hand = Handmade(tmp_path)
    top = hand.file("pkg/one.py", TEXT)
    hand.define("METHOD", "pkg.one.run", "pkg/one.py:1", "def run()", top)
    hand.define("METHOD", "pkg.one.run#2", "pkg/one.py:2", "def run()", top)
    hand.define("TYPE_DECL", "pkg.one.Box", "pkg/one.py:3", "class Box", top)
    run = hand.define("METHOD", "pkg.one.Box.run", "pkg/one.py:4", "def run(self, value)")
    hand.define("METHOD_PARAMETER_IN", "pkg.one.Box.run.value", "pkg/one.py:4", "value", run)
    hand.define("LOCAL", "pkg.one.value", "pkg/one.py:5", "value", top)
    other = hand.file("pkg/two.py", "def stop(): pass\ndef dumps(): pass\n")
    hand.define("METHOD", "pkg.two.stop", "pkg/two.py:1", "def stop()", other)
    hand.define("METHOD", "pkg.two.dumps", "pkg/two.py:2", "def dumps()", other)
    hand.external("json.dumps")
    hand.external("builtins.len")
    return hand.open()


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("pkg.two.stop", ["pkg.two.stop"]),
        ("two.stop", ["pkg.two.stop"]),
        ("stop", ["pkg.two.stop"]),
        ("pkg.one.run", ["pkg.one.run", "pkg.one.run#2"]),
        ("one.run", ["pkg.one.run", "pkg.one.run#2"]),
        ("one.run#1", ["pkg.one.run"]),
        ("one.run#2", ["pkg.one.run#2"]),
        ("Box.run", ["pkg.one.Box.run"]),
        ("pkg/one.py:run", ["pkg.one.run", "pkg.one.run#2"]),
        ("one.py:Box.run", ["pkg.one.Box.run"]),
        ("pkg/two.py", ["pkg.two"]),
        ("len", ["builtins.len"]),
        ("dumps", ["pkg.two.dumps"]),
        ("json.dumps", ["json.dumps"]),
    ],
)
def test_found(graph: Graph, name: str, found: list[str]) -> None:
    assert [s.qualified_name for s in graph.resolve(name)] == found


def test_several_are_listed(graph: Graph) -> None:
    with pytest.raises(UnknownNameError) as refusal:
        graph.resolve("run")
    assert "pkg.one.run " in str(refusal.value)
    assert "pkg.one.Box.run  pkg/one.py:4" in str(refusal.value)


def test_the_most_used_is_listed_first(tmp_path: Path) -> None:
    hand = Handmade(tmp_path)
    top = hand.file(
        "one.py", "class A:\n    def go(): pass\nclass B:\n    def go(): pass\nB.go()\n"
    )
    hand.define("METHOD", "one.A.go", "one.py:2", "def go()", top)
    used = hand.define("METHOD", "one.B.go", "one.py:4", "def go()", top)
    hand.call(top, "one.py:5", "B.go()", used)
    hand.external("game.go")
    with pytest.raises(UnknownNameError, match="any of 3") as refusal:
        hand.open().resolve("go")
    listed = str(refusal.value).splitlines()[1:]
    assert listed == ["  one.B.go  one.py:4", "  game.go", "  one.A.go  one.py:2"]


@pytest.mark.parametrize("name", ["stpo", "two.stopp", "pkg.tow.stop"])
def test_unknown_gets_the_nearest(graph: Graph, name: str) -> None:
    with pytest.raises(UnknownNameError, match=r"nearest are:\n(  .*\n)?  pkg\.two\.stop"):
        graph.resolve(name)


@pytest.mark.parametrize("name", ["", "'", "x'; DROP TABLE nodes", "..", "#2", ":", "zzzzzzzzzz"])
def test_nonsense_is_refused(graph: Graph, name: str) -> None:
    with pytest.raises(UnknownNameError):
        graph.resolve(name)


def test_number_that_does_not_exist(graph: Graph) -> None:
    with pytest.raises(UnknownNameError):
        graph.resolve("one.run#3")


def test_variables_only_when_asked(graph: Graph) -> None:
    with pytest.raises(UnknownNameError):
        graph.resolve("pkg.one.value")
    assert graph.resolve("pkg.one.value", variables=True)[0].kind == "LOCAL"
    (row,) = graph.defs("Box.run.value").to_pylist()
    assert (row["kind"], row["path"], row["line"]) == ("METHOD_PARAMETER_IN", "pkg/one.py", 4)
