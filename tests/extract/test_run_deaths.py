"""A file that kills its worker, or takes too much, costs its own rows and nothing else."""

from pathlib import Path

import pytest

from codeanatomy.extract.messages import Limits
from codeanatomy.extract.run import extract
from codeanatomy.facts.ids import file_id
from tests.extract.files import written
from tests.extract.test_run import rows

import fakes  # isort: skip

TIGHT = Limits(seconds=1.0, memory=200 << 20)


@pytest.mark.parametrize(
    ("mark", "limits", "code", "message"),
    [
        ("ADD_SEGV", TIGHT, "worker-killed", "SIGSEGV"),
        ("ADD_EXIT", TIGHT, "worker-killed", "exit code 3"),
        ("ADD_SLEEP", TIGHT, "too-long", "6 s"),
        ("ADD_BURN", TIGHT, "too-long", "1 s"),
        ("ADD_FILL", Limits(seconds=60, memory=100 << 20), "too-large", "100 MiB"),
        ("FINISH_SEGV", TIGHT, "worker-killed", "SIGSEGV"),
    ],
)
def test_the_guilty_file_is_found(
    tmp_path: Path, mark: str, limits: Limits, code: str, message: str
) -> None:
    files = written(tmp_path, {f"{i}.py": f"w{i}\n" for i in range(6)} | {"3x.py": f"# {mark}\n"})
    found = extract(files, tmp_path, fakes.ALL, workers=2, limits=limits)
    (problem,) = rows(found, "file_problem")
    assert (problem["file_id"], problem["code"]) == (file_id("3x.py"), code)
    assert message in str(problem["message"])
    guilty = [r["text"] for r in rows(found, "word") if r["file_id"] == file_id("3x.py")]
    assert guilty == ([] if "FINISH" in mark else ["#", mark])  # from the tolerant witness
    others = [r["text"] for r in rows(found, "word") if r["file_id"] != file_id("3x.py")]
    assert others == [f"w{i}" for i in range(6)]


def test_a_file_that_kills_the_tolerant_witness_too_is_only_a_problem(tmp_path: Path) -> None:
    deadly = "# ADD_SEGV TOLERANT_EXIT\n"
    files = written(tmp_path, {"a.py": "a\n", "b.py": deadly, "c.py": "c\n"})
    cache = tmp_path / "cache"
    found = extract(files, tmp_path, fakes.ALL, workers=1, cache=cache)
    assert [(r["code"], r["message"]) for r in rows(found, "file_problem")] == [
        ("worker-killed", "the worker ended: SIGSEGV")
    ]
    assert [r["text"] for r in rows(found, "word")] == ["a", "c"]
    again = extract(files, tmp_path, fakes.ALL, workers=1, cache=cache)
    assert (again.extracted, rows(again, "file_problem")) == (0, rows(found, "file_problem"))


def test_a_death_that_came_from_outside_is_not_remembered(tmp_path: Path) -> None:
    files = written(tmp_path, {"a.py": "a\n", "b.py": "# ADD_KILL\n"})
    for _ in range(2):
        found = extract(files, tmp_path, fakes.ALL, cache=tmp_path / "cache")
        assert rows(found, "file_problem")[0]["message"] == "the worker ended: SIGKILL"
    assert found.extracted == 1


def test_many_deadly_files_among_healthy_ones(tmp_path: Path) -> None:
    texts = {f"{i:02}.py": f"# ADD_EXIT {i}\n" if i % 4 == 0 else f"w{i}\n" for i in range(24)}
    files = written(tmp_path, texts)
    found = extract(files, tmp_path, fakes.ALL, workers=2, batch_bytes=4000)
    assert {r["file_id"] for r in rows(found, "file_problem")} == {
        file_id(path) for path, text in texts.items() if "EXIT" in text
    }
    assert found.tables["letter"].num_rows == 24
