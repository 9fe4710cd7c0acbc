"""The witness `types`: what pyrefly says stands in the graph, at the right bytes, and nothing of
the repository is run or followed for it."""

import re
import sys
import sysconfig
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

import ask
import codeanatomy
import corpora
import laws
from codeanatomy.extract.decoding import line_starts, utf8_of
from codeanatomy.extract.messages import Limits
from codeanatomy.query.graph import Graph
from codeanatomy.sources.scan import scan
from codeanatomy_types import process, survey
from codeanatomy_types.process import run
from codeanatomy_types.report import Text

SHAPES = """
import abc, typing
T = typing.TypeVar("T")

class Shape(abc.ABC):
    def area(self) -> int:
        return 0

class Square(Shape):
    def __init__(self, side: int) -> None:
        self.side = side

    def area(self):
        return self.side * self.side

    def __add__(self, other: "Square"):
        return Square(self.side + other.side)

    @property
    def double(self):
        return Square(2 * self.side)

class Plain(Square): pass
class Odd(unknown.Thing, Shape): pass
class Box(typing.Generic[T]): pass
class Boxed(Box[Shape], Shape): pass

def traced(f):
    def wrapper(*a): return f(*a)
    return wrapper

@traced
def biggest(shapes: list[Shape], least: Square | None):
    for shape in shapes:
        shape.area()
    return least or Square(1)
"""
USES = (
    "from shapes import *\r\n\ts = '😀é'; Plain(1).area()\n".replace("\t", "")
    + "def é(x: Square):\r\n\tт = '😀'; x.area(); return x.double\r"
    "y = '\u2028'; both = Square(1) + Plain(2)\n"
    "biggest([], None)\n"
)
LATIN = "# coding: latin-1\nfrom shapes import Square\ns = 'é'; Square(1).area()\n"
OUTSIDE = """
import collections, csv, datetime, os, tkinter, tkinter.ttk, unittest
class Test(unittest.TestCase):
    def test(self):
        self.assertEqual(datetime.date(1, 2, 3), str(4))
collections.Counter().most_common()
os.path.exists("a"), os.path.join("b"), csv.reader([])
tkinter.Button, tkinter.ttk.Button()
class Plain: pass
Plain()
"""
HOSTILE = """
open({0!r}, "w").close()
class Evil(metaclass=os.system("touch " + {0!r})): pass
"""
CONFIGURED = """
[tool.pyrefly]
python-interpreter-path = "./python"
search-path = ["/"]
replace-imports-with-any = ["shapes"]
"""


def write(folder: Path, **files: str | bytes) -> Path:
    for name, text in files.items():
        path = folder / (name.replace("__", "/") + ".py")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text.encode() if isinstance(text, str) else text)
    return folder


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graph]:
    """One repository with all of this, read by pyrefly itself."""
    repo = tmp_path_factory.mktemp("repo")
    write(
        repo,
        shapes=SHAPES,
        uses=USES,
        marked=b"\xef\xbb\xbffrom shapes import Square; Square(1).area()\n",
        latin=LATIN.encode("latin-1"),
        undecodable=b"# \xff\nclass A: pass\n",
        broken="from shapes import Square\nSquare(1).area()\ndef (\n",
        outside=OUTSIDE,
        hostile=HOSTILE.format(str(repo / "ran")),
        a__same="class Same:\n    def m(self): pass\nSame().m()\n",
        b__same="class Same:\n    def m(self): pass\nSame().m()\n",
    )
    (repo / "pyproject.toml").write_text(CONFIGURED)
    interpreter = repo / "python"
    interpreter.write_text(f"#!/bin/sh\ntouch {repo / 'ran'}\n")
    interpreter.chmod(0o755)
    codeanatomy.build(repo, witnesses={"types": ""}, workers=1, cache=False, roots=["a", "b", "."])
    assert not (repo / "ran").exists()
    with codeanatomy.open_graph(repo) as graph:
        yield graph


def edges(graph: Graph, kind: str, path: str) -> set[tuple[str, str]]:
    """What the checker says in a file: text (of a definition: its name) of the source, target."""
    data = (graph.store.parent / path).read_bytes()
    found = graph.sql(
        "SELECT a.qualified_name AS name, s.bstart, s.bend, b.qualified_name AS target "
        "FROM edges e JOIN nodes a ON e.src = a.node_id JOIN nodes b ON e.dst = b.node_id "
        "JOIN spans s ON e.src = s.node_id JOIN files f ON s.file_id = f.file_id "
        f"WHERE e.kind = '{kind}' AND f.path = '{path}' AND e.evidence LIKE '%types'"
    )
    return {
        (r["name"] or data[r["bstart"] : r["bend"]].decode("utf-8", "replace"), r["target"])
        for r in found.to_pylist()
    }


def test_calls_stand_at_the_right_bytes(graph: Graph) -> None:
    assert edges(graph, "CALL", "uses.py") == {
        ("Plain(1)", "shapes.Square.__init__"),
        ("Plain(1).area()", "shapes.Square.area"),
        ("x.area()", "shapes.Square.area"),
        ("x.double", "shapes.Square.double"),
        ("Square(1)", "shapes.Square.__init__"),
        ("Plain(2)", "shapes.Square.__init__"),
        ("Square(1) + Plain(2)", "shapes.Square.__add__"),
        ("biggest([], None)", "shapes.biggest"),
    }
    for path in ("marked.py", "latin.py", "broken.py"):
        assert edges(graph, "CALL", path) == {
            ("Square(1)", "shapes.Square.__init__"),
            ("Square(1).area()", "shapes.Square.area"),
        }, path


def test_things_outside_go_by_the_names_that_others_import(graph: Graph) -> None:
    assert edges(graph, "CALL", "outside.py") == {
        ("self.assertEqual(datetime.date(1, 2, 3), str(4))", "unittest.TestCase.assertEqual"),
        ("datetime.date(1, 2, 3)", "datetime.date"),
        ("str(4)", "builtins.str"),
        ("collections.Counter()", "collections.Counter"),
        ("collections.Counter().most_common()", "collections.Counter.most_common"),
        ('os.path.exists("a")', "os.path.exists"),
        ('os.path.join("b")', "os.path.join"),
        ("csv.reader([])", "csv.reader"),
        ("tkinter.ttk.Button()", "tkinter.ttk.Button"),
        ("Plain()", "outside.Plain"),
    }


def test_expressions_have_the_classes_of_their_values(graph: Graph) -> None:
    types = edges(graph, "EVAL_TYPE", "shapes.py")
    assert {
        ("shape", "shapes.Shape"),
        ("self", "shapes.Square"),
        ("other", "shapes.Square"),
    } <= types
    assert ("least", "shapes.Square") in types
    assert not {source for source, _ in types} & {"Square", "Shape", "abc"}  # no values of theirs
    found = graph.sql(
        "SELECT p.string_value AS type, e.confidence FROM props p JOIN cpg_edges e "
        "ON p.id = e.edge_id WHERE p.key = 'TYPE_FULL_NAME' AND e.kind = 'EVAL_TYPE' "
        "AND p.string_value LIKE '%None'"
    )
    assert found.to_pylist() == [{"type": "shapes.Square | None", "confidence": 0.636}]


def test_classes_override_and_inherit(graph: Graph) -> None:
    # not `__init__`, which everything has from `object`
    assert edges(graph, "OVERRIDES", "shapes.py") == {("shapes.Square.area", "shapes.Shape.area")}
    assert edges(graph, "INHERITS_FROM", "shapes.py") == {
        ("shapes.Square", "shapes.Shape"),
        ("shapes.Plain", "shapes.Square"),
        ("shapes.Odd", "shapes.Shape"),
        ("shapes.Boxed", "shapes.Box"),
        ("shapes.Boxed", "shapes.Shape"),
    }
    places = graph.sql(
        "SELECT n.name, e.ordinal FROM edges e JOIN nodes n ON e.src = n.node_id "
        "WHERE e.kind = 'INHERITS_FROM' AND n.name IN ('Odd', 'Plain', 'Boxed') "
        "AND e.evidence LIKE '%types'"
    )
    assert {tuple(row.values()) for row in places.to_pylist()} == {
        ("Plain", 0),
        ("Odd", 1),
        ("Boxed", 0),
        ("Boxed", 1),
    }


def test_what_two_witnesses_say_is_one_edge_and_no_type_is_a_proof(graph: Graph) -> None:
    rows = graph.sql(
        "SELECT DISTINCT e.evidence, e.certainty, e.confidence FROM edges e "
        "JOIN nodes n ON e.dst = n.node_id WHERE e.kind = 'CALL' AND n.name IN ('area', 'biggest')"
    ).to_pylist()
    said = {(r["evidence"], r["certainty"], r["confidence"]) for r in rows}
    assert ("resolve+types", "certain", 1.0) in said
    # what the decorator made of it is called, which may call the function
    assert ("types", "possible", 0.45) in said
    assert not [row for row in rows if row["evidence"] == "types" and row["certainty"] == "certain"]


def test_files_of_one_module_name_are_read_apart(graph: Graph) -> None:
    for folder, name in (("a", "same"), ("b", "b/same.py")):
        [(text, target)] = edges(graph, "CALL", f"{folder}/same.py") - {("Same()", f"{name}.Same")}
        assert (text, target) == ("Same().m()", f"{name}.Same.m")


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    return write(tmp_path / "tree", shapes=SHAPES)


def surveyed(tree: Path) -> tuple[int, list[tuple[str, str]]]:
    """Rows, and codes and messages of problems."""
    found = survey.read(tree, scan(tree).files, (), "")
    return found.tables["typing"].num_rows, [(p.code, p.message) for p in found.problems]


def test_without_the_package_a_problem_says_what_to_install(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))
    rows, [(code, message)] = surveyed(tree)
    assert (rows, code) == (0, "tool-missing")
    assert "pip install codeanatomy-types" in message


Fake = Callable[[str, Limits], Path]


@pytest.fixture
def fake(tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Fake:
    """Puts a program of a few statements in pyrefly's place, with limits; gives the tree."""

    def write(program: str, limits: Limits) -> Path:
        place = tmp_path / "pyrefly"
        place.write_text(
            f"#!{sys.executable} -S\nimport json, os, sys, time\ndef report(x):\n"
            "    os.mkdir('report')\n    json.dump(x, open('report/pyrefly.pysa.json', 'w'))\n"
            f"{program}\n"
        )
        place.chmod(0o755)
        monkeypatch.setattr(sysconfig, "get_path", lambda name: str(tmp_path))
        monkeypatch.setattr(survey, "LIMITS", limits)
        return tree

    return write


MOST = 200 << 20  # bytes


@pytest.mark.parametrize(
    ("program", "message"),
    [
        ("print('one'); print('so sorry'); sys.exit(3)", "exit code 3: so sorry"),
        ("os.abort()", "exit code -6"),
        ("x = b'x' * (300 << 20); time.sleep(60)", "MiB of memory"),
        ("pass", "another report"),
        ("report({'format_version': 2, 'modules': {}})", "another report"),
        ("report({'format_version': 1, 'modules': {'1': {}}})", "another report"),
        ("report([])", "another report"),
    ],
)
def test_a_checker_that_fails_is_one_problem(fake: Fake, program: str, message: str) -> None:
    rows, [(code, said)] = surveyed(fake(program, Limits(60.0, MOST)))
    assert (rows, code) == (0, "tool-failed")
    assert message in said


def test_a_checker_without_end_is_one_problem(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    for program, limits, patience, message in (
        ("time.sleep(60)", Limits(60.0, MOST), 0.005, "no end after"),
        ("while True: pass", Limits(0.3, MOST), 1000, "of CPU time"),
    ):
        monkeypatch.setattr(process, "PATIENCE", patience)
        rows, [(code, said)] = surveyed(fake(program, limits))
        assert (rows, code) == (0, "tool-failed")
        assert message in said


def test_a_program_takes_nothing_of_ours_and_leaves_no_process(tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text("#!/bin/sh\n/usr/bin/env > seen\n/bin/sleep 60 &\necho $! > child\n")
    script.chmod(0o755)
    assert run([str(script)], tmp_path, Limits(), {"HOME": "/nowhere"}) == ""
    seen = dict(line.split("=", 1) for line in (tmp_path / "seen").read_text().splitlines())
    assert seen["HOME"] == "/nowhere"
    assert seen.keys() <= {"HOME", "PWD", "SHLVL", "_", "OLDPWD", "LC_CTYPE"}
    child = int((tmp_path / "child").read_text())
    for _ in range(100):
        try:
            state = Path(f"/proc/{child}/stat").read_bytes().rpartition(b")")[2].split()[0]
        except FileNotFoundError:
            return
        if state == b"Z":
            return
        time.sleep(0.02)
    raise AssertionError("the child lives")


@given(
    some.text("a\t\x0c\u2028é😀\r\n", max_size=40), some.sampled_from(["utf-8", "latin-1", "bom"])
)
def test_places_are_bytes_of_the_file(body: str, encoding: str) -> None:
    text = f"# coding: {encoding}\n{body}" if encoding == "latin-1" else body
    text = text.encode(encoding, "ignore").decode(encoding) if encoding == "latin-1" else text
    content = text.encode("utf-8-sig" if encoding == "bom" else encoding)
    utf8, origin = utf8_of(content)
    shift = 3 if encoding == "bom" else 0
    copy = Text(1, line_starts(utf8[shift:]), origin, shift)
    locations, wanted, before = [], [], 0
    lines = re.split("(?<=\r\n)|(?<=\n)|(?<=\r)(?!\n)", text)
    for number, line in enumerate(lines, 1):
        for column in range(len(line.rstrip("\r\n")) + 1):
            at = f"{number}:{len(line[:column].encode()) + 1}"
            locations.append(f"{at}-{at}")
            known = text[: before + column].encode(encoding.replace("bom", "utf-8"))
            wanted.append([shift + len(known)] * 2)
        before += len(line)
    assert copy.places(locations) == wanted


@pytest.mark.slow
@pytest.mark.parametrize(("name", "share"), [("requests", 0.65), ("flask", 0.5)])
def test_on_real_code_most_calls_are_agreed_upon(name: str, share: float, tmp_path: Path) -> None:
    tree = corpora.fetch(name)
    for out in ("graph", "again"):
        summary = ask.build(tree, tmp_path / out, "--no-cache", "--with", "types")
        assert not summary["problems"]
    assert ask.hashes(tmp_path / "graph") == ask.hashes(tmp_path / "again")
    assert not {law: found for law, found in laws.laws(tree, tmp_path / "graph").items() if found}
    said = "SELECT count(*) FROM edges WHERE kind = 'CALL' AND evidence LIKE '{}'"
    likes = ("%+types", "resolve%", "types")
    both, solver, types = (ask.number(tmp_path / "graph", said.format(like)) for like in likes)
    assert both > share * solver
    assert types < 0.25 * both
