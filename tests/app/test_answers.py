"""What the commands print: rows on stdout in four formats, the statement on stderr."""

import csv
import io
import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from codeanatomy.app.cli.main import cli
from tests.golden import check_golden
from tests.query.handmade import Handmade

QUESTIONS = {
    "callers": ["callers", "load"],
    "callers_depth": ["callers", "load", "--depth", "3"],
    "callees": ["callees", "main"],
    "defs": ["defs", "shop.load.text"],
    "refs": ["refs", "load"],
    "at_line": ["at", "shop.py:5"],
    "at_column": ["at", "shop.py:7:7"],
    "query": ["query", "SELECT caller, callee, line FROM calls ORDER BY line, callee"],
    "problems": ["show", "problems"],
    "unresolved": ["show", "unresolved"],
    "skipped": ["show", "skipped"],
    "roots": ["show", "roots"],
    "kinds": ["show", "kinds"],
    "tables": ["show", "tables"],
}
EXPLAINED = {
    "explain_edge": ["explain", "edge", "main", "shop.Box.open"],
    "explain_node": ["explain", "node", "shop.load"],
}


def run(shop: Handmade, *words: str) -> Result:
    return CliRunner().invoke(cli, [*words, "--graph", str(shop.store)])


def without_ids(text: str) -> str:
    return re.sub(r"snapshot [0-9a-f]{12}", "snapshot ID", text)


@pytest.mark.parametrize("name", [*QUESTIONS, *EXPLAINED])
def test_text(shop: Handmade, name: str) -> None:
    done = run(shop, *(QUESTIONS | EXPLAINED)[name])
    assert done.exit_code == 0
    shown = f"{done.stdout}--\n{without_ids(done.stderr)}"
    check_golden(f"cli/{name}.txt", shown)


@pytest.mark.parametrize("name", EXPLAINED)
def test_explanations_are_objects_too(shop: Handmade, name: str) -> None:
    array = json.loads(run(shop, *EXPLAINED[name], "--format", "json").stdout)
    lines = run(shop, *EXPLAINED[name], "--format", "jsonl").stdout.splitlines()
    assert array
    assert [json.loads(line) for line in lines] == array


@pytest.mark.parametrize("name", QUESTIONS)
def test_formats_say_the_same(shop: Handmade, name: str) -> None:
    array = json.loads(run(shop, *QUESTIONS[name], "--format", "json").stdout)
    lines = run(shop, *QUESTIONS[name], "--format", "jsonl").stdout.splitlines()
    table = list(csv.DictReader(io.StringIO(run(shop, *QUESTIONS[name], "--format", "csv").stdout)))
    assert array
    assert [json.loads(line) for line in lines] == array
    assert len(table) == len(array)
    for row, cells in zip(array, table, strict=True):
        assert list(cells) == list(row)
        for key, value in row.items():
            assert value is not None or cells[key] == ""
            assert (
                not isinstance(value, (int, str))
                or isinstance(value, bool)
                or (cells[key] == str(value))
            )


def test_callers_contract(shop: Handmade) -> None:
    done = run(shop, "callers", "Box.open", "--format", "json")
    (row,) = json.loads(done.stdout)
    assert row["caller"] == "shop.main"
    assert row["callee"] == "shop.Box.open"
    assert (row["path"], row["line"]) == ("shop.py", 7)
    assert (row["certainty"], row["confidence"], row["evidence"]) == (
        "possible",
        0.5,
        ["ast", "hand"],
    )
    about = json.loads(done.stderr)
    assert (about["ref"], about["dirty"], about["possible"]) == ("main", True, 1)
    assert about["changed_files"] == 0


def test_ids_are_strings(shop: Handmade) -> None:
    text = "SELECT node_id, node_id AS other, max(src) AS most FROM cpg_nodes, cpg_edges"
    text += " GROUP BY node_id LIMIT 1"
    (row,) = json.loads(run(shop, "query", text, "--format", "json").stdout)
    assert all(isinstance(row[key], str) and row[key].isdecimal() for key in row)
    (edge,) = json.loads(
        run(shop, "query", "SELECT edge_id, line FROM cpg_edges LIMIT 1", "--format", "json").stdout
    )
    assert isinstance(edge["edge_id"], str)
    assert isinstance(edge["line"], int)


def test_no_rows(shop: Handmade) -> None:
    assert (
        json.loads(
            run(shop, "callers", "Box", "--certain", "--limit", "0", "--format", "json").stdout
        )
        == []
    )
    done = run(shop, "query", "SELECT * FROM calls WHERE false")
    assert done.stdout == ""
    assert "nothing found" in done.stderr


def test_limit_is_told(shop: Handmade) -> None:
    done = run(shop, "callers", "load", "--depth", "3", "--limit", "1")
    assert len(done.stdout.splitlines()) == 2
    assert "first 1 of 3 rows shown" in done.stderr


def test_query_from_stdin(shop: Handmade) -> None:
    words = ["query", "-", "--format", "csv", "--graph", str(shop.store)]
    assert CliRunner().invoke(cli, words, input="SELECT 1 AS a").stdout == "a\n1\n"


def test_escapes_do_not_reach_a_terminal(shop: Handmade) -> None:
    assert "\x1b" not in run(shop, "show", "problems").output


def test_snapshot(shop: Handmade) -> None:
    shown = json.loads(run(shop, "show", "snapshot", "--format", "json").stdout)
    tables = {t["table"]: t for t in shown["tables"]}
    assert tables["files"]["rows"] == 1
    assert re.fullmatch("[0-9a-f]{16}", tables["nodes"]["content_hash"])
    assert (shown["ref"], shown["dirty"]) == ("main", True)
    assert len(run(shop, "show", "snapshot").stdout.splitlines()) == len(tables) + 1
    assert len(run(shop, "show", "snapshot", "--limit", "2").stdout.splitlines()) == 3


def test_callgraph(shop: Handmade) -> None:
    done = run(shop, "export", "callgraph", "--format", "json")
    assert json.loads(done.stdout) == {
        "shop": ["shop.main"],
        "shop.Box.open": ["shop.load"],
        "shop.load": ["json.loads"],
        "shop.main": ["shop.Box.open"],
    }


def test_nearest_graph(shop: Handmade, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = shop.repo / "deep" / "er"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    lost = CliRunner().invoke(cli, ["callers", "load"])
    assert lost.exit_code == 2
    assert "codeanatomy build" in lost.stderr
    shop.store.rename(shop.repo / ".codeanatomy")
    assert CliRunner().invoke(cli, ["callers", "load"]).exit_code == 0
