"""The cache never gives wrong rows, whatever happened to its folder, and stays within its limit."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from codeanatomy.extract.batch import everything
from codeanatomy.extract.cache import Cache, Pack, default_cache
from codeanatomy.extract.messages import Limits
from codeanatomy.extract.run import extract
from codeanatomy.extract.witnesses import evidence_fingerprint
from codeanatomy.facts.ids import file_id
from tests.extract.files import written
from tests.extract.test_run import content, rows
from tests.extract.test_run_processes import SCRIPT

import fakes  # isort: skip

TEXTS = {f"{i:02}.py": f"w{i} = {'x' * i}\n" * 20 for i in range(12)}


def packs(folder: Path) -> list[Path]:
    return sorted((folder / "packs-2").iterdir())


def cut(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def zero(path: Path) -> None:
    """As after a power cut: the size is right, the bytes were never written."""
    path.write_bytes(bytes(path.stat().st_size))


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 4
    path.write_bytes(data)


def flip_end(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40] + b"x" * 40)


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize("damage", [cut, zero, flip, flip_end, empty])
def test_a_damaged_pack_is_extracted_anew(tmp_path: Path, damage: Callable[[Path], None]) -> None:
    repo, cache = tmp_path / "repo", tmp_path / "cache"
    files = written(repo, TEXTS)
    good = extract(files, repo, fakes.ALL, cache=cache, batch_bytes=4000)
    assert len(packs(cache)) > 2
    victim = packs(cache)[0]
    damage(victim)
    again = extract(files, repo, fakes.ALL, cache=cache)
    assert content(again) == content(good)
    assert [event.kind for event in again.events] == ["cache-damaged"]
    assert 0 < again.extracted < len(TEXTS)
    Pack(victim).verify()  # the same rows have the same name
    assert extract(files, repo, fakes.ALL, cache=cache).events == ()


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
    for age, path in enumerate(reversed(names)):
        os.utime(path, (0, time.time() - 7200 * (age + 1)))
    size = max(path.stat().st_size for path in names)
    oldest = written(repo, {"0.py": "0\n" * 99})["content"].to_pylist()
    cache = Cache(folder, evidence_fingerprint(fakes.ALL, Limits(), everything(fakes.ALL)))
    assert set(cache.find(set(oldest))) == set(oldest)  # which makes it the newest
    cache.trim(limit=2 * size)
    assert cache.events == []
    assert packs(folder) == sorted([names[0], names[3]])
    cache.trim(most=1)
    assert packs(folder) == [names[0]]


def test_what_dead_processes_left_goes_after_a_day(tmp_path: Path) -> None:
    cache = Cache(tmp_path, "key")
    for name, age in (("new-1", 90_000), ("new-2", 3600)):
        (tmp_path / "packs-2" / name).mkdir()
        os.utime(tmp_path / "packs-2" / name, (0, time.time() - age))
    cache.trim()
    assert [path.name for path in packs(tmp_path)] == ["new-2"]


def test_what_shapes_rows_is_part_of_the_key(tmp_path: Path) -> None:
    wanted = everything(fakes.ALL)
    keys = [
        evidence_fingerprint(fakes.ALL, Limits(), wanted),
        evidence_fingerprint(fakes.ALL[:2], Limits(), wanted),
        evidence_fingerprint(fakes.ALL, Limits(seconds=1), wanted),
        evidence_fingerprint(fakes.ALL, Limits(), {"word": frozenset({"text"})}),
    ]
    assert len(set(keys)) == len(keys)
    assert keys[0] == evidence_fingerprint(fakes.ALL[::-1], Limits(), wanted)
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


def test_packs_that_are_gone_are_read_anew(tmp_path: Path) -> None:
    repo, cache = tmp_path / "repo", tmp_path / "cache"
    files = written(repo, TEXTS)
    extract(files, repo, fakes.ALL, cache=cache)
    for pack in packs(cache):
        pack.unlink()
    again = extract(files, repo, fakes.ALL, cache=cache)
    assert (again.extracted, again.events) == (len(TEXTS), ())
