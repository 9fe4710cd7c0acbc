"""The exported call graph and its conventions."""

from collections.abc import Callable
from pathlib import Path

import pytest

from codeanatomy.query.callgraph import external_name, folded_scope
from codeanatomy.query.graph import Graph
from tests.query.handmade import Handmade

SCOPES = {
    "m.<module>",
    "m.f",
    "m.f.C.<body>",
    "m.C.<body>",
    "m.C.D.<body>",
    "m.C.D.g#2",
    "m.C#2.<body>",
}


@pytest.mark.parametrize(
    ("name", "folded"),
    [
        ("m.<module>", "m"),
        ("m.f", "m.f"),
        ("m.f.C.<body>", "m.f"),
        ("m.C.<body>", "m"),
        ("m.C.D.<body>", "m"),
        ("m.C.D.g#2", "m.C.D.g"),
        ("m.C#2.<body>", "m"),
        ("pkg/odd#1.py.<module>", "pkg/odd.py"),
        ("m.f.<lambda1>", "m.f.<lambda1>"),
    ],
)
def test_callers_are_scopes(name: str, folded: str) -> None:
    assert folded_scope(name, SCOPES) == folded


@pytest.mark.parametrize(
    ("symbol", "name"),
    [
        ("builtins.len", "<builtin>.len"),
        ("builtins.str.join", "<str>.join"),
        ("builtins.int.bit_length", "<num>.bit_length"),
        ("builtins.object.__init__", "<builtin>.object.__init__"),
        ("json.dumps", "json.dumps"),
        ("builtins", "builtins"),
    ],
)
def test_external_names(symbol: str, name: str) -> None:
    assert external_name(symbol) == name


def test_graph(tmp_path: Path) -> None:
    hand = Handmade(tmp_path)
    top = hand.file("m.py", "class C:\n    x = f()\n    def __init__(self): len()\ndef f(): C()\n")
    cls = hand.define("TYPE_DECL", "m.C", "m.py:1", "class C", top)
    body = hand.define("METHOD", "m.C.<body>", "m.py:1", "class C")
    init = hand.define("METHOD", "m.C.__init__", "m.py:3", "def __init__(self): len()", body)
    f = hand.define("METHOD", "m.f", "m.py:4", "def f(): C()", top)
    hand.call(body, "m.py:2", "f()", f, certainty="possible")
    hand.call(init, "m.py:3", "len()", hand.external("builtins.len"))
    hand.call(f, "m.py:4", "C()", cls, init)
    graph = hand.open()
    assert graph.callgraph() == {
        "m": ["m.f"],
        "m.C.__init__": ["<builtin>.len"],
        "m.f": ["m.C.__init__"],
    }
    assert graph.callgraph(certain=True)["m"] == []


def test_a_decorator_is_a_call_of_the_scope_around(cpg: Callable[..., Graph]) -> None:
    plain = "def d(f):\n    return f\n@d\ndef g(): pass\n"
    found = cpg(plain + "class C:\n    @staticmethod\n    @d\n    def m(): pass\n").callgraph()
    assert found == {"main": ["main.d"], "main.C.m": [], "main.d": [], "main.g": []}
