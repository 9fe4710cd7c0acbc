"""Calls through classes, flow, decorators."""

import pytest

from tests.resolve.solving import solved


def test_constructor_is_init_or_the_class():
    world = solved(
        "class A: pass\nclass B(A):\n    def __init__(self): pass\nclass C(B): pass\nA()\nC()"
    )
    assert world.ask("A()") == ["main.A!"]
    assert world.ask("C()") == ["main.B.__init__!"]


def test_self_method_through_the_bases():
    world = solved(
        "class A:\n    def m(self): pass\nclass B(A):\n    def k(self):\n        self.m()"
    )
    assert world.ask("self.m()") == ["main.A.m!"]
    assert world.ask("self.m", "attribute") == ["main.A.m!"]


def test_overrides_are_possible():
    world = solved(
        "class A:\n    def m(self): pass\n    def k(self):\n        self.m()\n"
        "class B(A):\n    def m(self): pass"
    )
    assert world.ask("self.m()") == ["main.A.m", "main.B.m"]
    rows = {
        r["rule"]: r["confidence"]
        for rows in world.found.values()
        for r in rows
        if r["what"] == "call"
    }
    assert rows["override"] < rows["method"] < 1


def test_a_mixin_before_the_class_overrides():
    world = solved(
        "class A:\n    def m(self): pass\n    def k(self):\n        self.m()\n"
        "class X:\n    def m(self): pass\nclass B(X, A): pass"
    )
    assert world.ask("self.m()") == ["main.A.m", "main.X.m"]


def test_an_exact_instance_has_no_overrides():
    world = solved(
        "class A:\n    def m(self): pass\nclass B(A):\n    def m(self): pass\nx = A()\nx.m()"
    )
    assert world.ask("x.m()") == ["main.A.m!"]


def test_c3_order():
    world = solved(
        "class O:\n    def m(self): pass\nclass A(O): pass\nclass B(O):\n    def m(self): pass\n"
        "class C(A, B): pass\nC().m()"
    )
    assert world.ask("C().m()") == ["main.B.m!"]


def test_super():
    text = (
        "class A:\n    def m(self): pass\nclass B(A):\n    def m(self):\n        super().m()\n"
        "        super(B, self).m()"
    )
    world = solved(text)
    assert world.ask("super().m()") == ["main.A.m!"]
    assert world.ask("super(B, self).m()") == ["main.A.m!"]


def test_super_in_a_diamond_is_possible():
    text = (
        "class O:\n    def m(self): pass\nclass A(O):\n    def m(self):\n        super().m()\n"
        "class B(O):\n    def m(self): pass\nclass C(A, B): pass"
    )
    assert solved(text).ask("super().m()") == ["main.B.m", "main.O.m"]


def test_static_and_class_methods():
    text = (
        "class A:\n    @staticmethod\n    def s(x): pass\n    @classmethod\n    def c(cls):\n"
        "        cls.s(1)\n        return cls()\nA.s(1)\nA().s(1)\nA.c()"
    )
    world = solved(text)
    assert world.ask("cls.s(1)") == ["main.A.s!"]
    assert world.ask("A.s(1)") == ["main.A.s!"]
    assert world.ask("A().s(1)") == ["main.A.s!"]
    assert world.ask("A.c()") == ["main.A.c!"]
    assert world.ask("cls()") == ["main.A!"]


def test_methods_of_an_external_base():
    world = solved(
        "import unittest\nclass T(unittest.TestCase):\n    def t(self):\n        self.fail()"
    )
    assert world.ask("self.fail()") == ["unittest.TestCase.fail!"]


@pytest.mark.parametrize(
    ("text", "targets"),
    [
        ("g = f\ng()", ["main.f!"]),
        ("g = f if 1 else h\ng()", ["main.f", "main.h"]),
        ("g = f or h\ng()", ["main.f", "main.h"]),
        ("def k(g):\n    g()\nk(f)", ["main.f"]),
        ("def k(*, g):\n    g()\nk(g=f)", ["main.f"]),
        ("def k(g=f):\n    g()", ["main.f"]),
        ("def k():\n    return f\ng = k()\ng()", ["main.f!"]),
        ("def k(x):\n    return x\ng = k(f)\ng()", ["main.f!"]),
        ("if 1:\n    g = f\nelse:\n    g = h\ng()", ["main.f", "main.h"]),
        ("g = f\nif not h:\n    g = h\n    raise h\ng()", ["main.f!"]),
        ("for _ in []:\n    g = f\ng()", ["main.f!"]),
        ("g = f\nwhile h:\n    g()\n    g = h", ["main.f", "main.h"]),
        ("g, x = f, h\ng()", ["main.f!"]),
        ("if (g := f):\n    g()", ["main.f!"]),
        ("g = f\ng = h\ng()", ["main.h!"]),
        ("g = [f]\ng = g[0]\ng()", ["main.f!"]),
    ],
)
def test_local_flow(text, targets):
    assert solved("def f(): pass\ndef h(): pass\n" + text).ask("g()") == targets


def test_arguments_do_not_mix_in_functions_that_return_them():
    text = "def k(x):\n    return x\ndef f(): pass\ndef g(): pass\nk(f)()\nk(g)()"
    world = solved(text)
    assert world.ask("k(f)()") == ["main.f!"]
    assert world.ask("k(g)()") == ["main.g!"]
    nested = solved("def i(x):\n    return x\n" + text.replace("return x", "return i(x)", 1))
    assert nested.ask("k(f)()") == ["main.f!"]


def test_instance_attributes():
    world = solved(
        "class C:\n    def m(self): pass\nclass D:\n    def __init__(self):\n        self.x = C()\n"
        "    def k(self):\n        self.x.m()\nD().x.m()"
    )
    assert world.ask("self.x.m()") == ["main.C.m!"]
    assert world.ask("D().x.m()") == ["main.C.m!"]
    assert world.ask("self.x", "attribute", nth=1) == ["main.D:x!"]


def test_an_attribute_that_may_be_set_from_elsewhere_is_possible():
    text = (
        "class C:\n    def m(self): pass\nclass D:\n    def __init__(self):\n        self.x = C()\n"
        "    def k(self):\n        self.x.m()\ndef z(d):\n    d.x = 1"
    )
    assert solved(text).ask("self.x.m()") == ["main.C.m"]


def test_class_attributes():
    world = solved("class A: pass\nclass B:\n    a = A\n    def k(self):\n        self.a()\nB.a()")
    assert world.ask("self.a()") == ["main.A!"]
    assert world.ask("B.a", "attribute") == ["main.B:a!"]


def test_decorators():
    text = (
        "import functools, ext\ndef d(f):\n    def w():\n        f()\n    return w\n"
        "def i(f):\n    return f\n@d\ndef a(): pass\n@i\ndef b(): pass\n"
        "@functools.lru_cache(maxsize=1)\ndef c(): pass\n@ext.d\ndef e(): pass\na()\nb()\nc()\ne()"
    )
    world = solved(text)
    assert world.ask("a()") == ["main.d.w!"]
    assert world.ask("b()") == ["main.b!"]
    assert world.ask("c()") == ["main.c!"]
    assert world.ask("e()") == ["main.e"]
    assert world.ask("f()") == ["main.a"]
    assert world.ask("d", "decorator", nth=0) == ["main.d!"]
    assert world.ask("functools.lru_cache(maxsize=1)", "decorator") == ["functools.lru_cache!"]


def test_a_class_decorated_by_an_instance_keeps_its_methods():
    text = (
        "class D:\n    def __call__(self, c):\n        return self.k(c)\n    def k(self, c):\n"
        "        return c\n@D()\nclass A:\n    def m(self): pass\n@D()\nclass X:\n"
        "    def m(self): pass\n"
        "class B(A):\n    def t(self):\n        self.m()"
    )
    assert [x.rstrip("!") for x in solved(text).ask("self.m()")] == ["main.A.m"]


def test_lambdas_and_returned_closures():
    world = solved(
        "f = lambda x: x()\ndef g(): pass\nf(g)\ndef k():\n    def i(): pass\n    return i\nk()()"
    )
    assert world.ask("f(g)") == ["main.<lambda>!"]
    assert world.ask("x()") == ["main.g"]
    assert world.ask("k()()") == ["main.k.i!"]


def test_bases():
    world = solved("import ext\nfrom a import A\nclass B(A, ext.C): pass", a="class A: pass")
    assert world.ask("A", "base") == ["a.A!"]
    assert world.ask("ext.C", "base") == ["ext.C!"]


def test_a_call_of_a_property_value_is_not_the_property():
    text = "class A:\n    @property\n    def p(self): pass\n    def k(self):\n        self.p()"
    world = solved(text)
    assert world.ask("self.p()") == ["? attribute is not found"]
    assert world.ask("self.p", "attribute") == ["main.A.p!"]


def test_every_call_is_answered_or_has_a_reason():
    world = solved("def f(x):\n    x.a().b[0](y for y in x())\n    return {f(1): [f(2)]}[f(3)]")
    rows = world.tables
    asked = [
        r for t in ("target", "unanswered") for r in rows[t].to_pylist() if r["what"] == "call"
    ]
    assert len(asked) == 6


def test_a_stored_attribute_is_not_one_of_the_external_base():
    text = (
        "import ext\nclass A: pass\nclass T(ext.T):\n    def s(self):\n        self.x = A()\n"
        "    def t(self):\n        self.x\n        self.y"
    )
    world = solved(text)
    assert world.ask("self.y", "attribute") == ["ext.T.y!"]
    assert world.ask("self.x", "attribute", nth=1) == ["main.T:x!"]


def test_a_class_below_one_with_an_unknown_base_keeps_its_order():
    text = "class D(C):\n    def t(self):\n        self.m()\n        self.k()\n"
    world = solved("from a import C\n" + text, a="class C(nope()):\n    def m(self): pass")
    assert world.ask("self.m()") == ["a.C.m!"]
    assert world.ask("self.k()") == ["? unknown base class"]


def test_a_subscripted_base_is_its_class():
    world = solved("import typing\nclass A(typing.Generic[int]): pass\nclass B(A[str]): pass")
    assert world.ask("A[str]", "base") == ["main.A!"]
    assert world.ask("typing.Generic[int]", "base") == ["typing.Generic!"]
