"""The tree-sitter witness says what the ast witness says, of files that only it can read too."""

import re
import sys
import sysconfig
from pathlib import Path

import pyarrow as pa
import pytest

import codeanatomy
from codeanatomy.extract.from_ast import AstCollector
from codeanatomy.extract.parse import parse
from codeanatomy.extract.witness import Collector, Source, evidence_schema
from codeanatomy.facts.schema import table_name
from codeanatomy_tolerant.collector import MAX_REGIONS, TABLES, TreeSitterCollector
from codeanatomy_tolerant.mending import MAX_DEPTH

Rows = list[dict[str, object]]
Tables = dict[str, pa.Table]

SNIPPETS = """
import a.b, c.d as e
from . import f as g
from ..h.i import (j, k as l)
from m import *
from __future__ import annotations

@n.o(p, *q, r=s, **t)
class A(B[int], C.D, metaclass=M, **kw):
    'documented' ' twice'
    x: int = 1
    y.z: List[Dict[str, int | None]]
    (w): int
    def m(self, a, /, b: int = (lambda v, *, u=2: v), *c: T, d=4, **e) -> "str":
        '''doc'''
        global G, H
        def inner(*, only): nonlocal a; a = 1; yield from only  # note
        self.made = a
        return super().m(*a, b=b)[1:2, ::3, ...]
async def f():
    async with a as b, c as (d, *e): pass
    async for i, j in k: await i
    else: break
    return [x async for x in y if x if not x for (z) in w], {1: 2, **a}, {3, *b}, {k: v for k in d}
if a: pass
elif b: pass
elif c: x = 1
else: del a, b[0], c.d
while a < b <= c is not d not in e != f: continue
else: raise E(1) from c
try: a = b = c, d = -1 + ~2 ** 3 // 4 @ 5 % 6 << 7 >> 8 & 9 | (10 ^ 11)
except (E, F) as g: assert h, i
except: raise
else: a, = b
finally: x = (x := y)
a += 1; b @= 2; c **= (yield)
x = a if b and c and (d and e) or not f else lambda: (g, h)
x = f'{a!r:>{w}.{p}} {{b}} {c.d()}' 'e' rf"\\d{f}" + b'g' b"h" + 0x1F + 1_000 + 1.5e3 + 2j
print(f"{x!s}", f'{y:%H}', (i for i in j), *k)
*l.m, n[0] = o, *p.q()
match a, b:
    case [1, *rest] | A.B(c, d=e.f) as z if q: pass
    case {"a": 1, K.b: 2, **r}: pass
    case None | 'x' | 1: pass
    case -1.5: pass
    case _: pass
    case A(b=C()) | (E(), f): pass
"""
BROKEN = """
def top(argument, other=1):
    '''Doc.'''
    local = argument.method(other)
    return local

class Class(Base):
    @property
    def method(self):
        # a note
        return top(self)

x = (1,
"""


def read(collector: Collector, *contents: bytes) -> Tables:
    """The tables of a batch in which every file is given to the collector."""
    for ordinal, content in enumerate(contents):
        source = parse(content)
        if isinstance(collector, TreeSitterCollector):
            source = Source(source.content, None, source.error, source.utf8, source.origin)
        assert collector.add(ordinal, source)
    return collector.finish()


def rows(table: pa.Table) -> Rows:
    found: Rows = table.to_pylist()
    return found


def sample() -> list[bytes]:
    """Some of our own sources and of the standard library, which `ast` reads."""
    library = Path(sysconfig.get_path("stdlib"))
    kept = [p for p in library.rglob("*.py") if not {"site-packages", "lib2to3"} & {*p.parts}]
    paths = sorted(Path(codeanatomy.__file__).parent.rglob("*.py"))[::9] + sorted(kept)[5::180]
    return [source.content for p in paths if (source := parse(p.read_bytes())).tree is not None]


@pytest.mark.parametrize("table", [t for t in map(table_name, TABLES) if t != "file_problem"])
def test_same_rows_as_ast_for_every_construct(table: str) -> None:
    content = SNIPPETS.encode()
    expected = rows(read(AstCollector(), content)[table])
    found = rows(read(TreeSitterCollector(), content)[table])
    assert found == expected
    assert found


def test_same_rows_as_ast_for_real_files() -> None:
    """Also where files are laid out anew and read by statements, as they are around trouble."""
    contents = sample()
    expected, whole = read(AstCollector(), *contents), read(TreeSitterCollector(), *contents)
    refused = {r["file"] for r in rows(whole["file_problem"])}
    assert len(contents) > 20
    assert len(refused) <= len(contents) / 20  # tree-sitter's grammar has errors of its own
    for name in expected:
        wanted = [r for r in rows(expected[name]) if r["file"] not in refused]
        found = [r for r in rows(whole[name]) if r["file"] not in refused]
        wrong = [pair for pair in zip(wanted, found, strict=True) if pair[0] != pair[1]]
        assert not wrong, (name, len(wrong), wrong[0])
    broken = read(
        TreeSitterCollector(), *(c + b"\ndef last(): last(a=1, *b, c)\n" for c in contents)
    )
    for name in ("syntax", "literal", "field", "parameter", "import_alias", "comment"):
        wanted = [r for r in rows(expected[name]) if r["file"] not in refused]
        found = [
            r
            for r in rows(broken[name])
            if r["file"] not in refused and r["bstart"] < len(contents[int(str(r["file"]))])
        ]
        wrong = [pair for pair in zip(wanted, found, strict=True) if pair[0] != pair[1]]
        assert not wrong, (name, len(wrong), wrong[0])


def test_healthy_parts_of_a_broken_file() -> None:
    tables = read(TreeSitterCollector(), BROKEN.encode())
    names = {r["qualname"]: r for r in rows(tables["definition"])}
    assert list(names) == ["", "top", "Class", "Class.method"]
    assert names["top"]["docstring"] == "Doc."
    assert names["top"]["signature"] == "(argument, other=1)"
    assert [r["name"] for r in rows(tables["parameter"])] == ["argument", "other", "self"]
    assert [r["name"] for r in rows(tables["call_site"])] == ["method", "top"]
    assert len(rows(tables["base"])) == 1
    assert [r["name"] for r in rows(tables["decorator"])] == ["property"]
    assert [r["text"] for r in rows(tables["comment"])] == ["# a note"]
    known = read(AstCollector(), BROKEN.replace("x = (1,", "").encode())
    keys = {r["node"] for r in rows(known["definition"])}
    assert {r["node"] for r in names.values()} == keys


def test_a_broken_file_gives_no_guesses() -> None:
    tables = read(TreeSitterCollector(), BROKEN.encode())
    references = {(r["name"], r["declared"] is not None) for r in rows(tables["reference"])}
    assert references == {
        ("Base", False),
        ("argument", True),
        ("local", False),
        ("other", True),
        ("property", False),
        ("self", True),
        ("top", True),
    }
    assert {r["how"] for r in rows(tables["reference"])} == {"unknown"}
    assert [r["name"] for r in rows(tables["variable"])] == [
        "local"
    ]  # names of other files mean it
    whole = BROKEN.replace("x = (1,", "type X = int")  # a grammar that may be newer than ours
    tables = read(TreeSitterCollector(), whole.encode())
    assert {"local", "global", "builtin"} <= {r["how"] for r in rows(tables["reference"])}
    assert [r["name"] for r in rows(tables["variable"])] == ["local", "X"]


def test_newer_grammar() -> None:
    source = (
        "type P[T] = list[T]\n"
        "def f[T: int, *Ts, **Q](a: T) -> T:\n    return a\n"
        "class C[K](dict[K, K]): pass\n"
        "x = t'{name!r:>{width}}'\n"
        "y = f'{d['k']}'\n"
        "try: f()\nexcept A, B: pass\n"
    )
    tables = read(TreeSitterCollector(), source.encode())
    assert not tables["file_problem"].num_rows
    syntax = rows(tables["syntax"])
    named = {(r["construct"], r["name"]) for r in syntax}
    assert {("Name", name) for name in ("P", "T", "name", "width", "d", "dict", "K")} <= named
    assert ("JoinedStr", None) in named
    roles = {(r["role"], r["construct"]) for r in syntax}
    assert ("ExceptHandler.type", "Tuple") in roles
    assert {("Assign.value", "Subscript"), ("TypeAlias.value", "Subscript")} & roles
    signatures = [r["signature"] for r in rows(tables["definition"])]
    assert signatures == [None, "(a: T) -> T", None]
    if sys.version_info >= (3, 12):
        assert {("TypeVar", "T"), ("TypeVarTuple", "Ts"), ("ParamSpec", "Q")} <= named


def test_what_only_a_newer_python_spells() -> None:
    """The same trees as of the older spelling, place by place but where the spelling differs."""
    newer = (
        "def f(a=f'{d['k']:>{w + f'{z['q']}'}}', *args: *Ts): return lambda v=f'{a['b']}': v\n"
        "print(f'{x['a']!r}' 'b', *f'{y['a']}', k=[f'{i['a']}' for i in f'{z['a']}'])\n"
        "with f(f'{p['a']}') as (a, b), c as d:\n    x[f'{a['b']}'] = g = 1\n"
        "try: pass\nexcept A, B:\n    if f'{a['b']}': x\n    elif c: y: T = f'{a['b']}'\n"
    )
    older = re.sub(r"(\w)\['(\w)'\]", r'\1["\2"]', newer).replace("f'{z[\"q\"]}'", "z.q")
    older = older.replace("A, B:", "(A, B):")
    tables, expected = (
        read(TreeSitterCollector(), newer.replace("f'{z['q']}'", "z.q").encode()),
        read(AstCollector(), older.encode()),
    )
    for name in ("definition", "call_site", "argument", "reference", "constraint", "field"):
        places = dict.fromkeys(("bstart", "bend", "signature"))
        wanted = [row | places for row in rows(expected[name])]
        assert [row | places for row in rows(tables[name])] == wanted, name


def test_python_2() -> None:
    source = "try:\n    print 'x', y\nexcept Error, problem:\n    raise E, 'm'\nz = 0777L\n"
    tables = read(TreeSitterCollector(), source.encode())
    assert not tables["file_problem"].num_rows
    syntax = rows(tables["syntax"])
    assert ("ExceptHandler", "problem") in {(r["construct"], r["name"]) for r in syntax}
    assert {r["construct"] for r in syntax if r["role"] == "ExceptHandler.type"} == {"Name"}
    assert {r["construct"] for r in syntax if r["role"] == "Raise.exc"} == {"Name"}
    assert ("Name", "y") in {(r["construct"], r["name"]) for r in syntax}
    assert [r["value"] for r in rows(tables["literal"])] == ["'x'", "'m'", "511"]


def test_spelling_of_python_2() -> None:
    source = (
        "def f(a, (b, (c, d))=(1, 2), e=`a`): pass\n"
        "def g(a=1, b): return a\n"
        "class A(B): x = 0x1FL + 10L\n"
        "f(async=1, **{'x': '\\x44'})\n"
        "exec 'x' in f(a)\n"
    )
    tables = read(TreeSitterCollector(), source.encode())
    lost = [r["message"] for r in rows(tables["file_problem"])]
    assert lost == ["not read: def g(a=1, b): return a"]
    signatures = {r["name"]: r["signature"] for r in rows(tables["definition"])}
    assert signatures.keys() == {"", "f", "A"}
    assert [r["name"] for r in rows(tables["parameter"])] == [*"abcde"]
    assert [r["keyword"] for r in rows(tables["argument"]) if r["keyword"]] == ["async"]
    assert [r["name"] for r in rows(tables["call_site"])] == ["f", "f"]
    values = [r["value"] for r in rows(tables["literal"])]
    assert [v for v in values if v.isdigit()] == ["1", "2", "31", "10", "1"]


RESOLVED = {
    "other.py": "def helper(x): return x\n",
    "newer.py": """
from other import helper
type Alias[T] = list[T]
class Box[T]:
    def get(self) -> T: return self.put()
    def put(self): ...
def first[T](items: list[T]) -> T: return last(items)
def last(items):
    return helper(f"{items["a"]} {Box().get()}")
""",
    "old.py": """
import other
def start(args):
    print "starting", compute(args)
    try: other.helper(0777L)
    except ValueError, e: raise RuntimeError, "no"
def compute(args, (a, b)=(1, 2)): return `args` <> a
class Old:
    def run(self):
        exec "x" in other
        return self.stop()
    def stop(self): print "stopped" % compute(1)
""",
    "broken.py": """
from other import helper
def before(): return helper(1)
def middle(x:
    return before(
def after(x): return before() + helper(x)
""",
}


def test_calls_resolve_in_files_that_ast_refuses(tmp_path: Path) -> None:
    for name, text in RESOLVED.items():
        (tmp_path / name).write_text(text)
    codeanatomy.build(tmp_path, workers=1, cache=False)
    with codeanatomy.open_graph(tmp_path) as graph:
        calls = graph.sql("SELECT caller, callee, certainty FROM calls").to_pylist()
    assert {call["certainty"] for call in calls} == {"certain"}
    assert {(call["caller"], call["callee"]) for call in calls} == {
        ("broken.after", "broken.before"),
        ("broken.after", "other.helper"),
        ("broken.before", "other.helper"),
        ("newer.Box.get", "newer.Box.put"),
        ("newer.first", "newer.last"),
        ("newer.last", "newer.Box"),
        ("newer.last", "newer.Box.get"),
        ("newer.last", "other.helper"),
        ("old.Old.run", "old.Old.stop"),
        ("old.Old.stop", "old.compute"),
        ("old.start", "old.compute"),
        ("old.start", "other.helper"),
    }


def test_regions_are_problems() -> None:
    content = ("# é\nok = 1\nx = = 2\n" + "def f(:\n    pass\n").encode()
    problems = rows(read(TreeSitterCollector(), content)["file_problem"])
    assert {p["code"] for p in problems} == {"syntax-region"}
    places = [(p["line"], content[p["bstart"] : p["bend"]], p["message"]) for p in problems]
    assert places == [(3, b"=", "not read: ="), (4, b"", ") is missing")]
    many = read(TreeSitterCollector(), b"x = = 1\n" * (MAX_REGIONS + 7))["file_problem"]
    assert many.num_rows == MAX_REGIONS + 1
    assert rows(many)[-1]["message"] == "7 more regions were not read"


def test_places_count_the_bytes_of_the_file() -> None:
    for encoding in ("latin-1", "cp1252", "utf-8", "utf-8-sig"):
        declared = "" if encoding == "utf-8-sig" else f"# coding: {encoding}\r\n"
        content = f"{declared}é = 'é'\r\ndef straße(ä):\r\n    return ä.ö()\r\n$\r\n".encode(
            encoding
        )
        tables = read(TreeSitterCollector(), content)
        codec = "utf-8" if encoding == "utf-8-sig" else encoding
        for name in ("parameter", "field"):
            row = rows(tables[name])[0]
            assert content[row["bstart"] : row["bend"]].decode(codec) == row["name"]
        row = rows(tables["definition"])[1]
        assert content[row["name_bstart"] :].decode(codec).startswith("straße")
        assert row["line"] == 3 - (not declared)


def test_bytes_that_are_no_text_spoil_only_themselves() -> None:
    content = "def f(a):  # café\n    return g(a, 'é', key=1)\n".encode("latin-1")
    tables = read(TreeSitterCollector(), content)
    assert [r["name"] for r in rows(tables["call_site"])] == ["g"]
    assert [r["value"] for r in rows(tables["literal"])] == ["'?'", "1"]
    assert content[rows(tables["literal"])[1]["bstart"] :].startswith(b"1)")


def test_lone_cr_and_nul_bytes() -> None:
    tables = read(TreeSitterCollector(), b"def f():\r    return g(1)\r\0\rdef h():\r    pass\r")
    assert [(r["name"], r["line"]) for r in rows(tables["definition"])][1:] == [("f", 1), ("h", 4)]
    assert [r["name"] for r in rows(tables["call_site"])] == ["g"]


def test_what_is_no_text_gives_a_module_only() -> None:
    tables = read(TreeSitterCollector(), bytes(range(256)) * 40)
    assert tables["definition"].num_rows == 1
    assert not tables["syntax"].num_rows
    assert [r["message"] for r in rows(tables["file_problem"])] == ["no text"]


def test_too_many_rows_are_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("codeanatomy_tolerant.mending.MAX_ROWS", 100)
    content = b"def f(a=lambda: 1):\n    class C:\n        " + b"x = y; " * 500 + b"\n"
    tables = read(TreeSitterCollector(), content)
    assert tables["syntax"].num_rows + tables["literal"].num_rows < 110
    assert [r["code"] for r in rows(tables["file_problem"])] == ["too-large"]


def test_what_nests_too_deeply_is_cut() -> None:
    content = b"def f(): pass\nx = a" + b".b(1)" * 5000 + b"\nf(\n"
    tables = read(TreeSitterCollector(), content)
    assert 2000 < tables["syntax"].num_rows < 2 * MAX_DEPTH
    assert {r["code"] for r in rows(tables["file_problem"])} == {"syntax-region", "too-deep"}


def test_an_empty_batch_has_all_tables() -> None:
    tables = TreeSitterCollector().finish()
    expected = {table_name(struct): evidence_schema(struct) for struct in TABLES}
    assert {name: table.schema for name, table in tables.items()} == expected


def test_files_with_a_tree_are_left_alone() -> None:
    collector = TreeSitterCollector()
    assert not collector.add(0, parse(b"x = 1"))
    assert not collector.finish()["definition"].num_rows


def test_a_statement_over_the_last_lines_keeps_its_place() -> None:
    content = b"print 1\nif x:\n        value = call(1,\n2)"  # the last line is the shorter one
    found = read(TreeSitterCollector(), content)
    [call] = [r for r in rows(found["syntax"]) if r["name"] == "call" and r["construct"] == "Call"]
    assert content[int(str(call["bstart"])) : int(str(call["bend"]))] == b"call(1,\n2)"


def test_statements_that_touch_spoil_no_others() -> None:
    found = read(TreeSitterCollector(), b"def f(): pass\n1syntax_error  # note\n")
    assert [r["name"] for r in rows(found["definition"])] == ["", "f"]
    assert [r["text"] for r in rows(found["comment"])] == ["# note"]
