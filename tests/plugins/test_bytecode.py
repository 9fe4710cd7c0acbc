"""The bytecode witness: its arrays against `dis`, and its rows on small sources."""

import json
import shutil
import subprocess
import sys
import sysconfig
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import codeanatomy
from codeanatomy.extract.parse import parse
from codeanatomy_bytecode import compiled, decoding
from tests.extract import evidence
from tests.plugins import dis_report

LIBRARY = Path(sysconfig.get_paths()["stdlib"])
FEW = ("bisect", "contextlib", "dataclasses", "json/decoder", "socket", "subprocess", "enum")
FEW += ("asyncio/tasks", "typing", "argparse")
AWAY = ("RETURN_VALUE", "RETURN_CONST", "RAISE_VARARGS", "RERAISE", "JUMP_FORWARD")
Report = list[dict[str, Any]]


def library(*, every: int = 1) -> list[Path]:
    paths = [p for p in sorted(LIBRARY.rglob("*.py")) if "site-packages" not in p.parts]
    return paths[::every]


def decoded(tables: SimpleNamespace, report: Report) -> tuple[list[Any], list[Any], set[Any]]:
    """Instructions and handlers in the shape of the report, and the steps between blocks as (code
    object, offset of the last instruction, offset of the next, way)."""
    ops = decoding.Opcodes(tables)
    found = decoding.instructions([bytes.fromhex(code["code"]) for code in report], ops)
    caught = decoding.handlers([bytes.fromhex(c["exceptiontable"]) for c in report], found.base)
    first = np.array([code["first"] for code in report])
    places = decoding.locations([bytes.fromhex(c["linetable"]) for c in report], first)
    columns = [found.op, found.argument, *(place[found.unit] for place in places)]
    offset = ((found.unit - found.base[found.code]) * 2).tolist()
    rows: list[list[Any]] = [[] for _ in report]
    for code, at, op, *numbers in zip(
        found.code.tolist(), offset, *(column.tolist() for column in columns), strict=True
    ):
        rows[code].append([at, ops.names[op], *(None if x < 0 else x for x in numbers)])
    handlers: list[list[Any]] = [[] for _ in report]
    base = found.base[caught[0]]
    ranges = ((x - base) * 2 for x in caught[1:4])
    entries = [caught[0], *ranges, caught[4] >> 1, caught[4] & 1]
    for code, *entry in zip(*(column.tolist() for column in entries), strict=True):
        handlers[code].append(entry)
    block, edges = decoding.blocks(found, caught, ops)
    starts = np.flatnonzero(np.diff(block, prepend=-1)).tolist()
    ends = [*(start - 1 for start in starts[1:]), len(offset) - 1]
    steps = {
        (int(found.code[ends[src]]), offset[ends[src]], offset[starts[dst]], decoding.WAYS[way])
        for src, dst, way in edges.tolist()
    }
    return rows, handlers, steps


def steps_told(number: int, code: dict[str, Any]) -> set[Any]:
    """Steps between blocks, instruction by instruction."""
    rows = code["instructions"]
    offsets = [row[0] for row in rows]
    cuts = {0, *(row[-1] for row in rows if row[-1] is not None)}
    for start, stop, target, _, _ in code["caught"]:
        cuts |= {start, stop, target}
    for row, following in pairwise(rows):
        if row[-1] is not None or row[1] in AWAY:
            cuts.add(following[0])
    last = [a for a, b in pairwise([*offsets, None]) if b is None or b in cuts]
    found = set()
    for row, following in pairwise([*rows, [None]]):
        offset, name, target = row[0], row[1], row[-1]
        if target is not None:
            found.add((number, offset, target, "jump"))
        if offset in last:
            if name not in AWAY and "JUMP_BACKWARD" not in name.replace("POP_JUMP", ""):
                found.add((number, offset, following[0], "next"))
            for start, stop, handler, _, _ in code["caught"]:
                if start <= offset < stop:
                    found.add((number, offset, handler, "exception"))
    return found


def check(tables: dict[str, Any], report: Report) -> int:
    """Number of instructions of which all was told alike."""
    rows, handlers, steps = decoded(SimpleNamespace(**tables), report)
    for number, code in enumerate(report):
        assert rows[number] == [row[:-1] for row in code["instructions"]]
        assert handlers[number] == code["caught"]
    told = set().union(*(steps_told(number, code) for number, code in enumerate(report)))
    assert steps == told
    return sum(map(len, rows))


def test_some_modules_read_as_dis_reads_them() -> None:
    paths = [str(LIBRARY / f"{name}.py") for name in FEW]
    assert check(dis_report.tables(), dis_report.report(paths)) > 30_000


def test_arguments_with_several_prefixes_and_long_jumps(tmp_path: Path) -> None:
    path = tmp_path / "long.py"
    path.write_text("while x:\n " + "\n ".join(f"n{number}" for number in range(66_000)))
    report = dis_report.report([str(path)])
    assert max(row[2] or 0 for row in report[0]["instructions"]) > 1 << 16
    check(dis_report.tables(), report)


def other_interpreter(version: str) -> str | None:
    """An installed CPython of the version, on the path or in the folders of pyenv and uv."""
    folders = (Path.home() / ".pyenv/versions", Path.home() / ".local/share/uv/python")
    found = [
        *folders[0].glob(f"{version}.*/bin/python"),
        *folders[1].glob(f"*{version}*/bin/python"),
    ]
    asked = [shutil.which(f"python{version}"), *map(str, sorted(found))]
    for program in filter(None, asked):
        run = subprocess.run([program, "-IVV"], capture_output=True, text=True, check=False)
        if run.stdout.startswith(f"Python {version}."):
            return program
    return None


@pytest.mark.parametrize("version", ["3.11", "3.12", "3.13"])
def test_other_interpreters_read_as_their_dis_reads_them(version: str) -> None:
    program = other_interpreter(version)
    if program is None:
        pytest.skip(f"no CPython {version} is installed")
    script = str(Path(dis_report.__file__))
    names = [f"{name}.py" for name in FEW[:5]]
    run = subprocess.run([program, "-I", script, *names], capture_output=True, check=True)
    tables, report = json.loads(run.stdout)
    assert check(tables, report) > 10_000


@pytest.mark.slow
def test_the_standard_library_reads_as_dis_reads_it() -> None:
    paths = [str(path) for path in library()]
    total = 0
    for start in range(0, len(paths), 50):
        total += check(dis_report.tables(), dis_report.report(paths[start : start + 50]))
    assert total > 1_000_000


def tables(*contents: bytes) -> dict[str, pa.Table]:
    """The tables of a batch of files."""
    collector = compiled.EXTRACTOR.open({})
    for ordinal, content in enumerate(contents):
        collector.add(ordinal, parse(content))
    return collector.finish()


def rows(source: str | bytes, table: str) -> list[dict[str, Any]]:
    content = source.encode() if isinstance(source, str) else source
    found: list[dict[str, Any]] = tables(content)[table].to_pylist()
    return found


@pytest.mark.parametrize(
    "content",
    [
        b"x = 1\r\ndef f(a):\r\n    return [b for b in a]\r\n",
        b"\xef\xbb\xbfx = 1\ndef f(a):\n    return [b for b in a]\n",
        "y = 'äöü€😀'; z = 'é'\ndef f(a): 'ß'; return [b for b in a]\n".encode(),
        "# coding: latin-1\ny = 'äöü'; z = 'é'\ndef f(a): return [b for b in a]\n".encode(
            "latin-1"
        ),
    ],
)
def test_places_are_bytes_of_the_file(content: bytes) -> None:
    found = tables(content)
    texts = {
        row["construct"]: content[row["bstart"] : row["bend"]]
        for row in found["code_object"].to_pylist()
    }
    assert texts["Module"] == content
    assert texts["FunctionDef"].startswith(b"def f(a):")
    assert texts["ListComp"] == b"[b for b in a]"
    loads = [r for r in found["instruction"].to_pylist() if r["opcode"] == "LOAD_FAST"]
    named = [content[r["bstart"] : r["bend"]] for r in loads]
    assert {b"a", b"b"} <= {*named}


def test_blocks_steps_and_handlers_of_a_function() -> None:
    source = "def f(a):\n    try:\n        return a()\n    except E:\n        pass\n"
    code = [row["node"] for row in rows(source, "code_object")][1]
    caught = [row for row in rows(source, "exception_entry") if row["code"] == code]
    steps = [row for row in rows(source, "code_edge") if row["code"] == code]
    blocks = {r["offset"]: r["block"] for r in rows(source, "instruction") if r["code"] == code}
    inside = {blocks[o] for o in blocks if caught[0]["start"] <= o < caught[0]["stop"]}
    for block in inside:
        wanted = (block, blocks[caught[0]["target"]], "exception")
        assert wanted in [(s["block"], s["follower"], s["way"]) for s in steps]
    assert {step["way"] for step in steps} == {"next", "jump", "exception"}


def test_constants_read_the_same_in_every_run() -> None:
    source = "x in {'b', 'a', 'c'}; y = (1,); z = 9 ** 5000; lambda: None\n"
    values = {row["type"]: row["value"] for row in rows(source, "code_constant")}
    assert values["frozenset"] == "frozenset({'a', 'b', 'c'})"
    assert values["tuple"] == "(1,)"
    assert values["code"] == "<lambda>"


def test_numbers_too_long_for_repr_are_hexadecimal() -> None:
    (row,) = (r for r in rows(f"x = {hex(10**5000)}\n", "code_constant") if r["type"] == "int")
    assert row["value"].startswith("0x")
    assert len(row["value"]) == compiled.VALUE_LIMIT


def test_keys_do_not_change_with_what_stands_before() -> None:
    once, later = (
        {row["qualname"]: row["node"] for row in rows(source, "code_object")}
        for source in ("def f(): pass\n", "x = [y for y in z]\n\ndef f(): pass\n")
    )
    assert once["f"] == later["f"]
    twice = [row["node"] for row in rows("a = lambda: 1; b = lambda: 2\n", "code_object")]
    assert len({*twice}) == 3


@pytest.mark.parametrize(
    ("source", "code", "place"),
    [
        ("é = 1; return 3\n", "compile-error", (8, 16)),
        ("x = 1\nwhile x: pass\nbreak\n", "compile-error", (20, 25)),
        ("x = " + "-" * 2000 + "1\n", "too-deep", (0, 0)),
        ("x = " + "f(" * 80 + ")" * 80 + "\nnonlocal x\n", "compile-error", None),
    ],
)
def test_what_the_compiler_refuses_is_a_problem(
    source: str, code: str, place: tuple[int, int] | None
) -> None:
    assert parse(source.encode()).tree is not None
    (problem,) = rows(source, "file_problem")
    assert problem["code"] == code
    assert place in (None, (problem["bstart"], problem["bend"]))
    assert rows(source, "code_object") == []


def test_nothing_is_run_and_nothing_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], recwarn: pytest.WarningsRecorder
) -> None:
    target = tmp_path / "made"
    found = rows(f"open({str(target)!r}, 'w')\nassert (1, 'always')\n1 is 1\n", "instruction")
    assert found
    assert not target.exists()
    assert capsys.readouterr() == ("", "")
    assert not [warning for warning in recwarn if issubclass(warning.category, SyntaxWarning)]


def test_a_file_without_a_tree_is_left_to_others() -> None:
    collector = compiled.EXTRACTOR.open({})
    assert not collector.add(0, parse(b"def f(:\n"))
    assert {table.num_rows for table in collector.finish().values()} == {0}


def test_every_code_object_stands_where_its_syntax_does() -> None:
    for path in (LIBRARY / f"{name}.py" for name in FEW[:5]):
        content = path.read_bytes()
        ours = evidence.tables(content)
        held = {
            (row["construct"], row["bstart"], row["bend"])
            for name in ("definition", "syntax")
            for row in ours[name].to_pylist()
        }
        found = [(r["construct"], r["bstart"], r["bend"]) for r in rows(content, "code_object")]
        assert [place for place in found if place not in held] == []
        assert len({*found}) == len(found)


def test_a_build_with_bytecode_ties_code_to_syntax(tmp_path: Path) -> None:
    text = "class A:\n    def f(self):\n        return {x for x in self}\n\nreturn 1\n"
    (tmp_path / "a.py").write_text(text.replace("return 1\n", "g = lambda: 1\n"))
    (tmp_path / "b.py").write_text(text)
    codeanatomy.build(tmp_path, witnesses={"bytecode": ""}, workers=1, cache=False)
    with codeanatomy.open_graph(tmp_path) as graph:
        sql = """SELECT n.name, m.kind, m.qualified_name AS whole FROM edges e
            JOIN nodes n ON e.src = n.node_id JOIN nodes m ON e.dst = m.node_id
            WHERE e.kind = 'BYTECODE_OF' AND n.kind = 'CODE_OBJECT' ORDER BY n.name"""
        assert [tuple(row.values()) for row in graph.sql(sql).to_pylist()] == [
            ("<lambda>", "METHOD", "a.<lambda1>"),
            ("<module>", "METHOD", "a.<module>"),
            *([("<setcomp>", "CALL", None)] if sys.version_info < (3, 12) else []),
            ("A", "METHOD", "a.A.<body>"),
            ("f", "METHOD", "a.A.f"),
        ]
        sql = """SELECT count(*) AS c FROM instructions i JOIN code_objects o
            ON i.file_id = o.file_id AND i.code = o.code JOIN nodes n ON o.node_id = n.node_id"""
        assert graph.sql(sql)["c"].to_pylist()[0] > 20
        (problem,) = graph.sql("SELECT code, path, line FROM problems").to_pylist()
        assert problem == {"code": "compile-error", "path": "b.py", "line": 5}
