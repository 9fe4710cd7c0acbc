"""Definitions, parameters, imports, decorators, and how rows hang together."""

import pytest

from codeanatomy.facts.ids import ANNOTATION, MODULE_KEY
from tests.extract.evidence import body, mix_one, named, nodes, rows


def test_qualified_names_are_numbered() -> None:
    source = "def f():\n def g(): pass\n x = lambda: (lambda: 0)\nclass f:\n def g(self): pass\n"
    source += "def f(a=lambda: 1): pass\ny = lambda: 0\n"
    found = [(r["construct"], r["qualname"], r["name"]) for r in rows(source, "definition")]
    assert found == [
        ("Module", "", ""),
        ("FunctionDef", "f", "f"),
        ("FunctionDef", "f.g", "g"),
        ("Lambda", "f.<lambda1>", "<lambda1>"),
        ("Lambda", "f.<lambda1>.<lambda1>", "<lambda1>"),
        ("ClassDef", "f#2", "f"),
        ("FunctionDef", "f#2.g", "g"),
        ("FunctionDef", "f#3", "f"),
        ("Lambda", "<lambda1>", "<lambda1>"),
        ("Lambda", "<lambda2>", "<lambda2>"),
    ]


@pytest.mark.parametrize(
    ("source", "signature"),
    [
        ("def f(a, b=1, *c, d: int, **e) -> str: pass", "(a, b=1, *c, d: int, **e) -> str"),
        ("def f(): pass", "()"),
        ("async  def f (a,\n    b = (1, ')')): pass", "(a, b = (1, ')'))"),
        ("def f(a, # one (\n  b='#)'): pass", "(a, b='#)')"),
        ("def f(a={'x': [1]}): (2)", "(a={'x': [1]})"),
        ("x = lambda: 0", "()"),
        ("x = lambda a, b={1: ':'}: (a)", "(a, b={1: ':'})"),
        ("x = lambda a=lambda: 1: a", "(a=lambda: 1)"),
        ("class C: pass", None),
    ],
)
def test_signatures(source: str, signature: str | None) -> None:
    assert rows(source, "definition")[1]["signature"] == signature


def test_docstrings_and_flags() -> None:
    source = '"""M."""\nclass C:\n "C\\ud800"\n'
    source += 'async def f():\n "a" "b"\n yield\ndef g(): lambda: (yield)'
    found = rows(source, "definition")
    assert [r["docstring"] for r in found] == ["M.", "C\\ud800", "ab", None, None]
    assert [r["generator"] for r in found] == [False, False, True, False, True]
    assert [r["asynchronous"] for r in found] == [False, False, True, False, False]
    assert [r["name_bstart"] for r in found[1:3]] == [15, source.index("f()")]


def test_parents_and_containers() -> None:
    source = "@d\nclass C(b):\n @e\n def m(self, p: t = v) -> r:\n  if x: y\nz\n"
    places = nodes(source)
    by_text = {places[r["node"]]: r for r in rows(source, "syntax")}  # type: ignore[index]
    c, m = named("ClassDef", "C"), named("FunctionDef", "C.m")
    p = rows(source, "parameter")[1]
    module = body(MODULE_KEY)
    hung = {text: (row["parent"], row["container"], row["role"]) for text, row in by_text.items()}
    assert hung["d"] == (c, module, "ClassDef.decorator_list")
    assert hung["b"] == (c, module, "ClassDef.bases")
    assert hung["e"] == (m, body(c), "FunctionDef.decorator_list")
    assert hung["t"] == (p["node"], body(c), "arg.annotation")
    assert hung["v"] == (m, body(c), "FunctionDef.defaults")
    assert hung["r"] == (m, body(c), "FunctionDef.returns")
    assert hung["if x: y"] == (m, m, "FunctionDef.body")
    assert hung["y"] == (by_text["if x: y"]["node"], m, "If.body")
    assert hung["z"] == (module, module, "Module.body")
    definitions = rows(source, "definition")
    assert [(r["parent"], r["container"]) for r in definitions] == [
        (None, None),
        (module, module),
        (body(c), body(c)),
    ]
    assert [r["position"] for r in definitions] == [0, 0, 0]


def test_positions_follow_the_source() -> None:
    source = "@d\ndef f(a, b=1) -> r: s; t\n{k: v, **w}\nx if y else z"
    places = nodes(source)
    order = {places[r["node"]]: r["position"] for r in rows(source, "syntax")}  # type: ignore[index]
    assert [order[x] for x in ("d", "r", "s", "t")] == [0, 4, 5, 6]
    assert [order[x] for x in "kvw"] == [0, 1, 2]
    assert [order[x] for x in "xyz"] == [0, 1, 2]


def test_parameters() -> None:
    found = rows("def f(a, /, b, *c, d, **e): pass\nlambda g: 0", "parameter")
    assert [(r["name"], r["passing"], r["position"]) for r in found] == [
        ("a", "positional_only", 0),
        ("b", "positional", 1),
        ("c", "vararg", 2),
        ("d", "keyword_only", 3),
        ("e", "kwarg", 4),
        ("g", "positional", 0),
    ]


def test_imports() -> None:
    source = "import a.b, c as d\nfrom ..e import f as g, h\nfrom . import i\nfrom j import *"
    columns = ("name", "module", "level", "imported", "renamed")
    assert [tuple(r[c] for c in columns) for r in rows(source, "import_alias")] == [
        ("a", "a.b", 0, None, False),
        ("d", "c", 0, None, True),
        ("g", "e", 2, "f", True),
        ("h", "e", 2, "h", False),
        ("i", "", 1, "i", False),
        ("*", "j", 0, "*", False),
    ]


def test_decorators() -> None:
    source = "@a.b(1)\n@c\n@d[0].e\ndef f(): pass"
    found = rows(source, "decorator")
    assert [r["name"] for r in found] == ["a.b", "c", "d.e"]
    assert all(r["decorated"] == named("FunctionDef", "f") for r in found)
    written = [r for r in rows(source, "syntax") if r["role"] == "FunctionDef.decorator_list"]
    keys = [mix_one(r["node"], ANNOTATION) for r in written]  # type: ignore[arg-type]
    assert [r["node"] for r in found] == keys


def test_literals_and_operators() -> None:
    source = "x = 'a' + b'b' * 1.5 - 2j\n1 < y <= None\nnot ...\nz //= " + hex(10**5000)
    assert [(r["type"], r["value"]) for r in rows(source, "literal")] == [
        ("str", "'a'"),
        ("bytes", "b'b'"),
        ("float", "1.5"),
        ("complex", "2j"),
        ("int", "1"),
        ("None", "None"),
        ("Ellipsis", "Ellipsis"),
        ("int", hex(10**5000)[:200]),
    ]
    operators = [r["construct"] for r in rows(source, "syntax") if "." in str(r["construct"])]
    assert operators == [
        *("BinOp.Sub", "BinOp.Add", "BinOp.Mult", "Compare.Lt", "UnaryOp.Not"),
        "AugAssign.FloorDiv",
    ]


def test_comments_between_the_pieces_of_a_literal() -> None:
    source = (
        "x = ('a # no'  # one\n  f'{1}#'  # two # still\n)\ndef f():\n  y = '''\n # no\n'''  # f\n"
    )
    found = rows(source, "comment")
    assert [(r["line"], r["text"]) for r in found] == [
        (1, "# one"),
        (2, "# two # still"),
        (7, "# f"),
    ]
    assert [r["parent"] for r in found] == [body(MODULE_KEY)] * 2 + [named("FunctionDef", "f")]
