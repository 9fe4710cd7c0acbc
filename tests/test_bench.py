"""The measuring scripts measure what they say."""

import io
import subprocess
import sys
import tarfile
import textwrap
import zipfile
from pathlib import Path

import msgspec
import pytest

import callgraph
import calls_sheet
import corpora
import names
import places
import references
import runtime
import sites

BENCH = Path(__file__).parents[1] / "bench"


def counted(root: Path, **files: str) -> set[tuple[str, int, str]]:
    for name, text in files.items():
        (root / f"{name}.py").write_text(textwrap.dedent(text))
    return {(site.path, site.line, site.name) for site in names.sites(root)}


def test_definitions_and_scanned_imports_count(tmp_path: Path) -> None:
    found = counted(
        tmp_path,
        aa="def f(): ...\nclass C: ...\nf()\nC()\nprint()\n",
        bb="from aa import f as g\nfrom json import dumps\ng()\ndumps()\n",
    )
    assert found == {("aa.py", 3, "f"), ("aa.py", 4, "C"), ("bb.py", 3, "g")}


@pytest.mark.parametrize(
    "text",
    [
        "f = 1\nf()\n",
        "def f(): ...\nf = 2\nf()\n",
        "def g(f):\n    f()\n",
        "for f in ():\n    f()\n",
        "[f() for f in ()]\n",
        "def f(): ...\ndef g():\n    global f\n    f = 2\nf()\n",
        "try: ...\nexcept ValueError as f:\n    f()\n",
        "match 1:\n    case f:\n        f()\n",
        "class C:\n    def f(self): ...\n    def g(self):\n        f()\n",
    ],
)
def test_other_bindings_do_not_count(text: str, tmp_path: Path) -> None:
    assert counted(tmp_path, aa=text) == set()


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("def f(): ...\n[f() for x in ()]\n", 2),
        ("def f(): ...\nclass C:\n    f = 1\n    def g(self):\n        return f()\n", 5),
        ("def o():\n    def f(): ...\n    def g():\n        return lambda: f()\n", 4),
        ("class C:\n    def f(self): ...\n    y = f(1)\n", 3),
        ("def f(): ...\n@f()\ndef g(a=1): ...\n", 2),
    ],
)
def test_scopes_are_pythons_own(text: str, line: int, tmp_path: Path) -> None:
    assert counted(tmp_path, aa=text) == {("aa.py", line, "f")}


def test_places_are_bytes_of_the_file(tmp_path: Path) -> None:
    content = "\ufeffdef f(): ...\nx = 'é'; f()\n".encode()
    (tmp_path / "aa.py").write_bytes(content)
    (site,) = names.sites(tmp_path)
    assert content[site.bstart : site.bend] == b"f()"


def test_call_graphs_are_compared_under_one_spelling(tmp_path: Path) -> None:
    got = callgraph.edges({"main": ["builtins.len", "<**PyStr**>.join"]})
    assert got == {("main", "<builtin>.len"), ("main", "<str>.join")}
    (tmp_path / "callgraph.json").write_text('{"main": ["main.f"], "main.f": []}')
    errata = {"drop": [["main", "main.f"]], "add": [["main", "main.g"]]}
    assert callgraph.expected(tmp_path, errata) == {("main", "main.g")}


def test_scores_are_counted() -> None:
    scores = [
        callgraph.Score("args/one", 3, [], [("a", "b")]),
        callgraph.Score("args/two", 1, [("a", "b")], []),
        callgraph.Score("mro/one", 2, [], []),
    ]
    assert callgraph.table(scores).splitlines()[-1] == (
        "| **all** | 3 | 2 | 2 | 1 | 1 | 1 | 0.857 | 0.857 |"
    )


def test_archives_stay_inside(tmp_path: Path) -> None:
    archive = tmp_path / "a.tar.gz"
    with tarfile.open(archive, "w:gz") as tar:
        for name in ("tree/good.py", "../evil.py", "/evil.py"):
            member = tarfile.TarInfo(name)
            member.size = 1
            tar.addfile(member, io.BytesIO(b"1"))
        link = tarfile.TarInfo("tree/link.py")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        tar.addfile(link)
    corpora._unpack(archive, tmp_path / "out")
    assert [p.name for p in tmp_path.rglob("*.py")] == ["good.py"]


def test_wheels_are_unpacked_without_compiled_code(tmp_path: Path) -> None:
    archive = tmp_path / "a.whl"
    with zipfile.ZipFile(archive, "w") as wheel:
        for name in ("a/good.py", "a/fast.so", "../evil.py"):
            wheel.writestr(name, "1")
    corpora._unpack(archive, tmp_path / "out")
    assert [p.name for p in tmp_path.rglob("*") if p.is_file()] == ["a.whl", "good.py"]


SOURCE = b"""\
@wraps(lambda: 1)
def f(a=(lambda: 2)):
    class C:
        x = [g(i) for i in ()]
        def m(self): pass
    return (i for i in
            a)
"""


def test_functions_are_known_by_where_they_begin() -> None:
    source = places.Source(SOURCE)
    f, m = SOURCE.index(b"def f"), SOURCE.index(b"def m")
    assert source.owners(1, "f") == [f]  # a code object begins at its decorator
    assert source.owners(3, "f.<locals>.C") == [f]
    assert source.owners(4, "f.<locals>.C.<listcomp>") == [f]
    assert source.owners(6, "f.<locals>.<genexpr>") == [f]
    assert source.owner[SOURCE.index(b"lambda: 2")] == places.MODULE
    assert source.owner[SOURCE.index(b"class")] == source.owner[m] == f
    assert (3, "C") not in source.functions
    assert source.around(5) == m
    assert source.around(1) == places.MODULE


PACKAGE = {
    "pkg/__init__.py": """\
        def made():
            yield 1

        def back(x):
            return x

        class C:
            y = [back(i) for i in (1,)]
            def __init__(self):
                sorted([2, 1], key=lambda x: back(x))

        def run(stream):
            return list(stream), C()

        def start():
            return run(made())
    """,
    "test_pkg.py": "import pkg\n\ndef test(): pkg.start()\n",
}


def test_the_tracer_sees_who_calls_whom(tmp_path: Path) -> None:
    for name, text in PACKAGE.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(textwrap.dedent(text))
    out = tmp_path / "out.json"
    command = [sys.executable, BENCH / "tracer.py", out, tmp_path / "pkg"]
    subprocess.run([*command, "-q", "-p", "no:cacheprovider"], cwd=tmp_path, check=True)
    text = out.read_text().replace(f"{tmp_path.resolve()}/", "")
    seen = msgspec.json.decode(text, type=runtime.Trace)
    tree = runtime.Tree(tmp_path)
    pairs = runtime.executed(seen, tree)
    found = {tuple(tree.name(end).rpartition(" ")[2] for end in pair) for pair in pairs}
    assert found == {
        ("<module>", "back"),
        ("start", "made"),  # where it is made, not where it is resumed
        ("start", "run"),
        ("run", "__init__"),
        ("__init__", "<lambda>"),
        ("<lambda>", "back"),
    }


def test_tokens_of_names_and_attributes() -> None:
    content = "é.b = f'{c}' + d.e\n".encode()
    found = references.tokens(places.Source(content))
    shown = {content[at:].decode()[0]: kind for at, kind in found.items()}
    assert shown == {
        "é": ("name", False),
        "b": ("attribute", True),
        "c": ("name", False),
        "d": ("name", False),
        "e": ("attribute", False),
    }


def test_percentiles_of_set_sizes() -> None:
    sizes = {1: 90, 2: 5, 40: 5}
    assert [sites.percentile(sizes, part) for part in (0.5, 0.95, 0.96)] == [1, 2, 40]


def test_verdicts_are_counted() -> None:
    text = "## 1. certain: a.py:1\n- verdict: right\n## 2. possible: a.py:2\n- verdict: \n"
    assert calls_sheet.counted(text) == {"certain": {"right": 1}, "possible": {"open": 1}}


def test_orphans_are_counted() -> None:
    burn = "import os, time\nif os.fork() == 0:\n    while time.process_time() < 0.3: pass\n"
    # a process of its own, because measuring waits for all children of the process that measures
    script = f"import measure, sys; c = measure.run([sys.executable, '-c', {burn!r}], sample=True)"
    script += "; print(c.cpu > 0.3, c.peak > 1_000_000, c.wall < c.cpu)"
    command = [sys.executable, "-c", script]
    done = subprocess.run(command, cwd=BENCH, capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "True", "True"]
