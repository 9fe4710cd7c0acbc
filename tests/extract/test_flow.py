"""The flow against slow textbook definitions, on real files and on hostile ones."""

import sys
import sysconfig
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeanatomy.extract.flow import Flow, ways
from codeanatomy.extract.flow.blocks import ESCAPE, Blocks
from codeanatomy.extract.flow.parts import Parts
from codeanatomy.extract.forest import Forest
from codeanatomy.extract.from_ast import WALK_DEPTH, AstCollector
from codeanatomy.extract.parse import parse
from codeanatomy.extract.scopes import Scopes

LIBRARY = Path(sysconfig.get_paths()["stdlib"])
FEW = ("bisect.py", "contextlib.py", "json/decoder.py", "socket.py", "subprocess.py", "zipfile.py")


def read(*sources: bytes) -> tuple[Forest, Scopes]:
    collector = AstCollector()
    for ordinal, source in enumerate(sources):
        assert collector.add(ordinal, parse(source))
    forest = collector.forest()
    return forest, Scopes(forest)


def on_every_way(count: int, root: int, before: Sequence[Iterable[int]]) -> list[set[int]]:
    """By block, the blocks that every way from the root to it passes, by iteration of sets."""
    found = [set(range(count)) for _ in range(count)]
    found[root] = {root}
    changed = True
    while changed:
        changed = False
        for block in range(count):
            into = [found[b] for b in before[block]]
            if block == root or not into:
                continue
            new = set.intersection(*into) | {block}
            changed |= new != found[block]
            found[block] = new
    return found


def nearest(around: list[set[int]], block: int) -> int:
    return max(around[block] - {block}, key=lambda b: len(around[b]), default=block)


def reached(root: int, after: dict[int, list[int]]) -> set[int]:
    found, todo = {root}, [root]
    while todo:
        for block in after[todo.pop()]:
            if block not in found:
                found.add(block)
                todo.append(block)
    return found


def compare(forest: Forest, scopes: Scopes) -> int:
    """Number of definitions whose dominators, control and reaching bindings were compared."""
    blocks = Blocks(Parts(forest, scopes))
    edges = np.unique(np.array(blocks.edges, np.int64).reshape(-1, 3), axis=0)
    src, dst, way = edges.T
    entries, exits = np.array(blocks.first[:-1]), np.array(blocks.first[1:]) - 1
    idom = ways.dominators(src, dst, entries, blocks.count)
    kept = ways.leading_out(src, dst, way, idom)
    ipdom = ways.dominators(dst[kept], src[kept], exits, blocks.count)
    rows = zip(*ways.controls(src[kept], dst[kept], way[kept], ipdom), strict=True)
    control = defaultdict(set)
    for block, by, how in rows:
        control[int(by)].add((int(block), int(by), int(how)))
    reaching_by_walking(forest, scopes, blocks)
    compared = 0
    for first, end in zip(blocks.first, blocks.first[1:], strict=False):
        here = [(int(s - first), int(d - first), int(w)) for s, d, w in edges if first <= s < end]
        count = end - first
        after: dict[int, list[int]] = defaultdict(list)
        for source, target, _ in here:
            after[source].append(target)
        alive = reached(0, after)
        before = [[s for s, d, _ in here if d == b and s in alive] for b in range(count)]
        around = on_every_way(count, 0, before)
        for block in range(count):
            wanted = nearest(around, block) + first if block in alive else ways.NONE
            assert idom[first + block] == wanted
        assert all(d in around[s] for s, d, _ in here if d <= s and s in alive)  # reducible
        plain = {s for s, _, w in here if w != ESCAPE}
        out = [(s, d, w) for s, d, w in here if s in alive and (w != ESCAPE or s not in plain)]
        back: dict[int, list[int]] = defaultdict(list)
        onward: list[list[int]] = [[] for _ in range(count)]
        for source, target, _ in out:
            back[target].append(source)
            onward[source].append(target)
        leaving = reached(count - 1, back)  # all but endless loops
        below = on_every_way(count, count - 1, onward)
        told = set()
        for block in alive:
            if block not in leaving:
                below[block] = {block}
            wanted = nearest(below, block) + first if block in leaving else ways.NONE
            assert ipdom[first + block] == wanted
            told |= control[first + block]
        wanted_control = {
            (first + b, first + s, w)
            for s, d, w in out
            for b in below[d] - (below[s] - {s})
            if len({*onward[s]}) > 1 or len([1 for x, _, _ in out if x == s]) > 1
        }
        assert told == wanted_control
        compared += 1
    return compared


def reaching_by_walking(forest: Forest, scopes: Scopes, blocks: Blocks) -> None:
    """Walks from every binding until its variable is bound again."""
    items, _ = Flow(forest, scopes).items()
    edges = np.unique(np.array(blocks.edges, np.int64).reshape(-1, 3)[:, :2], axis=0)
    first = np.array(blocks.first)
    idom = ways.dominators(*edges.T, first[:-1], blocks.count)
    alive = edges[idom[edges[:, 0]] >= 0]
    binding, use, _ = ways.reaching(items, alive.T, np.repeat(first[:-1], np.diff(first)))
    told = set(zip(binding.tolist(), use.tolist(), strict=True))
    after: dict[int, list[int]] = defaultdict(list)
    for source, target in alive.tolist():
        after[source].append(target)
    places: dict[tuple[int, int], list[int]] = defaultdict(list)
    for item, (variable, block) in enumerate(zip(items.variable, items.block, strict=True)):
        places[int(variable), int(block)].append(item)
    wanted: set[tuple[int, int]] = set()
    for item in np.flatnonzero(items.binds & ~items.kills).tolist():
        variable, block = int(items.variable[item]), int(items.block[item])
        inside = places[variable, block]
        todo, seen = [(block, inside.index(item) + 1)], set()
        while todo:
            block, start = todo.pop()
            for other in places.get((variable, block), [])[start:]:
                if items.binds[other]:
                    break
                wanted.add((item, other))
            else:
                new = [b for b in after[block] if b not in seen]
                seen.update(new)
                todo += [(b, 0) for b in new]
    assert told == wanted


@pytest.mark.parametrize("name", FEW)
def test_real_files_against_textbook_definitions(name: str) -> None:
    assert compare(*read((LIBRARY / name).read_bytes())) > 3


@pytest.mark.slow
def test_the_standard_library_against_textbook_definitions() -> None:
    compared = 0
    for path in sorted(LIBRARY.glob("*.py"))[::2]:
        compared += compare(*read(path.read_bytes()))
    assert compared > 2_000


NAMES = st.sampled_from("abc")
SIMPLE = st.one_of(
    st.builds("{} = {}".format, NAMES, NAMES),
    st.builds("{} += g({})".format, NAMES, NAMES),
    st.builds("g({0} and {1} or {2})".format, NAMES, NAMES, NAMES),
    st.builds("{0} = [{1} for {1} in {2} if {1}]".format, NAMES, NAMES, NAMES),
    st.builds("del {}".format, NAMES),
    st.builds("assert {}".format, NAMES),
    st.sampled_from(["return a", "raise b", "break", "continue", "pass", "import a"]),
)


def indented(lines: list[str]) -> list[str]:
    return [f" {line}" for line in lines]


def _compound(inner: st.SearchStrategy[list[str]]) -> st.SearchStrategy[list[str]]:
    block = inner.map(indented)

    def parts(*heads: str) -> st.SearchStrategy[list[str]]:
        return st.tuples(*([block] * len(heads))).map(
            lambda blocks: [x for h, b in zip(heads, blocks, strict=True) for x in (h, *b)]
        )

    return st.lists(
        st.one_of(
            SIMPLE.map(lambda line: [line]),
            parts("if a:"),
            parts("if a < b < c:", "elif not b:", "else:"),
            parts("while b:", "else:"),
            parts("while True:"),
            parts("for a in b:", "else:"),
            parts("try:", "except E as a:", "else:", "finally:"),
            parts("try:", "except:"),
            parts("try:", "except* E:", "except* F as b:"),
            parts("try:", "finally:"),
            parts("with a as b, c:"),
            parts("def f(a, b=c):"),
            st.tuples(block, block).map(
                lambda two: [
                    *("match a:", " case [b, 1] if c:", *indented(two[0])),
                    *(" case c:", *indented(two[1])),
                ]
            ),
        ),
        min_size=1,
        max_size=3,
    ).map(lambda blocks: [line for lines in blocks for line in lines])


PROGRAMS = st.recursive(SIMPLE.map(lambda line: [line]), _compound, max_leaves=25)


@settings(max_examples=150, deadline=None)
@given(PROGRAMS)
def test_any_program_against_textbook_definitions(lines: list[str]) -> None:
    source = "\n".join(["def f(a, b, c):", *indented(lines)])
    if parse(source.encode()).tree is not None:
        assert compare(*read(source.encode())) >= 2  # the module and f


@pytest.mark.parametrize(
    "source",
    [
        "x = " + "(" * 150 + "a" + ")" * 150,
        "if a: pass\n" + "elif a: pass\n" * 2_000,
        "x = " + " + ".join(["(a and b)"] * 1_500),
        "x = " + "not " * 1_000 + "a",
        "x = " + "a if b else " * 800 + "c",
        "def f(x):\n while x:\n" + "  x = g(x)\n" * 3_000,
        "with " + ", ".join(["a"] * 2_000) + ": pass",
        "def f():\n try:\n  g()\n" + " except E:\n  g()\n" * 2_000,
        "match x:\n" + " case 1: pass\n" * 2_000,
        "[" + "x for x in y" + " for x in y" * 2_000 + "]",
        "def f():\n" + "".join(" " * i + "while x:\n" for i in range(1, 90)) + " " * 90 + "x = y",
    ],
)
def test_hostile_files_are_read(source: str) -> None:
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(WALK_DEPTH)
    try:
        forest, scopes = read(source.encode())
        tables = Flow(forest, scopes).tables()
    finally:
        sys.setrecursionlimit(before)
    assert tables["flow_edge"].num_rows > 0


def test_a_use_is_told_a_bounded_number_of_bindings() -> None:
    lines = "".join(f"  if g({i}):\n   x = {i}\n" for i in range(2 * ways.MOST))
    forest, scopes = read(f"def f(x):\n while x:\n{lines}  g(x)\n".encode())
    tables = Flow(forest, scopes).tables()
    uses = tables["def_use"].group_by("node").aggregate([("binding", "count")])
    assert max(uses["binding_count"].to_pylist()) == ways.MOST
    assert set(tables["def_use"]["certainty"].to_pylist()) == {"possible"}
