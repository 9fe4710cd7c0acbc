"""Emission's SSA agrees with the flow's def_use rows, but for what `agreement` has a rule for."""

from collections import Counter
from pathlib import Path
from textwrap import dedent

import pytest
from hypothesis import given, settings

import corpora
from codeanatomy.extract.parse import parse
from tests.extract.agreement import EXTRA, MISSED, NOT_COMPARED, Finding, counts, differences
from tests.extract.test_flow import LIBRARY, PROGRAMS, indented

AGREES = """\
def assigned(a):
    b = a
    if b:
        b = g(b)
    return b

def looped(a):
    b = None
    for a in a:
        if b:
            continue
        b = [b for b in a if b]
        while b := b.next:
            g(b)
    else:
        a = b
    return a, b

def tried(a):
    b = a
    try:
        b = g()
    except E as e:
        a = e
    except (F, G):
        return a
    else:
        b = a
    finally:
        a = g(b)
    return a, b

def starred(a):
    try:
        g(a)
    except* E:
        a = 1
    except* F:
        a = g(a)
    return a

def left_early(a):
    b = None
    try:
        if a:
            b = g()
            return b
        b = h()
    finally:
        b.close()

def told(a, b):
    if isinstance(a, str):
        if b:
            a = g()
            if isinstance(a, str):
                return a
        return a
    return isinstance(a, int) and a

def chosen(a, b):
    g((a := b and a), a)
    match a:
        case [b, *a] if g(b):
            pass
        case {"k": a, **b} | [a, _, b]:
            a, b = b, a
    return (a, b)

class Body:
    import a, b.c
    a = b = a + b
    del a

    def method(self, a=b):
        with a as b, b.c as (self, d):
            a += b
        return lambda self, *a, d=d, **k: (self, a, d, k)
"""


def test_a_sample_of_every_statement_agrees() -> None:
    uses, found = differences(AGREES.encode())
    assert uses > 50
    assert not found


# what differs: rule -> source, and each use that differs with the lines of the definitions
DIFFERENT: dict[str, tuple[str, list[Finding]]] = {
    "a `with` may swallow what `g` raises": (
        """
        def f(a):
            with a:
                a = g()
            return a
        """,
        [Finding(5, "a", "forgotten", (2,))],
    ),
    "the flow has one copy of `finally`": (
        """
        def f(a):
            try:
                a = g()
            finally:
                h(a)
            return a
        """,
        [Finding(7, "a", "forgotten", (2,))],
    ),
    "a `continue` meets `finally` on its way": (
        """
        def f(a):
            for b in a:
                try:
                    continue
                finally:
                    a = g(a)
        """,
        [Finding(7, "a", "jumped", (7,))],
    ),
    "only tests of loops are searched for `:=`": (
        """
        def f(a, b):
            while b:
                g(a)
                if (a := h()):
                    pass
        """,
        [Finding(4, "a", "looped", (5,))],
    ),
    "a loop begins where the name has no value": (
        """
        def f(a):
            while a:
                if g(a):
                    b = 1
                h(b)
                b = 2
        """,
        [Finding(6, "b", "unknown", (7,))],
    ),
    "the flow goes on where no `except*` matched": (
        """
        def f(a):
            try:
                a = g()
            except* E:
                a = None
            return a
        """,
        [Finding(7, "a", "starred", (2,))],
    ),
    "handlers see every definition of the body": (
        """
        def f(a):
            try:
                a = g()
            except E:
                h(a)
        """,
        [Finding(6, "a", "handled", (4,))],
    ),
    "a function inside may assign at any call": (
        """
        def f(a):
            def inner():
                nonlocal a
                a = 1
            inner()
            return a
        """,
        [Finding(7, "a", "whole", (5,))],
    ),
    "a name that is deleted has no value": (
        """
        def f(a):
            del a
            g(a)
        """,
        [Finding(4, "a", "whole", (2,))],
    ),
    "a `try` may end before it deletes": (
        """
        def f(a):
            try:
                del a
            finally:
                g(a)
        """,
        [Finding(6, "a", "deleted", (2,))],
    ),
    "what follows a jump is gone on from": (
        """
        def f(a):
            while a:
                a = g()
                try:
                    g()
                finally:
                    raise
                    g(a)
        """,
        [Finding(3, "a", "revived", (4,)), Finding(9, "a", "idle")],
    ),
    "no way leads to the definition": (
        """
        def f(a):
            if False:
                a = g()
            return a
        """,
        [Finding(5, "a", "dead", (4,))],
    ),
    "no way leads to the use": (
        """
        def f(a):
            return
            g(a)
        """,
        [Finding(4, "a", "idle")],
    ),
    "the name belongs to the scope around": (
        """
        def f(a):
            return lambda: a
        """,
        [Finding(3, "a", "outer")],
    ),
}


@pytest.mark.parametrize("why", DIFFERENT)
def test_what_differs_and_why(why: str) -> None:
    source, expected = DIFFERENT[why]
    assert differences(dedent(source).encode())[1] == expected


def unexplained(found: Counter[str]) -> Counter[str]:
    known = {"uses", *MISSED, *EXTRA, *NOT_COMPARED}
    return Counter({what: n for what, n in found.items() if what not in known})


def library(*names: str) -> list[bytes]:
    """The sources of these modules and packages."""
    paths = [p for name in names for p in (LIBRARY / name).rglob("*.py")]
    paths += [p for name in names if (p := LIBRARY / f"{name}.py").exists()]
    return [path.read_bytes() for path in sorted(paths)]


def test_a_part_of_the_standard_library_agrees() -> None:
    found = counts(library("asyncio", "json", "http", "dataclasses", "typing"))
    assert found["uses"] > 10_000
    assert not unexplained(found)
    assert sum(found[what] for what in (*MISSED, *EXTRA)) < 0.002 * found["uses"]


@settings(max_examples=60, deadline=None)
@given(PROGRAMS)
def test_emission_misses_nothing_in_any_program(lines: list[str]) -> None:
    source = "\n".join(["def f(a, b, c):", *indented(lines)]).encode()
    if parse(source).tree is not None:
        assert not counts([source])["missed"]


# source distribution -> uses, and how many differ by which rule
CORPORA = {
    "requests": {"uses": 5888, "forgotten": 2, "handled": 1, "whole": 1, "outer": 1376},
    "flask": {"uses": 8810, "forgotten": 1, "handled": 1, "whole": 4, "outer": 2562, "idle": 1},
    "click": {"uses": 15464, "forgotten": 10, "whole": 12, "outer": 4374},
    "rich": {"uses": 15454, "outer": 3551},
}


@pytest.mark.slow
@pytest.mark.parametrize("name", CORPORA)
def test_a_corpus_agrees(name: str) -> None:
    paths = sorted(Path(corpora.fetch(name)).rglob("*.py"))
    assert counts(path.read_bytes() for path in paths) == CORPORA[name]


@pytest.mark.slow
def test_the_standard_library_agrees() -> None:
    found = counts(path.read_bytes() for path in sorted(LIBRARY.glob("*.py")))
    found += counts(library("asyncio", "email", "http", "importlib", "json", "unittest", "xml"))
    assert found["uses"] > 100_000
    assert not unexplained(found)
    assert sum(found[what] for what in MISSED) < 0.0005 * found["uses"]
    assert sum(found[what] for what in EXTRA) < 0.002 * found["uses"]
