"""Slices and ways of data, on small repositories that are really built."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

import codeanatomy
from codeanatomy.app.cli.main import cli
from codeanatomy.facts.errors import CodeAnatomyError, UsageError
from codeanatomy.query import slice as slices
from codeanatomy.query.about import about_of
from codeanatomy.query.graph import Graph

WEB = """\
import os
import shlex

def ask(prompt):
    text = input(prompt)
    if not text:
        text = "nothing"
    return text

def run(command, shell):
    line = shell + " -c " + command
    if shell:
        os.system(line)
    return line

def main():
    asked = ask("? ")
    quoted = shlex.quote(asked)
    run(asked, "sh")
    os.system(quoted)
    for part in asked:
        print(part)
    return 0
"""
FLOWS = """\
def loop(items, limit):
    total = 0
    for item in items:
        if item > limit:
            break
        total += item
    other = limit
    return total

def match(value):
    match value:
        case [first, *_]:
            return first
        case other:
            pass
    return other

def caught(path):
    try:
        data = open(path)
    except OSError as error:
        data = str(error)
    with data as inner:
        return inner
"""
NESTED = """\
def keep(first, second):
    return first
def user():
    one = input()
    two = input()
    three = keep(one, two)
    print(three)
"""


@pytest.fixture(scope="module")
def graph(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graph]:
    repo = tmp_path_factory.mktemp("repo")
    (repo / "web.py").write_text(WEB)
    (repo / "flows.py").write_text(FLOWS)
    (repo / "nested.py").write_text(NESTED)
    (repo / "empty.py").write_text("# nothing\n")
    codeanatomy.build(repo, workers=1, cache=False)
    with codeanatomy.open_graph(repo) as graph:
        yield graph


def lines(graph: Graph, place: str, **options: bool | int) -> list[int]:
    path, _, line = place.partition(":")
    rows = graph.slice(path, int(line), **options).to_pylist()  # type: ignore[arg-type]
    assert {row["path"] for row in rows} == {path}
    return sorted({row["line"] for row in rows})


def test_backward_inside_a_function(graph: Graph) -> None:
    assert lines(graph, "flows.py:8", depth=0) == [1, 2, 3, 4, 6, 8]
    assert lines(graph, "flows.py:7", depth=0) == [1, 7]
    assert lines(graph, "flows.py:13", depth=0) == [10, 11, 13]  # the name of a pattern
    assert lines(graph, "flows.py:24", depth=0) == [18, 20, 21, 22, 23, 24]


def test_forward_inside_a_function(graph: Graph) -> None:
    assert lines(graph, "flows.py:2", depth=0, forward=True) == [2, 6, 8]
    assert lines(graph, "flows.py:4", depth=0, forward=True) == [3, 4, 5, 6, 8]


def test_a_row_says_which_step_led_to_it(graph: Graph) -> None:
    rows = {r["line"]: r for r in graph.slice("web.py", 13, depth=0).to_pylist()}
    shown = {n: (r["why"], r["name"], r["from_line"], r["text"]) for n, r in rows.items()}
    assert shown[13] == ("start", "", 13, "os.system(line)")
    assert shown[12] == ("control", "", 13, "if shell:")
    assert shown[11] == ("data", "line", 13, 'line = shell + " -c " + command')


def test_through_calls(graph: Graph) -> None:
    assert 19 not in lines(graph, "web.py:13", depth=0)
    assert {17, 19} <= {*lines(graph, "web.py:13", depth=1)}
    assert 5 not in lines(graph, "web.py:13", depth=1)
    assert 5 in lines(graph, "web.py:13", depth=2)
    assert {17, 18, 19, 20} <= {*lines(graph, "web.py:5", depth=1, forward=True)}
    assert 13 in lines(graph, "web.py:5", depth=2, forward=True)


def test_only_what_is_certain(graph: Graph) -> None:
    assert 5 in lines(graph, "web.py:8", depth=0)
    assert lines(graph, "web.py:8", depth=0, certain=True) == [8]


def test_arguments_are_told_apart(graph: Graph) -> None:
    rows = graph.slice("web.py", 17, forward=True, depth=1).to_pylist()
    entered = [r for r in rows if r["why"] == "argument"]
    told = {(r["line"], r["name"], r["certainty"], r["confidence"]) for r in entered}
    assert told == {(4, "prompt", "certain", 1.0), (10, "command", "certain", 1.0)}  # no `shell`
    assert lines(graph, "nested.py:2", depth=1) == [1, 2, 4, 6]  # not what `two` comes from
    assert lines(graph, "nested.py:4", depth=1, forward=True) == [1, 2, 4, 6, 7]
    assert lines(graph, "nested.py:5", depth=1, forward=True) == [1, 5, 6, 7]


def test_places_without_a_statement_are_refused(graph: Graph) -> None:
    with pytest.raises(UsageError, match=r"no statement begins at empty\.py:1"):
        graph.slice("empty.py", 1)
    with pytest.raises(UsageError, match="no file"):
        graph.slice("lost.py", 1)


def ways(graph: Graph, *ends: str, **options: object) -> list[list[int]]:
    rows = graph.path(*ends, **options).to_pylist()  # type: ignore[arg-type]
    assert [r["step"] for r in rows if r["step"] == 0] == [0] * len({r["way"] for r in rows})
    return [
        [r["line"] for r in rows if r["way"] == way] for way in sorted({r["way"] for r in rows})
    ]


def test_ways_of_data(graph: Graph) -> None:
    found = ways(graph, "builtins.input", "os.system")
    assert sorted(found) == [[5, 8, 17, 18, 20], [5, 8, 17, 19, 10, 11, 13]]
    assert ways(graph, "builtins.input", "os.system", depth=1) == [[5, 8, 17, 18, 20]]
    assert ways(graph, "os.system", "builtins.input") == []


def test_no_way_leads_past_a_sanitizer(graph: Graph) -> None:
    found = ways(graph, "builtins.input", "os.system", sanitizers=["shlex.quote"])
    assert found == [[5, 8, 17, 19, 10, 11, 13]]


def test_source_and_sink_in_one_statement(graph: Graph) -> None:
    assert ways(graph, "builtins.str", "builtins.str") == [[22]]
    assert ways(graph, "builtins.str", "builtins.str", sanitizers=["builtins.str"]) == []


def test_a_slice_that_was_cut_says_so(graph: Graph, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "more than" not in about_of(graph.slice("web.py", 5, forward=True)).concerns
    monkeypatch.setattr(slices, "MOST", 3)
    cut = graph.slice("web.py", 5, forward=True)
    assert "more than 3 statements" in about_of(cut).concerns


def test_unknown_ends_are_refused(graph: Graph) -> None:
    with pytest.raises(CodeAnatomyError, match=r"builtins\.input"):
        graph.path("builtins.inputt", "os.system")


def test_names_of_ends_in_a_file(graph: Graph, tmp_path: Path) -> None:
    file = tmp_path / "taint.toml"

    def asked(text: str) -> tuple[int, str]:
        file.write_text(text)
        words = ["path", "--names", str(file), "--graph", str(graph.store), "--format", "csv"]
        result = CliRunner().invoke(cli, words)
        return result.exit_code, result.output

    known = 'sources = ["builtins.input", "no.such"]\nsinks = ["os.system"]\n'
    code, printed = asked(known)
    assert code == 0
    assert "web.py,20" in printed
    code, printed = asked(known + 'sanitizers = ["shlex.quote"]')
    assert code == 0
    assert "web.py,20" not in printed
    for wrong in ('sources = ["a"]', known + "sink = 1", 'sources = "a"\nsinks = ["b"]', "x ="):
        code, printed = asked(wrong)
        assert code == 2
        assert "taint.toml" in printed


def test_what_the_commands_print(graph: Graph) -> None:
    def printed(*words: str) -> list[str]:
        result = CliRunner().invoke(cli, [*words, "--graph", str(graph.store)])
        assert result.exit_code == 0
        return [" ".join(line.split()) for line in result.stdout.splitlines()]

    assert printed("slice", "web.py:13", "--depth", "0")[-3:] == [
        'web.py:11 line = shell + " -c " + command data line 13 certain',
        "web.py:12 if shell: control 13 certain",
        "web.py:13 os.system(line) start 13 certain",
    ]
    assert printed("path", "input", "os.system", "--depth", "1")[1:] == [
        "1 web.py:5 text = input(prompt) start certain",
        "1 web.py:8 return text data text possible",
        '1 web.py:17 asked = ask("? ") result certain',
        "1 web.py:18 quoted = shlex.quote(asked) data asked certain",
        "1 web.py:20 os.system(quoted) data quoted certain",
    ]
    for words in (
        ["slice", "web.py"],
        ["slice", "web.py:999"],
        ["slice", "web.py:13:5"],
        ["path", "nothing_here", "input"],
    ):
        assert CliRunner().invoke(cli, [*words, "--graph", str(graph.store)]).exit_code == 2


def test_each_step_of_a_way_goes_on_from_where_the_last_one_entered(tmp_path: Path) -> None:
    (tmp_path / "two.py").write_text(
        "import os\n"
        "def main():\n"
        "    text = input()\n"
        "    longer = text + 'x'\n"
        "    both(text, longer)\n"
        "def both(first, second):\n"
        "    print(first)\n"
        "    os.system(second)\n"
    )
    codeanatomy.build(tmp_path, workers=1, cache=False)
    with codeanatomy.open_graph(tmp_path) as graph:
        assert ways(graph, "builtins.input", "os.system") == [[3, 4, 5, 6, 8]]
        assert [3, 5, 6, 7] in ways(graph, "builtins.input", "builtins.print")
