"""The runner gives equal rows for equal files, in their order, whatever the way to them."""

import hashlib
from pathlib import Path

import pyarrow as pa
import pytest

from codeanatomy.extract.batch import RUNNER
from codeanatomy.extract.run import Extraction, extract
from codeanatomy.extract.witness import Extractor
from codeanatomy.facts.errors import DeclarationError
from codeanatomy.facts.ids import file_id
from codeanatomy.facts.schema import schema_from_struct
from tests.extract.files import written

import fakes  # isort: skip


def texts(count: int = 40) -> dict[str, str]:
    """Files with words in common and of their own; some are equal, some empty, one is broken."""
    made = {f"m{i:03}.py": f"alpha\nb{i % 7}\nname_{i}\nze = {i * 31 % 11}\n" for i in range(count)}
    made |= {f"e{i}/__init__.py": "" for i in range(5)}
    made |= {"m005b.py": made["m005.py"], "a_last.py": made["m039.py"], "broken.py": "def f(:\n"}
    return made


def rows(found: Extraction, table: str) -> list[dict[str, object]]:
    listed: list[dict[str, object]] = found.tables[table].to_pylist()
    return listed


def content(found: Extraction) -> str:
    """Hash over all results: values, dictionaries and their codes (not what lies under nulls)."""
    total = hashlib.sha256()
    for name, table in sorted(found.tables.items()):
        total.update(repr((name, table.schema)).encode())
        for column in table.combine_chunks().columns:
            for chunk in column.chunks:
                coded = pa.types.is_dictionary(chunk.type)
                values = [chunk.indices, chunk.dictionary] if coded else [chunk]
                total.update(repr([part.to_pylist() for part in values]).encode())
    return total.hexdigest()


def test_rows_stand_in_the_order_of_files_and_source(tmp_path: Path) -> None:
    files = written(tmp_path, {"b.py": "x = yyy\n", "a.py": "zz\nx\n", "c.py": "x = yyy\n"})
    found = extract(files, tmp_path, fakes.ALL, workers=1)
    assert found.tables["word"].schema.equals(schema_from_struct(fakes.Word), check_metadata=True)
    a, b, c = file_id("a.py"), file_id("b.py"), file_id("c.py")
    assert [(r["file_id"], r["text"], r["again"], r["bstart"]) for r in rows(found, "word")] == [
        (a, "zz", None, 0),
        (a, "x", None, 3),
        (b, "x", None, 0),
        (b, "=", None, 2),
        (b, "yyy", "yy", 4),
        (c, "x", None, 0),
        (c, "=", None, 2),
        (c, "yyy", "yy", 4),
    ]
    assert [r["file_id"] for r in rows(found, "letter")] == [a, b, c]
    assert (found.extracted, found.cached, found.events) == (3, 0, ())


def test_every_way_gives_the_same_bytes(tmp_path: Path) -> None:
    repo, cache = tmp_path / "repo", tmp_path / "cache"
    files = written(repo, texts())
    first = extract(files, repo, fakes.ALL, workers=1)
    assert rows(first, "file_problem")[0]["code"] == "syntax-error"
    assert file_id("broken.py") in {r["file_id"] for r in rows(first, "word")}
    expected = content(first)
    for size in (1, 3000, 10**9):
        again = extract(files, repo, fakes.ALL, workers=2, batch_bytes=size)
        assert content(again) == expected, size
    # a cache filled in three steps holds the rows in other packs and another order
    for part in (files.slice(20, 10), files.slice(5, 20), files):
        cached = extract(part, repo, fakes.ALL, workers=2, cache=cache, batch_bytes=4000)
    assert content(cached) == expected
    assert cached.extracted + cached.cached == files.num_rows
    known = extract(files, repo, fakes.ALL, cache=cache)
    assert (known.extracted, content(known)) == (0, expected)


def test_nothing_to_extract(tmp_path: Path) -> None:
    found = extract(written(tmp_path, {}), tmp_path, fakes.ALL)
    assert {name: table.num_rows for name, table in found.tables.items()} == {
        "word": 0,
        "letter": 0,
        "file_problem": 0,
    }


def test_equal_contents_are_extracted_once(tmp_path: Path) -> None:
    files = written(tmp_path, {f"{i}.py": "same\n" for i in range(9)})
    totals = set()
    found = extract(files, tmp_path, fakes.ALL, on_progress=lambda _, of: totals.add(of))
    assert totals == {1}
    assert (found.extracted, found.tables["word"].num_rows) == (9, 9)


def test_a_file_that_changed_is_not_what_was_scanned(tmp_path: Path) -> None:
    files = written(
        tmp_path, {"a.py": "same\n", "b.py": "same\n", "c.py": "other\n", "d.py": "d\n"}
    )
    (tmp_path / "a.py").write_text("changed meanwhile\n")
    (tmp_path / "c.py").unlink()
    cache = tmp_path / "cache"
    found = extract(files, tmp_path, fakes.ALL, cache=cache)
    assert [(r["file_id"], r["witness"], r["code"]) for r in rows(found, "file_problem")] == [
        (file_id("a.py"), RUNNER, "unreadable"),
        (file_id("c.py"), RUNNER, "unreadable"),
    ]
    assert [r["text"] for r in rows(found, "word")] == ["same", "d"]
    # what said something about that run only is not remembered; `same` is known from b.py
    again = extract(files, tmp_path, fakes.ALL, cache=cache)
    assert (again.extracted, again.cached) == (1, 3)
    assert [r["file_id"] for r in rows(again, "file_problem")] == [file_id("c.py")]
    (tmp_path / "a.py").write_text("same\n")
    (tmp_path / "c.py").write_text("other\n")
    healed = extract(files, tmp_path, fakes.ALL, cache=cache)
    assert [r["text"] for r in rows(healed, "word")] == ["same", "same", "other", "d"]
    assert rows(healed, "file_problem") == []


@pytest.mark.parametrize(
    ("mark", "code", "words"),
    [
        ("ADD_RAISE", "witness-failed", 2),
        ("ADD_DEEP", "too-deep", 2),
        ("ADD_MEMORY", "too-large", 2),
        ("FINISH_RAISE", "witness-failed", 0),
        ("LETTER_RAISE", "witness-failed", 2),
    ],
)
def test_an_extractor_that_raises_costs_one_file(
    tmp_path: Path, mark: str, code: str, words: int
) -> None:
    files = written(tmp_path, {f"{i}.py": f"w{i}\n" for i in range(6)} | {"3x.py": f"# {mark}\n"})
    found = extract(files, tmp_path, fakes.ALL)
    (problem,) = rows(found, "file_problem")[:1]
    assert (problem["file_id"], problem["code"]) == (file_id("3x.py"), code)
    assert problem["witness"] == ("letters" if "LETTER" in mark else "words")
    by_file = [r["text"] for r in rows(found, "word") if r["file_id"] == file_id("3x.py")]
    assert len(by_file) == words  # of the tolerant witness, unless that fails in the same way
    healthy = [r["text"] for r in rows(found, "word") if r["file_id"] != file_id("3x.py")]
    assert healthy == [f"w{i}" for i in range(6)]
    assert found.tables["letter"].num_rows == 7 - ("LETTER" in mark)


def test_progress_grows_to_the_end(tmp_path: Path) -> None:
    told: list[tuple[int, int]] = []
    files = written(tmp_path, texts())
    extract(files, tmp_path, fakes.ALL, on_progress=lambda *news: told.append(news))
    total = len(set(files["content"].to_pylist()))
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert told[-1] == (total, total)


def test_extractors_must_be_reachable_by_workers(tmp_path: Path) -> None:
    inside = Extractor("inside", 1, 1, (fakes.Word,), lambda wanted: fakes.Words())
    with pytest.raises(DeclarationError, match="inside"):
        extract(written(tmp_path, {}), tmp_path, [inside])
    with pytest.raises(DeclarationError, match="two extractors"):
        extract(written(tmp_path, {}), tmp_path, [fakes.WORDS, fakes.WORDS])
