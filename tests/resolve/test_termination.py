"""Inputs that make careless solvers run for ever, and equal input giving equal output."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from codeanatomy.extract.from_ast import WALK_DEPTH
from codeanatomy.extract.parse import deep
from codeanatomy.resolve.points import OBJECTS_PER_PLACE
from tests.resolve.solving import solve_texts, solved

LOOPS = [
    "import ext\nx = ext\nwhile x:\n    x = x.a.b\nx()",
    "class A: pass\nx = A()\nfor i in x:\n    x.y = x\n    x = x.y.y.y\nx()",
    "class A: pass\nA.__call__ = A()\nA()()",
    "class A(B): pass\nclass B(A): pass\nA().m()",
    "class A(A): pass\nA()",
    "def f(x):\n    return f(x)\nf(f)",
    "def f(x):\n    return g(x)\ndef g(y):\n    return f(y)\nf(g)()",
    "f = lambda f: f(f)\nf(f)",
    "def d(f):\n    return d(d)(f)\n@d\ndef g(): pass\ng()",
    "class A:\n    m = classmethod(classmethod(lambda c: c))\n    @m\n"
    "    def k(self): pass\nA.m().m()",
    "def f():\n    f.x = f\n    return f.x.x\nf()()()",
    "class A:\n    def __getattr__(self, n):\n        return self.n.n\n"
    "    def m(self):\n        super().m.m()",
]


@pytest.mark.parametrize("text", LOOPS)
def test_ends_in_few_rounds(text):
    assert solved(text).effort["rounds"] < 40


def test_wide_places_are_bounded_and_not_certain():
    text = "".join(f"def f{i}(): pass\n" for i in range(40)) + "def k(g):\n    g()\n"
    text += "".join(f"k(f{i})\n" for i in range(40))
    found = solved(text).ask("g()")
    assert len(found) == OBJECTS_PER_PLACE
    assert not any(x.endswith("!") for x in found)


def test_what_a_wide_place_has_no_room_for_is_told_and_is_no_target():
    text = "".join(f"def f{i}(): pass\n" for i in range(40)) + "def k(g):\n    g()\n"
    text += "".join(f"k(f{i})\n" for i in range(40))
    found = solved(text)
    dropped = found.tables["dropped_candidate"].to_pylist()
    assert {x["reason"] for x in dropped} == {"too many values"}
    names = [found.labels[x["target_file"], x["target"]] for x in dropped]
    assert len(names) == 40 - OBJECTS_PER_PLACE
    assert {*names, *found.ask("g()")} == {f"main.f{i}" for i in range(40)}


def test_nothing_is_copied_from_a_wide_place():
    text = "".join(f"def f{i}(): pass\n" for i in range(40)) + "def k(g):\n    return h(g)\n"
    text += "def h(g):\n    g()\n" + "k(" + " or ".join(f"f{i}" for i in range(40)) + ")\n"
    found = solved(text)
    assert found.ask("g()") == ["? too many values"]
    assert found.effort["wide"] == 1


def test_chains_of_operators_take_few_rounds():
    text = "class N:\n    def __add__(self, o):\n        return self\nx = N()\n"
    text += "".join(f"x = x + {i}\n" for i in range(300)) + "x.y()"
    assert solved(text).effort["rounds"] < 20


def test_long_chains_are_walked():
    assert solved("x = " + " + ".join(["f()"] * 900)).reasons  # needs no stack
    text = "if 0: pass\n" + "".join(f"elif x{i}: pass\n" for i in range(900))
    with deep(WALK_DEPTH):
        assert solved(text).reasons


def test_empty_repository():
    tables = solve_texts({}).tables
    assert [t.num_rows for t in tables.values()] == [0] * 5


DUMP = """
import hashlib, pathlib, sys
sys.path.insert(0, sys.argv[1])
from tests.resolve.solving import solved
here = pathlib.Path(sys.argv[1], "tests", "resolve")
text = "".join((here / name).read_text() for name in ("test_calls.py", "test_names.py"))
tables = solved(text, ask=(here / "solving.py").read_text()).tables
print(hashlib.sha256(repr([t.to_pydict() for t in tables.values()]).encode()).hexdigest())
"""


def test_independent_of_the_hash_seed():
    here = str(Path(__file__).parents[2])
    found = {
        subprocess.run(
            [sys.executable, "-c", DUMP, here],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(found) == 1
