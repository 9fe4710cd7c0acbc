"""The exported call graph and its conventions."""

from collections.abc import Callable
from pathlib import Path

from codeanatomy.query.graph import Graph
from tests.query.handmade import Handmade


def test_names(tmp_path: Path) -> None:
    hand = Handmade(tmp_path)
    text = "class C:\n    class D: f(); g()\ndef f(): pass\n"
    top = hand.file("m.py", text)
    outer = hand.define("METHOD", "m.C#2.<body>", "m.py:1", "class C", top)
    inner = hand.define("METHOD", "m.C#2.D.<body>", "m.py:2", "class D", outer)
    f = hand.define("METHOD", "m.C#2.f#3", "m.py:3", "def f", top)
    hand.define("METHOD", "m.f.<lambda1>", "m.py:3", "pass", f)
    hand.call(inner, "m.py:2", "f()", f)
    names = ("len", "str.join", "int.bit_length", "object.__init__", "property", "")
    things = [hand.external(f"builtins.{name}".rstrip(".")) for name in names]
    hand.call(inner, "m.py:2", "g()", *things, hand.external("json.dumps"))
    called = ["<builtin>.len", "<builtin>.object.__init__", "<num>.bit_length", "<str>.join"]
    assert hand.open().callgraph() == {
        "m": [*called, "builtins", "json.dumps", "m.C.f"],
        "m.C.f": [],
        "m.f.<lambda1>": [],
    }


def test_graph(tmp_path: Path) -> None:
    hand = Handmade(tmp_path)
    top = hand.file("m.py", "class C:\n    x = f()\n    def __init__(self): len()\ndef f(): C()\n")
    cls = hand.define("TYPE_DECL", "m.C", "m.py:1", "class C", top)
    body = hand.define("METHOD", "m.C.<body>", "m.py:1", "class C", top)
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
