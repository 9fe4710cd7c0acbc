"""A SCIP index becomes rows about bytes of the files as they are, or problems."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeanatomy.extract.witness import Surveyed
from codeanatomy.facts.ids import hash_text
from codeanatomy.facts.problem import CODES
from codeanatomy.facts.schema import schema_from_struct, table_name
from codeanatomy_scip import indexer
from codeanatomy_scip.messages import LARGEST, LONGEST
from codeanatomy_scip.survey import SURVEY, places
from tests.extract.files import scanned

from .scip_index import document, index, message, number, occurrence

UNITS = {0: "utf-16-le", 1: "utf-8", 2: "utf-16-le", 3: "utf-32-le"}
WIDTH = {"utf-16-le": 2, "utf-8": 1, "utf-32-le": 4}
TWO = ("x . . . a/f().", "x . . . b/g().")
TEXT = 's = "😀é";\tgamma = 1\r\nbeta = gamma\n'


def units(text: str, encoding: int) -> int:
    """Length of the text as the encoding counts."""
    return len(text.encode(UNITS[encoding])) // WIDTH[UNITS[encoding]]


def read(root: Path, files: dict[str, str | bytes], data: bytes) -> Surveyed:
    """What the index says of the files."""
    for path, text in files.items():
        (root / "repo" / path).parent.mkdir(parents=True, exist_ok=True)
        (root / "repo" / path).write_bytes(text.encode() if isinstance(text, str) else text)
    (root / "index.scip").write_bytes(data)
    found = SURVEY.read(
        root / "repo", scanned(root / "repo", list(files)), (), str(root / "index.scip")
    )
    for struct in SURVEY.tables:
        assert found.tables[table_name(struct)].schema.equals(schema_from_struct(struct))
    assert all(problem.code in CODES for problem in found.problems)
    return found


def spans(found: Surveyed, exact: bool = True) -> list[tuple[int, int]]:
    """Start and end of all occurrences, or of what they define."""
    rows = found.tables["scip_occurrence"].to_pylist()
    return [(row["bstart"], row["bend"]) for row in rows if row["exact"] == exact]


def messages(found: Surveyed) -> list[str]:
    return [problem.message for problem in found.problems]


@pytest.mark.parametrize("encoding", UNITS)
def test_columns_of_every_encoding_are_bytes(tmp_path: Path, encoding: int) -> None:
    before = units('s = "😀é";\t', encoding)
    data = index(
        document(
            "a.py",
            occurrence((0, 0, 1), "a/s.", 1),
            occurrence((0, before, before + 5), "a/gamma.", 1),
            occurrence((1, 0, 1, 4), "a/beta.", 1),
            occurrence((1, 7, 12), "a/gamma."),
            encoding=encoding,
        )
    )
    found = read(tmp_path, {"a.py": TEXT}, data)
    assert not found.problems
    content = TEXT.encode()
    words = [content[start:end] for start, end in spans(found)]
    assert words == [b"s", b"gamma", b"beta", b"gamma"]


TEXTS = st.text(st.sampled_from("ab_ \t\né€😀"), max_size=30)


@given(TEXTS, st.sampled_from(sorted(UNITS)))
def test_every_character_has_its_byte(text: str, encoding: int) -> None:
    pairs, wanted = [], []
    for line, written in enumerate(text.split("\n")):
        start = len("\n".join(text.split("\n")[:line]).encode()) + (line > 0)
        for count in range(len(written) + 1):
            pairs.append((line, units(written[:count], encoding)))
            wanted.append(start + len(written[:count].encode()))
    found = places(text.encode(), encoding, np.array(pairs, np.int64))
    assert found.tolist() == wanted


def test_places_that_are_not_in_the_text_have_no_byte() -> None:
    pairs = [(0, 6), (0, 8), (3, 0), (0, 99), (-1, 0), (0, -1), (1, 14), ((1 << 31) - 1, 0)]
    found = places(TEXT.encode(), 2, np.array(pairs, np.int64))
    assert found.tolist() == [-1, 11, -1, -1, -1, -1, -1, -1]  # (0, 6): half of the smiley


def test_other_encodings_and_marks_of_files() -> None:
    latin = '# coding: latin-1\r\ns = "éé"; d = s\r\n'.encode("latin-1")
    assert places(latin, 0, np.array([(1, 10)])).tolist() == [latin.index(b"d =")]
    assert places(b"\xef\xbb\xbfab = 1", 0, np.array([(0, 0), (0, 1)])).tolist() == [0, 3]
    assert places(b"# coding: no-such\nab", 0, np.array([(1, 0)])).tolist() == [18]
    assert places(b"a\rb\nc", 0, np.array([(1, 0), (2, 1)])).tolist() == [2, 5]


def test_ranges_as_numbers_and_as_messages(tmp_path: Path) -> None:
    one = message((1, 1), (2, 0), (3, 4))  # line, start, end
    many = message((1, 0), (2, 0), (3, 1), (4, 12))
    data = index(
        document(
            "a.py",
            message((2, "a/beta."), (8, one), (3, 1), (11, many)),
            message((2, "a/all."), (9, many)),
            message((2, "a/__init__:"), (8, b"")),
            occurrence((1, 7, 12), "a/gamma.", 8, (7, bytes([1, 0, 12]))),
            message((2, "a/plain."), (1, 1), (1, 7), (1, 12), (3, 1), (10, one)),
        )
    )
    found = read(tmp_path, {"a.py": TEXT}, data)
    end = len(TEXT.encode()) - 1
    line = end - 12
    gamma = (line + 7, end)
    assert spans(found) == [(0, 0), (0, end), (line, line + 4), gamma, gamma]
    assert spans(found, exact=False) == [(0, end), (line, line + 4)]  # of definitions only


def test_symbols_are_told_by_text_and_local_ones_by_their_file(tmp_path: Path) -> None:
    related = [message((1, "x . . . a/f()."), (3, 1), (5, 1)), message((1, "local 1"), (4, 1))]
    told = message((1, "x . . . b/g()."), *((4, one) for one in related))
    data = index(
        document("a.py", occurrence((0, 0, 1), "local 1")),
        document(
            "b.py",
            occurrence((0, 0, 1), "local 1"),
            occurrence((0, 0, 1), "x . . . a/f()."),
            symbols=[told],
        ),
    )
    found = read(tmp_path, {"a.py": "x", "b.py": "x"}, data)
    here, there, f, g = map(hash_text, ("a.py:local 1", "b.py:local 1", *TWO))
    assert set(found.tables["scip_occurrence"]["symbol"].to_pylist()) == {here, there, f}
    rows = [tuple(row.values())[1:] for row in found.tables["scip_relationship"].to_pylist()]
    assert set(rows) == {(g, f, "implementation"), (g, f, "definition"), (g, there, "type")}


def test_diagnostics_are_problems(tmp_path: Path) -> None:
    unused = message((1, 2), (2, "F401"), (3, "not used"), (4, "flake"))
    data = index(document("a.py", message((1, bytes([1, 7, 12])), (6, unused))))
    found = read(tmp_path, {"a.py": TEXT}, data)
    [problem] = found.problems
    assert (problem.code, problem.path, problem.line) == ("tool-diagnostic", "a.py", 2)
    assert problem.message == "flake warning F401: not used"
    assert TEXT.encode()[problem.bstart : problem.bend] == b"gamma"
    assert not spans(found)


def test_documents_of_other_files_are_counted(tmp_path: Path) -> None:
    documents = [document(f"../{n}.py", occurrence((0, 0, 1), "x")) for n in range(107)]
    found = read(tmp_path, {"a.py": "x"}, index(*documents))
    [said] = messages(found)
    assert said.startswith("107 documents")
    assert "'../0.py'" in said


@pytest.mark.parametrize(
    "place", [(0, 0, 3), (5, 0, 1), (0, 1, 2), (0, 2, 1), (0, 1), (0, 0, 9, 1, 1)]
)
def test_a_document_of_another_text_says_nothing(tmp_path: Path, place: tuple[int, ...]) -> None:
    told = message((1, "x"), (4, message((1, "y"), (3, 1))))
    stale = document("a.py", occurrence((0, 0, 2), "x"), occurrence(place, "y"), symbols=[told])
    fresh = document("b.py", occurrence((0, 0, 2), "x"))
    found = read(tmp_path, {"a.py": "ab", "b.py": "ab"}, index(stale, fresh))
    assert [(problem.code, problem.path) for problem in found.problems] == [
        ("tool-skipped", "a.py")
    ]
    assert "make the index again" in messages(found)[0]
    assert len(spans(found)) == 1
    assert not found.tables["scip_relationship"].num_rows


def test_a_second_document_of_a_file_is_refused(tmp_path: Path) -> None:
    one = document("a.py", occurrence((0, 0, 2), "x"))
    found = read(tmp_path, {"a.py": "ab"}, index(one, one))
    assert len(spans(found)) == len(found.problems) == 1


def test_an_index_that_is_cut_off_says_what_came_before(tmp_path: Path) -> None:
    data = index(*(document(f"{n}.py", occurrence((0, 0, 2), "x")) for n in "ab"))
    files: dict[str, str | bytes] = {"a.py": "ab", "b.py": "ab"}
    known = []
    for size in range(len(data)):
        found = read(tmp_path, files, data[:size])
        known.append(len(spans(found)))
        assert [problem.code for problem in found.problems] in (["tool-failed"], [])
    assert known == sorted(known)
    assert set(known) == {0, 1}


BAD = {
    "nothing": b"",
    "text": b"def f(): pass\n",
    "zeros": bytes(100),
    "length": b"\x12" + number(1 << 40) + b"x",
    "longest number": b"\x12" + b"\xff" * 50,
    "group": b"\x13\x12\x00",
    "wrong types": message((2, message((1, 5), (2, 7), (6, "x")))),
    "broken document": message((2, b"\x0a\x04a.py\x12\xff\xff\xff")),
    "broken occurrence": message((2, message((1, "a.py"), (2, b"\x0a\x0f")))),
    "numbers for texts": message((2, message((1, "a.py"), (2, message((1, 3), (2, 4), (3, "x")))))),
    "huge numbers": index(document("a.py", occurrence((1 << 63, 0, 1), "x", 1 << 62))),
    "huge roles": message((2, message((1, "a.py"), (2, message((3, (1 << 64) - 1)))))),
    "many parts": message((2, message((1, "a.py"), (2, message(*[(6, b"")] * 99_999))))),
    "many diagnostics": index(
        document("a.py", occurrence((0, 0, 2), "x", 1, *[(6, message((3, "no")))] * 9_999))
    ),
    "many relationships": index(
        document("a.py", symbols=[message((1, "x"), *[(4, message((1, "y"), (3, 1)))] * 9_999)])
    ),
    "long document": message((2, message((1, "a.py"), (2, bytes(LONGEST))))),
    "many occurrences": message((2, message((1, "a.py"), *[(2, b"")] * 99_999))),
}


@pytest.mark.parametrize("data", BAD.values(), ids=BAD.keys())
def test_what_is_no_index_is_a_problem(tmp_path: Path, data: bytes) -> None:
    found = read(tmp_path, {"a.py": "ab"}, data)
    assert len(found.problems) == 1
    assert not spans(found)


def test_a_file_that_cannot_be_read_is_a_problem(tmp_path: Path) -> None:
    files = scanned(tmp_path, [])
    for asked in ("missing", ".", "a\0b"):
        found = SURVEY.read(tmp_path, files, (), str(tmp_path / asked))
        assert [problem.code for problem in found.problems] == ["tool-failed"]
    with open(tmp_path / "huge", "wb") as file:
        file.truncate(LARGEST + 1)
    [problem] = SURVEY.read(tmp_path, files, (), str(tmp_path / "huge")).problems
    assert "more than" in problem.message


@settings(max_examples=40)
@given(st.binary(max_size=60))
def test_any_bytes_give_tables(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    root = tmp_path_factory.mktemp("any")
    whole = message((2, message((1, "a.py"), (2, data), (3, data))))
    for written in (data, message((2, message((1, "a.py")) + data)), whole):
        found = read(root, {"a.py": "ab"}, written)  # which asserts that tables are as declared
        assert found.tables.keys() == {table_name(struct) for struct in SURVEY.tables}


def tool(folder: Path, script: str) -> None:
    """Puts a `scip-python` and a `node` on the PATH."""
    (folder / "tools").mkdir()
    for name, text in (("scip-python", script), ("node", "")):
        (folder / "tools" / name).write_text(f"#!/bin/sh\n{text}\n")
        (folder / "tools" / name).chmod(0o755)


def made(folder: Path, monkeypatch: pytest.MonkeyPatch, script: str) -> tuple[str, str]:
    """What the tool wrote, and what went wrong."""
    (folder / "repo").mkdir()
    for name in ("a.py", "json.py", "pyproject.toml", "conftest.py"):
        (folder / "repo" / name).write_text("x = 1\n")
    tool(folder, script)
    monkeypatch.setenv("PATH", str(folder / "tools"))
    monkeypatch.setenv("PYTHONPATH", str(folder / "repo"))
    (folder / "work").mkdir()
    files = scanned(folder / "repo", ["a.py", "json.py"])
    (folder / "repo" / "json.py").write_text("changed since")
    index, wrong = indexer.make(folder / "repo", files, ["", "lib"], folder / "work")
    return index.read_text() if index.exists() else "", wrong


def test_scip_python_sees_scanned_files_and_node_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = 'for last; do :; done; exec > $last; echo *; echo "$PATH"/*; /usr/bin/env'
    script += '; /bin/cat pyrightconfig.json; echo "$@"'
    said, wrong = made(tmp_path, monkeypatch, script)
    assert not wrong
    files, programs = said.splitlines()[:2]
    assert files == "a.py pyrightconfig.json"  # json.py changed while we looked
    assert [Path(one).name for one in programs.split()] == ["node", "packages"]
    assert '{"extraPaths": ["lib"]}' in said
    assert "PYTHONPATH" not in said
    assert str(tmp_path / "repo") not in said


def test_scip_python_that_fails_says_so_and_what_it_wrote_is_used(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = 'for last; do :; done; echo begun > $last; echo "$PWD/a.py: bad" >&2; exit 3'
    said, wrong = made(tmp_path, monkeypatch, script)
    assert said == "begun\n"
    assert wrong.startswith("scip-python ended with code 3: a.py: bad; what it had written")


def test_scip_python_has_its_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(indexer, "SECONDS", 0.2)
    assert "stopped after" in made(tmp_path, monkeypatch, "exec /bin/sleep 60")[1]


@pytest.mark.parametrize("where", ["nowhere", "tools"])
def test_without_scip_python_the_problem_says_how_to_get_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    tool(tmp_path, "echo the repository's own > ran; exit 1")  # it is never run
    monkeypatch.setenv("PATH", str(tmp_path / where))
    found = SURVEY.read(tmp_path, scanned(tmp_path, []), (), "")
    assert [problem.code for problem in found.problems] == ["tool-failed"]
    assert "npm install -g @sourcegraph/scip-python" in messages(found)[0]
    assert not spans(found)
    assert not (tmp_path / "ran").exists()
