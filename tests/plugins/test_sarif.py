"""A SARIF file becomes findings that flag nodes, or problems."""

import codecs
import copy
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeanatomy.extract.witness import Surveyed
from codeanatomy.facts.problem import CODES
from codeanatomy.facts.schema import schema_from_struct
from codeanatomy_sarif import survey
from codeanatomy_sarif.survey import SURVEY
from codeanatomy_sarif.tables import Finding
from tests.extract.files import scanned

from .sarif_log import Json, at, log, run

TEXT = 's = "😀é";\tgamma = 1\r\nbeta = gamma\n'


def read(root: Path, data: bytes, files: dict[str, str | bytes] | None = None) -> Surveyed:
    """What the SARIF file says of the files."""
    files = {"a.py": TEXT} if files is None else files
    for path, text in files.items():
        (root / "repo" / path).parent.mkdir(parents=True, exist_ok=True)
        (root / "repo" / path).write_bytes(text.encode() if isinstance(text, str) else text)
    (root / "found.sarif").write_bytes(data)
    table = scanned(root / "repo", list(files))
    found = SURVEY.read(root / "repo", table, (), str(root / "found.sarif"))
    assert found.tables["finding"].schema.equals(schema_from_struct(Finding))
    assert all(problem.code in CODES for problem in found.problems)
    return found


def rows(found: Surveyed) -> list[Json]:
    listed: list[Json] = found.tables["finding"].to_pylist()
    return sorted(listed, key=lambda row: (row["bstart"], row["bend"], row["rule"]))


def flagged(found: Surveyed, text: str | bytes = TEXT) -> list[str]:
    """The text of all findings' regions."""
    content = text.encode() if isinstance(text, str) else text
    return [content[row["bstart"] : row["bend"]].decode() for row in rows(found)]


def messages(found: Surveyed) -> list[str]:
    return [problem.message for problem in found.problems]


GAMMA = {"startLine": 1, "endLine": 1}  # of the text above: behind an emoji of two UTF-16 units


@pytest.mark.parametrize(
    "kind, name, column",
    [
        (None, "Tool", 12),
        ("utf16CodeUnits", "Tool", 12),
        ("unicodeCodePoints", "Tool", 11),
        (None, "Bandit", 15),  # counts bytes, and ruff code points, and neither says so
        (None, "ruff", 11),
        ("utf16CodeUnits", "ruff", 12),
    ],
)
def test_columns_count_as_the_run_says(
    tmp_path: Path, kind: str | None, name: str, column: int
) -> None:
    one = at(startLine=1, startColumn=column, endColumn=column + 5)
    more = {"columnKind": kind} if kind else {}
    found = read(tmp_path, log(run(one, name=name, **more)))
    assert not found.problems
    assert flagged(found) == ["gamma"]


START = TEXT.encode().index(b"gamma")
LAST = len(TEXT) + 1  # in UTF-16


@pytest.mark.parametrize(
    "region, text",
    [
        ({"startLine": 2}, "beta = gamma"),
        ({"startLine": 2, "startColumn": 8}, "gamma"),
        ({"startLine": 2, "startColumn": 1, "endColumn": 5}, "beta"),
        ({"startLine": 1, "startColumn": 12, "endLine": 2, "endColumn": 5}, "gamma = 1\r\nbeta"),
        ({"startLine": 1, "startColumn": 11, "endColumn": 17}, "gamma"),  # blanks at its start
        ({"startLine": 2, "startColumn": 5, "endColumn": 6}, " "),  # nothing but blanks
        ({"startLine": 2, "startColumn": 6, "endColumn": 6}, ""),
        ({"startLine": 2, "startColumn": 1, "endLine": 3, "endColumn": 1}, "beta = gamma"),
        ({"startLine": 2, "startColumn": 0}, "beta = gamma"),  # as older bandits write it
        ({"startLine": 2, "startColumn": 8, "endColumn": 99}, "gamma"),
        (
            {"startLine": 1, "startColumn": 12, "endColumn": 24},
            "gamma = 1",
        ),  # fewer units than bytes
        ({"startLine": 2, "startColumn": 99, "endColumn": 5}, "beta"),
        ({"startLine": 2, "startColumn": 10**30, "endColumn": -7}, "beta = gamma"),
        ({"startLine": 1, "startColumn": 7, "endColumn": 11}, 's = "😀é";'),  # half an emoji
        ({"startLine": 2, "startColumn": 8, "endColumn": 3}, ""),  # ends before it starts
        ({"byteOffset": START, "byteLength": 5}, "gamma"),
        ({"charOffset": 11, "charLength": 5}, "gamma"),
        ({"charOffset": LAST - 6, "charLength": 5}, "gamma"),
        ({"charOffset": -1, "byteOffset": -1}, TEXT),
        ({"snippet": 1}, TEXT),
    ],
)
def test_regions_are_bytes(tmp_path: Path, region: Json, text: str) -> None:
    found = read(tmp_path, log(run(at(**region))))
    assert not found.problems
    assert flagged(found) == [text]


@pytest.mark.parametrize(
    "region",
    [
        {"startLine": 0},
        {"startLine": 4},
        {"startLine": 10**30},
        {"startLine": 1, "endLine": 4},
        {"startLine": 2, "endLine": 1},
        {"byteOffset": 10, "byteLength": 99},
        {"byteOffset": -2},
        {"byteOffset": 9, "byteLength": -99},
        {"byteOffset": 10**30},
        {"charOffset": 39, "charLength": 1},
        {"charOffset": 10**30, "charLength": 1},
        {"charOffset": -2, "charLength": 1},
    ],
)
def test_a_region_that_is_not_in_the_file_is_counted(tmp_path: Path, region: Json) -> None:
    found = read(tmp_path, log(run(at(**region), at(**region), at(startLine=2))))
    assert flagged(found) == ["beta = gamma"]
    assert [problem.code for problem in found.problems] == ["tool-skipped"]
    assert messages(found)[0].startswith("2 results have a region that is not in their file's text")


def test_marks_line_ends_and_encodings_of_files(tmp_path: Path) -> None:
    second = at("b.py", startLine=2, startColumn=11, endColumn=12)
    latin = '# coding: latin-1\r\ns = "éé"; d = s\r\n'.encode("latin-1")
    marked = b"\xef\xbb\xbfab = 1\rc"
    strange = b"# coding: no-such\nab"
    data = log(
        run(
            second,
            at("c.py", startLine=1, startColumn=1, endColumn=3),
            at("c.py", startLine=2),
            at("c.py", charOffset=0, charLength=2),
            at("c.py", byteOffset=3, byteLength=2),
            at("d.py", startLine=2),
            at("e.py"),
            at("e.py", startLine=1),
        )
    )
    files: dict[str, str | bytes]
    files = {"b.py": latin, "c.py": marked, "d.py": strange, "e.py": b""}
    found = read(tmp_path, data, files)
    assert not found.problems
    held = {}
    for row in rows(found):
        held.setdefault(row["file_id"], []).append((row["bstart"], row["bend"], row["line"]))
    start = latin.index(b"d =")
    assert sorted(held.values()) == sorted(
        [
            [(start, start + 1, 2)],
            [(3, 5, 1)] * 3 + [(len(marked) - 1, len(marked), 2)],
            [(18, 20, 2)],
            [(0, 0, 1)] * 2,
        ]
    )


ABOVE = "file:///build/checkout/"


@pytest.mark.parametrize(
    "location",
    [
        {"uri": "src/my%20shop/%C3%A9.py"},
        {"uri": "src/my shop/é.py"},
        {"uri": "./src/x/../my%20shop/%c3%a9.py"},
        {"uri": "{repo}/src/my%20shop/%C3%A9.py"},
        {"uri": "file://{repo}/src/my%20shop/%C3%A9.py"},
        {"uri": "file://localhost{repo}/src/my%20shop/%C3%A9.py"},
        {"uri": "FILE:{repo}/src/my%20shop/%C3%A9.py"},
        {"uri": "%C3%A9.py", "uriBaseId": "SHOP"},
        {"uri": "my%20shop/%C3%A9.py", "uriBaseId": "SRC"},
        {"uri": "src/my%20shop/%C3%A9.py", "uriBaseId": "ELSEWHERE"},
        {"uri": "src/my%20shop/%C3%A9.py", "uriBaseId": "UNKNOWN"},
        {"uri": "src/my%20shop/%C3%A9.py", "uriBaseId": "LOOP"},
        {"index": 1},
    ],
)
def test_uris_of_every_form_mean_their_file(tmp_path: Path, location: Json) -> None:
    repo = str(tmp_path / "repo")
    bases: Json = {
        "ROOT": {"uri": f"file://{repo}/"},
        "SRC": {"uri": "src/", "uriBaseId": "ROOT"},
        "SHOP": {"uri": "my%20shop", "uriBaseId": "SRC"},
        "ELSEWHERE": {"uri": ABOVE},
        "LOOP": {"uriBaseId": "LOOP"},
        "BROKEN": 7,
    }
    one = at()
    if "uri" in location:
        location = {**location, "uri": location["uri"].replace("{repo}", repo)}
    one["locations"][0]["physicalLocation"]["artifactLocation"] = location
    artifacts = [{"location": {"uri": "b.py"}}, {"location": {"uri": "src/my%20shop/%C3%A9.py"}}]
    data = log(run(one, originalUriBaseIds=bases, artifacts=artifacts))
    found = read(tmp_path, data, {"src/my shop/é.py": TEXT, "b.py": "", "é.py": "# another"})
    assert not found.problems
    assert flagged(found) == [TEXT]


@pytest.mark.parametrize(
    "uri",
    [
        *("b.py", "../a.py", "../repo/a.py", "%2e%2e/repo/a.py", "a.py/..", "", ".", "/a.py"),
        *("file:///a.py", "file://host/a.py", "http://host/a.py", "file:", "file://"),
        *(
            "a.py%00",
            "a.py\0",
            "/etc/passwd",
            "file:///etc/passwd",
            "%",
            "%zz",
            "c:/a.py",
            "\ud800",
        ),
    ],
)
def test_uris_of_other_files_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, uri: str
) -> None:
    monkeypatch.setattr(survey, "as_scanned", None)  # nothing is opened
    data = log(run(at(uri), at(uri)))
    found = read(tmp_path, data)
    assert not rows(found)
    [said] = messages(found)
    assert said.startswith("2 results ") or "no SARIF" in said  # half a character is no JSON


def test_files_of_other_hosts_are_not_ours_and_odd_names_may_be_written_plainly(
    tmp_path: Path,
) -> None:
    data = log(run(at(f"file://host{tmp_path}/repo/a.py"), at("100%25%41.py"), at("7%41.py")))
    found = read(tmp_path, data, {"a.py": TEXT, "100%A.py": "x", "7%41.py": "yy"})
    assert sorted(row["bend"] for row in rows(found)) == [1, 2]
    assert messages(found)[0].startswith("1 results are of no scanned file; one is of 'file://host")


def test_what_is_suppressed_or_no_failure_is_left_out(tmp_path: Path) -> None:
    def with_(**more: object) -> Json:
        return at(rule=json.dumps(more)) | more

    quiet = [
        with_(suppressions=[{"kind": "inSource"}]),
        with_(suppressions=[{"kind": "external", "status": "accepted"}, {"status": "rejected"}]),
        with_(kind="pass"),
        with_(kind="notApplicable", level="none"),
        with_(kind="informational"),
        with_(baselineState="absent"),
    ]
    heard = [
        with_(suppressions=[]),
        with_(suppressions=None),
        with_(suppressions=[{"kind": "external", "status": "underReview"}]),
        with_(kind="fail"),
        with_(baselineState="unchanged"),
    ]
    found = read(tmp_path, log(run(*quiet, *heard)))
    assert not found.problems
    assert {row["rule"] for row in rows(found)} == {one["ruleId"] for one in heard}


def test_rules_say_what_a_result_does_not(tmp_path: Path) -> None:
    rules = [
        {"id": "A", "defaultConfiguration": {"level": "note"}},
        {"id": "B", "messageStrings": {"m": {"text": "{0} and {1}, not {2}"}}},
        7,
    ]
    pack = {"name": "pack", "rules": [{"id": "C", "defaultConfiguration": {"level": "error"}}]}
    bare = {"locations": at(startLine=1)["locations"]}
    data = run(
        bare | {"ruleIndex": 0, "message": {"markdown": "*no*"}},
        bare | {"ruleId": "A", "level": "error"},
        bare | {"rule": {"index": 1}, "message": {"id": "m", "arguments": ["x", "y"]}},
        bare | {"rule": {"index": 0, "toolComponent": {"index": 0}}},
        bare | {"ruleId": "C", "level": "strange", "message": {"text": "x" * 9999}},
        bare | {"ruleId": "D", "ruleIndex": 99},
        bare | {"ruleIndex": 2},
    )
    data["tool"] = {"driver": {"name": "T", "rules": rules}, "extensions": [pack]}
    found = read(tmp_path, log(data))
    assert not found.problems
    assert {(row["rule"], row["level"], row["message"][:9]) for row in rows(found)} == {
        ("A", "note", "*no*"),
        ("A", "error", ""),
        ("B", "warning", "x and y, "),
        ("C", "error", ""),
        ("C", "error", "x" * 9),
        ("D", "warning", ""),
        ("", "warning", ""),
    }
    assert max(len(row["message"]) for row in rows(found)) == 2000


def test_keys_tell_equal_findings_apart_and_stay_where_code_moves(tmp_path: Path) -> None:
    def keys(text: str, results: list[Json], name: str = "T") -> list[int]:
        found = read(tmp_path, log(run(*results, name=name)), {"a.py": text})
        return [row["node"] for row in rows(found)]

    def lines(first: int) -> list[Json]:
        return [at(rule="R", startLine=line) for line in (first, first + 1, first + 2)]

    before = keys("f(1)\nf(1)\nf(2)\n", lines(1))
    assert len(set(before)) == 3
    assert keys("# new\n\n\nf(1)\nf(1)\nf(2)\n", lines(4)[::-1]) == before
    twice = keys("f(1)\nf(1)\nf(2)\n", [*lines(1), *lines(1)])
    assert len(set(twice)) == 6
    assert set(before) < set(twice)
    assert set(keys("f(1)\nf(1)\nf(2)\n", lines(1), "U")).isdisjoint(before)


def test_a_file_that_changed_since_is_counted(tmp_path: Path) -> None:
    read(tmp_path, log(run(at())))
    table = scanned(tmp_path / "repo", ["a.py"])
    (tmp_path / "repo/a.py").write_text("changed")
    found = SURVEY.read(tmp_path / "repo", table, (), str(tmp_path / "found.sarif"))
    assert not rows(found)
    assert messages(found) == [
        "1 results are of a file that changed since it was scanned; one is of 'a.py'"
    ]


def test_a_file_has_so_many_findings_at_most(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "MANY", 2)
    results = [at(startLine=2), at("b.py"), at(startLine=2), at(), at()]
    found = read(tmp_path, log(run(*results)), {"a.py": TEXT, "b.py": ""})
    assert len(rows(found)) == 3
    assert messages(found)[0].startswith("2 results are more than the first ")


def test_one_broken_result_costs_itself_alone(tmp_path: Path) -> None:
    wrong: list[object] = [7, None, "x", [], at() | {"message": 1}, at() | {"locations": {}}]
    wrong += [at(startLine="1"), at(startLine=1.5), at() | {"ruleIndex": []}]  # type: ignore[arg-type]
    nowhere = [{}, at() | {"locations": []}, at() | {"locations": [{}]}]
    found = read(tmp_path, log(7, run(*wrong, at(), *nowhere), {"results": 7}, {}, run()))
    assert flagged(found) == [TEXT]
    assert {problem.message.partition(";")[0] for problem in found.problems} == {
        "9 results are not as SARIF has them",
        "3 results have no location",
        "2 runs are not as SARIF has them",
    }


DEEP = 100_000
BAD = {
    "nothing": b"",
    "text": b"def f(): pass",
    "list": b"[]",
    "number": b"7",
    "cut off": log(run(at()))[:-9],
    "twice": log() * 2,
    "no version": b'{"runs": []}',
    "older version": b'{"version": "1.0.0", "runs": []}',
    "no runs": b'{"version": "2.1.0"}',
    "no list of runs": b'{"version": "2.1.0", "runs": {}}',
    "zeros": bytes(100),
    "deep": b'{"version": "2.1.0", "x": ' + b"[" * DEEP + b"]" * DEEP + b', "runs": []}',
    "deep and open": b'{"version": "2.1.0", "runs": ' + b'[{"x": ' * DEEP,
    "not UTF-8": b'{"version": "\xff", "runs": []}',
    "half UTF-16": codecs.BOM_UTF16_LE + b"{",
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_what_is_no_sarif_file_is_a_problem(tmp_path: Path, data: bytes) -> None:
    found = read(tmp_path, data)
    assert [problem.code for problem in found.problems] == ["tool-failed"]
    assert not rows(found)


def test_a_file_that_cannot_be_read_is_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = scanned(tmp_path, [])
    for asked in ("", str(tmp_path / "missing"), str(tmp_path), "a\0b"):
        found = SURVEY.read(tmp_path, files, (), asked)
        assert [problem.code for problem in found.problems] == ["tool-failed"]
    with open(tmp_path / "huge", "wb") as file:
        file.truncate(survey.LARGEST + 1)
    [problem] = SURVEY.read(tmp_path, files, (), str(tmp_path / "huge")).problems
    assert "more than" in problem.message
    monkeypatch.setattr(survey, "MOST", 9)
    assert "more than 9 values" in messages(read(tmp_path, log(run(*[{}] * 20))))[0]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_files_as_windows_writes_them(tmp_path: Path, encoding: str) -> None:
    found = read(tmp_path, log(run(at())).decode().encode(encoding))
    assert flagged(found) == [TEXT]


VALID = run(
    at(startLine=1, startColumn=11, endLine=2, endColumn=3),
    at(byteOffset=3, byteLength=4) | {"ruleIndex": 0, "suppressions": []},
    at(charOffset=3, charLength=4) | {"kind": "fail", "level": "error"},
    at() | {"rule": {"id": "X", "index": 0, "toolComponent": {"index": 0}}},
    at() | {"message": {"id": "m", "arguments": ["1"]}, "baselineState": "new"},
    originalUriBaseIds={"A": {"uri": "src/", "uriBaseId": "B"}, "B": {"uri": ABOVE}},
    artifacts=[{"location": {"uri": "a.py", "uriBaseId": "A"}}],
    columnKind="utf16CodeUnits",
)
VALID["tool"]["driver"]["rules"] = [{"id": "X", "messageStrings": {"m": {"text": "{0}"}}}]
VALUES: list[object] = [
    *(None, 0, -1, 1, 10**30, 1.5, True, "", "a.py", "../a.py", "%00", "\ud83d", "A", [], {}, [{}]),
    *("é" * 99, "{0}", "file:///", "B"),
]


def places(value: object) -> Iterator[tuple[Any, Any]]:
    """Each container with each of its keys."""
    if isinstance(value, dict | list):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places(value[key])


def exchanged(chance: random.Random, value: Any) -> None:
    held, key = chance.choice([*places(value)])
    held[key] = copy.deepcopy(chance.choice(VALUES))


def dropped(chance: random.Random, value: Any) -> None:
    held, key = chance.choice([*places(value)])
    del held[key]


def moved(chance: random.Random, value: Any) -> None:
    (held, key), (other, there) = (chance.choice([*places(value)]) for _ in "ab")
    held[key] = copy.deepcopy(other[there])


CHANGES: list[Callable[[random.Random, Any], None]] = [exchanged, dropped, moved]


@settings(max_examples=300, deadline=None)
@given(st.randoms(use_true_random=False), st.integers(1, 6))
def test_a_changed_file_gives_rows_or_problems(
    tmp_path_factory: pytest.TempPathFactory, chance: random.Random, count: int
) -> None:
    value: Json = {"version": "2.1.0", "runs": [copy.deepcopy(VALID)]}
    for _ in range(count):
        if value:
            chance.choice(CHANGES)(chance, value)
    root = tmp_path_factory.mktemp("any")
    content = TEXT.encode()
    for row in rows(read(root, json.dumps(value).encode())):
        assert 0 <= row["bstart"] <= row["bend"] <= len(content)
        assert row["line"] == content[: row["bstart"]].count(b"\n") + 1


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_changed_bytes_give_rows_or_problems(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    text = bytearray(log(VALID))
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        text[start : start + data.draw(st.integers(0, 3))] = data.draw(st.binary(max_size=3))
    found = read(tmp_path_factory.mktemp("any"), bytes(text))
    assert found.tables.keys() == {"finding"}
