"""The symtable witness, and where it and our own scope facts differ: nowhere on real code."""

import sysconfig
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pytest

import codeanatomy
from codeanatomy.engine.session import register, session
from codeanatomy.extract.from_ast import AstCollector
from codeanatomy.extract.parse import parse
from codeanatomy.planning.workload import BATCH, PROFILES
from codeanatomy_bytecode.conflicts import SCOPE_CONFLICT
from codeanatomy_bytecode.symbols import EXTRACTOR

LIBRARY = Path(sysconfig.get_paths()["stdlib"])
DJANGO = Path(__file__).parents[2] / "bench/.corpora/django-5.2.19"
Row = dict[str, Any]


def evidence(contents: list[bytes]) -> dict[str, pa.Table]:
    """The tables of both witnesses, with numbers for files."""
    ours, theirs = AstCollector(), EXTRACTOR.open({})
    for ordinal, content in enumerate(contents):
        source = parse(content)
        if ours.add(ordinal, source):
            theirs.add(ordinal, source)
    found = ours.finish() | theirs.finish()
    named = {n: t.rename_columns(["file_id", *t.schema.names[1:]]) for n, t in found.items()}
    paths = [str(number) for number in range(len(contents))]
    return named | {"source_file": pa.table({"file_id": range(len(contents)), "path": paths})}


def conflicts(tables: dict[str, pa.Table]) -> list[str]:
    """What the view says of the tables."""
    ctx = session(PROFILES[BATCH])
    for name, table in tables.items():
        register(ctx, name, table)
    rows = ctx.sql(SCOPE_CONFLICT.sql).to_arrow_table().to_pylist()
    return sorted(f"{row['path']}:{row['line']}: {row['message']}" for row in rows)


def of_files(paths: list[Path]) -> list[str]:
    return conflicts(evidence([path.read_bytes() for path in paths]))


def symbols(source: str) -> dict[tuple[str, str], Row]:
    """The symbols of a file by the names of scope and symbol."""
    found = evidence([source.encode()])
    scopes = {row["scope"]: row["name"] for row in found["symbol_scope"].to_pylist()}
    return {(scopes[row["scope"]], row["name"]): row for row in found["symbol"].to_pylist()}


SOURCE = """\
import os
def f(a, *, b=1):
    global g
    g = c = a
    def inner():
        nonlocal c
        c = len(b) + g
        return [os for x in a]
class A:
    __z = f
    def m(self): return self.__z, missing
"""


def test_what_each_name_of_a_scope_is() -> None:
    found = symbols(SOURCE)
    wanted = {
        ("f", "a"): "cell",
        ("f", "b"): "cell",
        ("f", "g"): "global",
        ("f", "c"): "cell",
        ("f", "inner"): "local",
        ("inner", "c"): "free",
        ("inner", "len"): "implicit",
        ("inner", "b"): "free",
        ("inner", "g"): "implicit",
        ("inner", "a"): "free",
    }
    assert {key: row["means"] for key, row in found.items() if key in wanted} == wanted
    homes = {key: row["home"] for key, row in found.items()}
    assert homes["f", "g"] == homes["inner", "g"] == homes["top", "os"] == 0
    assert homes["inner", "b"] == homes["f", "b"] == homes["f", "a"] != 0
    assert homes["inner", "len"] is homes["m", "missing"] is None
    assert found["f", "a"]["parameter"]
    assert found["top", "os"]["imported"]
    assert found["f", "g"]["declared"]
    assert found["f", "g"]["assigned"]
    assert not found["f", "g"]["referenced"]
    assert ("A", "_A__z") in found


def test_scopes_say_what_definition_they_are_part_of() -> None:
    rows = evidence([b"def f(x):\n    return (y for z in x for y in (w for w in z))\n"])
    scopes = rows["symbol_scope"].to_pylist()
    assert [row["name"] for row in scopes] == ["top", "f", "genexpr", "genexpr"]
    assert [row["holder"] for row in scopes] == [0, 1, 1, 1]
    assert [row["outer"] for row in scopes] == [None, 0, 1, 2]


def test_what_the_interpreter_refuses_is_a_problem() -> None:
    found = evidence([b"def f(a, a): pass\n", b"x = 1\n"])
    (problem,) = found["file_problem"].to_pylist()
    assert (problem["code"], problem["file_id"]) == ("compile-error", 0)
    assert pc.unique(found["symbol_scope"]["file_id"]).to_pylist() == [1]


def test_small_files_have_no_conflicts() -> None:
    hidden = b"def f(x):\n    class A:\n        x = x\n        def m(self): return x\n"
    curried = b"a = lambda x: (lambda y: x + y) if (lambda: z) else (lambda: w)\n"
    assert conflicts(evidence([SOURCE.encode(), hidden, curried])) == []


def test_names_pass_over_classes() -> None:
    found = symbols("def f(x):\n    class A:\n        x = 1\n        def m(self): return x\n")
    assert found["m", "x"]["home"] == found["f", "x"]["home"] != found["A", "x"]["home"]


@pytest.mark.parametrize(
    ("table", "column", "was", "becomes", "told"),
    [
        ("reference", "how", "enclosing", "global", "0:5: b is enclosing, but not by our scope"),
        ("reference", "how", "builtin", "global", "0:5: len is global, but not by symtable"),
        ("variable", "name", "c", "d", "0:2: c is bound, but not by our scope rules"),
        ("parameter", "name", "self", "this", "0:11: this is bound, but not by symtable"),
        ("symbol", "name", "_A__z", "_A__y", "0:9: __z is bound, but not by symtable"),
    ],
)
def test_every_difference_is_a_conflict(
    table: str, column: str, was: str, becomes: str, told: str
) -> None:
    tables = evidence([SOURCE.encode()])
    rows = tables[table].to_pylist()
    assert any(row[column] == was for row in rows)
    for row in rows:
        row[column] = becomes if row[column] == was else row[column]
    tables[table] = pa.Table.from_pylist(rows, schema=tables[table].schema)
    assert any(line.startswith(told) for line in conflicts(tables))


def test_scope_facts_agree_on_a_sample_of_the_standard_library() -> None:
    paths = [p for p in sorted(LIBRARY.rglob("*.py")) if "site-packages" not in p.parts]
    assert of_files(paths[::40]) == []
    assert (
        of_files([LIBRARY / "test" / f"test_{n}.py" for n in ("scope", "named_expressions")]) == []
    )


@pytest.mark.slow
def test_scope_facts_agree_on_the_standard_library() -> None:
    paths = [p for p in sorted(LIBRARY.rglob("*.py")) if "site-packages" not in p.parts]
    assert of_files(paths) == []


@pytest.mark.slow
def test_scope_facts_agree_on_django() -> None:
    if not DJANGO.exists():
        pytest.skip("the sources of Django are not in bench/.corpora")
    assert of_files(sorted(DJANGO.rglob("*.py"))) == []


def test_a_build_with_symtable_has_its_tables(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text(SOURCE)
    codeanatomy.build(tmp_path, witnesses={"symtable": ""}, workers=1, cache=False)
    with codeanatomy.open_graph(tmp_path) as graph:
        assert graph.sql("SELECT * FROM symbols").num_rows > 20
        assert graph.sql("SELECT * FROM problems").num_rows == 0
    codeanatomy.build(tmp_path, workers=1, cache=False)
    with codeanatomy.open_graph(tmp_path) as graph:
        assert not {"symbols", "instructions"} & {
            *graph.sql("SHOW TABLES")["table_name"].to_pylist()
        }
