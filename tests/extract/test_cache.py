"""The cache never gives wrong rows, whatever happened to its folder, and stays within its limit."""

import os
import shutil
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from codeanatomy.extract.batch import schemas_of
from codeanatomy.extract.cache import Cache, default_cache
from codeanatomy.extract.fingerprint import evidence_fingerprint
from codeanatomy.extract.limits import Limits
from codeanatomy.extract.run import extract
from codeanatomy.facts.ids import file_id
from tests.extract.files import written
from tests.extract.test_run import content, rows
from tests.extract.test_run_processes import SCRIPT

import fakes  # isort: skip

TEXTS = {f"{i:02}.py": f"w{i} = {'x' * i}\n" * 20 for i in range(12)}


def one(folder: Path, pattern: str) -> Path:
    """The first file of the cache folder that matches."""
    return min(folder.rglob(pattern))


def packs(folder: Path) -> list[Path]:
    return sorted((folder / "rows-1" / "packs").iterdir())


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def zero(path: Path) -> None:
    """As after a power cut: the size is right, the bytes were never written."""
    path.write_bytes(bytes(path.stat().st_size))


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


@pytest.mark.parametrize("damage", [cut, zero, flip, Path.unlink])
@pytest.mark.parametrize("pattern", ["word.arrow", "footer"])
def test_a_damaged_pack_is_extracted_anew(
    tmp_path: Path, damage: Callable[[Path], None], pattern: str
) -> None:
    repo, cache = tmp_path / "repo", tmp_path / "cache"
    files = written(repo, TEXTS)
    good = extract(files, repo, fakes.ALL, cache=cache, batch_bytes=4000)
    assert len(packs(cache)) > 2
    victim = one(cache, pattern)
    damage(victim)
    again = extract(files, repo, fakes.ALL, cache=cache)
    assert content(again) == content(good)
    assert [event.kind for event in again.events] == ["cache-damaged"]
    assert 0 < again.extracted < len(TEXTS)
    assert not victim.parent.exists()
    assert extract(files, repo, fakes.ALL, cache=cache).events == ()


@pytest.mark.parametrize("damage", [cut, zero, flip, Path.unlink])
def test_a_damaged_index_is_made_anew(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    repo, cache = tmp_path / "repo", tmp_path / "cache"
    files = written(repo, TEXTS)
    good = extract(files, repo, fakes.ALL, cache=cache)
    index = one(cache, "index.sqlite")
    if damage is flip:
        index.write_bytes(b"not a database, but long enough to look like one" * 99)
    else:
        damage(index)
    again = extract(files, repo, fakes.ALL, cache=cache)
    assert content(again) == content(good)
    assert again.extracted == len(TEXTS)
    known = extract(files, repo, fakes.ALL, cache=cache)
    assert (known.extracted, known.events) == (0, ())


def test_an_index_that_names_the_wrong_file_is_not_believed(tmp_path: Path) -> None:
    repo, cache = tmp_path / "repo", tmp_path / "cache"
    files = written(repo, TEXTS)
    good = extract(files, repo, fakes.ALL, cache=cache)
    with sqlite3.connect(one(cache, "index.sqlite")) as database:
        database.execute("UPDATE entry SET ordinal = 11 - ordinal")
    database.close()
    again = extract(files, repo, fakes.ALL, cache=cache)
    assert content(again) == content(good)
    assert "other files than the index says" in again.events[0].reason


def test_a_folder_that_cannot_be_used_is_told_and_changes_nothing(tmp_path: Path) -> None:
    repo, cache = tmp_path / "repo", tmp_path / "cache"
    files = written(repo, TEXTS)
    cache.write_text("a file in the way")
    found = extract(files, repo, fakes.ALL, cache=cache)
    assert found.tables["letter"].num_rows == len(TEXTS)
    assert [event.kind for event in found.events] == ["cache-unusable"]
    assert cache.read_text() == "a file in the way"


def test_no_cache_writes_and_reads_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODEANATOMY_CACHE", str(tmp_path / "cache"))
    assert default_cache() == tmp_path / "cache"
    files = written(tmp_path / "repo", TEXTS)
    for _ in range(2):
        assert extract(files, tmp_path / "repo", fakes.ALL, cache=None).extracted == len(TEXTS)
    assert not (tmp_path / "cache").exists()


def test_the_user_cache_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CODEANATOMY_CACHE", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", "/x")
    assert default_cache() == Path("/x/codeanatomy")
    monkeypatch.delenv("XDG_CACHE_HOME")
    assert default_cache() == Path.home() / ".cache" / "codeanatomy"


def test_rows_are_shared_by_repositories_and_paths(tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    extract(written(tmp_path / "one", TEXTS), tmp_path / "one", fakes.ALL, cache=cache)
    moved = {f"src/deep/{path}": text for path, text in TEXTS.items()} | {"new.py": "n\n"}
    files = written(tmp_path / "two", moved)
    found = extract(files, tmp_path / "two", fakes.ALL, cache=cache)
    assert (found.extracted, found.cached) == (1, len(TEXTS))
    fresh = extract(files, tmp_path / "two", fakes.ALL)
    assert content(found) == content(fresh)
    assert file_id("src/deep/03.py") in {r["file_id"] for r in rows(found, "word")}


def test_packs_used_longest_ago_go_first(tmp_path: Path) -> None:
    repo, folder = tmp_path / "repo", tmp_path / "cache"
    names = []
    for i in range(4):
        before = set(packs(folder)) if folder.exists() else set()
        files = written(repo, {f"{i}.py": f"{i}\n" * 99})
        extract(files, repo, fakes.ALL, cache=folder)
        (new,) = set(packs(folder)) - before
        names.append(new)
    schemas = schemas_of(fakes.ALL)
    with sqlite3.connect(one(folder, "index.sqlite")) as database:
        for age, name in enumerate(reversed(names)):
            old = time.time() - 7200 * (age + 1)
            database.execute("UPDATE pack SET used = ? WHERE name = ?", (old, name.name))
        ((size,),) = database.execute("SELECT max(bytes) FROM pack")
    database.close()
    key = evidence_fingerprint(fakes.ALL, schemas, Limits())
    oldest = written(repo, {"0.py": "0\n" * 99})["content"].to_pylist()
    cache = Cache(folder, schemas, limit=2 * size)
    assert set(cache.find(oldest, key)) == set(oldest)  # which makes it the newest
    cache.close()
    assert cache.events == []
    assert packs(folder) == sorted([names[0], names[3]])


def test_what_shapes_rows_is_part_of_the_key(tmp_path: Path) -> None:
    schemas = schemas_of(fakes.ALL)
    keys = [
        evidence_fingerprint(fakes.ALL, schemas, Limits()),
        evidence_fingerprint(fakes.ALL[:2], schemas_of(fakes.ALL[:2]), Limits()),
        evidence_fingerprint(fakes.ALL, schemas_of(fakes.ALL[:1]), Limits()),
        evidence_fingerprint(fakes.ALL, schemas, Limits(seconds=1)),
    ]
    assert len(set(keys)) == len(keys)
    assert keys[0] == evidence_fingerprint(fakes.ALL[::-1], schemas, Limits())
    repo, cache = tmp_path / "repo", tmp_path / "cache"
    files = written(repo, TEXTS)
    extract(files, repo, fakes.ALL, cache=cache)
    assert extract(files, repo, fakes.ALL[:2], cache=cache).extracted == len(TEXTS)
    assert extract(files, repo, fakes.ALL, cache=cache).extracted == 0


def test_two_processes_at_once(tmp_path: Path) -> None:
    repo, cache = tmp_path / "repo", tmp_path / "cache"
    files = written(repo, TEXTS)
    script = (
        SCRIPT
        + f"""
from tests.extract.test_run import content
repo = Path({str(repo)!r})
files = written(repo, {TEXTS!r})
for i in range(3):
    found = extract(files, repo, fakes.ALL, workers=1, cache=Path({str(cache)!r}), batch_bytes=2000)
    print(content(found), len(found.events), i and found.extracted)
"""
    )
    both = [
        subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    printed = {line for one in both for line in (one.communicate()[0] or "none").splitlines()}
    assert printed == {f"{content(extract(files, repo, fakes.ALL))} 0 0"}


def test_a_pack_that_vanishes_while_it_is_wanted_is_a_miss(tmp_path: Path) -> None:
    repo, cache = tmp_path / "repo", tmp_path / "cache"
    files = written(repo, TEXTS)
    extract(files, repo, fakes.ALL, cache=cache)
    for pack in packs(cache):
        shutil.rmtree(pack)
    again = extract(files, repo, fakes.ALL, cache=cache)
    assert (again.extracted, again.events[0].kind) == (len(TEXTS), "cache-damaged")
