"""What a scan takes in, what it leaves out and why."""

import hashlib
import os
import random
import shutil
import socket
from pathlib import Path

import pytest

from codeanatomy.facts.errors import UsageError
from codeanatomy.facts.ids import file_id
from codeanatomy.facts.schema import schema_from_struct
from codeanatomy.facts.tables.graph import Problem
from codeanatomy.facts.tables.source import SkippedFile, SourceFile, SourceRoot
from codeanatomy.sources import reading
from codeanatomy.sources.ignore import MAX_BYTES
from codeanatomy.sources.scan import Repository, scan
from codeanatomy.sources.walk import SHEBANG, changes
from tests.sources.trees import git, repository, tree


def paths(result: Repository) -> list[str]:
    return result.files["path"].to_pylist()


def skipped(result: Repository) -> dict[str, str]:
    return {r["path"]: r["reason"] for r in result.skipped.to_pylist()}


def problems(result: Repository) -> list[tuple[str, str]]:
    return [(r["path"], r["code"]) for r in result.problems.to_pylist()]


def test_tables_have_the_declared_schemas(tmp_path: Path) -> None:
    for result in (scan(tmp_path), scan(tree(tmp_path, {"a.py": "x = 1", "b/__init__.pyi": ""}))):
        assert result.files.schema.equals(schema_from_struct(SourceFile), check_metadata=True)
        assert result.skipped.schema.equals(schema_from_struct(SkippedFile), check_metadata=True)
        assert result.roots.schema.equals(schema_from_struct(SourceRoot), check_metadata=True)
        assert result.problems.schema.equals(schema_from_struct(Problem), check_metadata=True)
    assert result.files.to_pylist() == [
        {
            "file_id": file_id("a"),
            "path": "a.py",
            "module": "a",
            "package": False,
            "stub": False,
            "root": "",
            "content": hashlib.blake2b(b"x = 1", digest_size=16).hexdigest(),
            "size": 5,
            "lines": 1,
        },
        {
            "file_id": file_id("b"),
            "path": "b/__init__.pyi",
            "module": "b",
            "package": True,
            "stub": True,
            "root": "",
            "content": hashlib.blake2b(b"", digest_size=16).hexdigest(),
            "size": 0,
            "lines": 0,
        },
    ]


def test_misuse_is_named(tmp_path: Path) -> None:
    tree(tmp_path, {"a.py": ""})
    with pytest.raises(UsageError, match="does not exist"):
        scan(tmp_path / "none")
    with pytest.raises(UsageError, match="no folder"):
        scan(tmp_path / "a.py")
    with pytest.raises(UsageError, match="--root"):
        scan(tmp_path, roots=["none"])
    with pytest.raises(UsageError, match="--root"):
        scan(tmp_path, roots=[".."])
    with pytest.raises(UsageError, match="--exclude"):
        scan(tmp_path, exclude=["[z-a]"])


def test_suffixes_and_shebangs(tmp_path: Path) -> None:
    result = scan(
        tree(
            tmp_path,
            {
                "a.py": "",
                "b.pyi": "",
                "c.pyw": "",
                "d.pyc": "",
                "e.txt": "#!/usr/bin/python\n",
                "run": "#!/usr/bin/env python3\n",
                "shell": "#!/bin/sh\n# python\n",
                "binary": b"\0\xff" * 99,
                "Makefile": "all:\n",
            },
        )
    )
    assert paths(result) == ["a.py", "b.pyi", "c.pyw", "run"]
    assert not skipped(result)


@pytest.mark.parametrize(
    ("line", "is_python"),
    [
        (b"#!/usr/bin/python", True),
        (b"#! /usr/local/bin/python3.11 -u\nx", True),
        (b"#!/usr/bin/env -S python3 -O", True),
        (b"#!/usr/bin/env PYTHONPATH=. pypy3", True),
        (b"#!/usr/bin/env -S uv run --script", True),
        (b"#!python3w\r\n", True),
        (b"#!/opt/python/bin/bash", False),
        (b"#!/opt/python-tools/run", False),
        (b"#!/usr/bin/env bash python", False),
        (b"#!/usr/bin/env", False),
        (b"#!", False),
        (b"# python", False),
    ],
)
def test_shebang(line: bytes, is_python: bool) -> None:
    assert bool(SHEBANG.match(line)) is is_python


def test_only_the_start_of_a_file_without_suffix_is_read(tmp_path: Path) -> None:
    tree(tmp_path, {"data": b"x" * 200 + b"#!/usr/bin/python"})
    with open(tmp_path / "huge", "wb") as huge:
        huge.truncate(1 << 40)
    assert paths(scan(tmp_path)) == []


def test_left_out_folders(tmp_path: Path) -> None:
    result = scan(
        tree(
            tmp_path,
            {
                "pyproject.toml": "",
                "a.py": "",
                ".codeanatomy/x.py": "",
                "store/x.py": "",
                "env/pyvenv.cfg": "",
                "env/lib/x.py": "",
                "__pycache__/x.py": "",
                "sub/node_modules/x.py": "",
                ".tox/x.py": "",
                "build/lib/x.py": "",
                "dist/x.py": "",
                "sub/build/x.py": "",
                "sub/dist/x.py": "",
                "skip/me/x.py": "",
                "skip/y.py": "",
            },
        ),
        exclude=["skip/me", "y.py"],
        out=tmp_path / "store",
    )
    assert paths(result) == ["a.py", "sub/build/x.py", "sub/dist/x.py"]
    assert skipped(result) == {
        "env": "virtualenv",
        "__pycache__": "cache",
        "sub/node_modules": "cache",
        ".tox": "cache",
        "build": "build",
        "dist": "build",
        "skip/me": "excluded",
        "skip/y.py": "excluded",
    }


def test_build_folders_that_are_sources(tmp_path: Path) -> None:
    assert paths(scan(tree(tmp_path / "a", {"build/x.py": ""}))) == ["build/x.py"]
    files = {"setup.py": "", "build/__init__.py": "", "dist/x.py": ""}
    assert "build/__init__.py" in paths(scan(tree(tmp_path / "b", files)))
    assert "dist/x.py" not in paths(scan(tmp_path / "b"))
    assert "dist/x.py" in paths(scan(repository(tmp_path / "c", files)))


def test_include_narrows_and_exclude_removes(tmp_path: Path) -> None:
    tree(tmp_path, {"a.py": "", "pkg/b.py": "", "pkg/sub/c.py": "", "pkg/sub/d.pyi": ""})
    assert paths(scan(tmp_path, include=["pkg/sub"])) == ["pkg/sub/c.py", "pkg/sub/d.pyi"]
    assert paths(scan(tmp_path, include=["*.pyi", "/a.py"])) == ["a.py", "pkg/sub/d.pyi"]
    result = scan(tmp_path, include=["pkg/", "!d.pyi"], exclude=["b.py"])
    assert paths(result) == ["pkg/sub/c.py"]
    assert {r["path"]: r["detail"] for r in result.skipped.to_pylist()} == {
        "a.py": "no --include names it",
        "pkg/b.py": "--exclude b.py",
        "pkg/sub/d.pyi": "no --include names it",
    }


def test_tracked_files_are_not_ignored(tmp_path: Path) -> None:
    repository(tmp_path, {".gitignore": "gen/\n*_pb.py\n", "gen/old.py": "", "a_pb.py": ""})
    tree(
        tmp_path, {"gen/new.py": "", "gen/sub/x.py": "", "b_pb.py": "", ".git/info/exclude": "z*\n"}
    )
    tree(tmp_path, {"z.py": ""})
    result = scan(tmp_path)
    assert paths(result) == ["a_pb.py", "gen/old.py"]
    left = {r["path"]: (r["reason"], r["detail"]) for r in result.skipped.to_pylist()}
    assert left["gen/new.py"] == ("gitignore", "gen/ (.gitignore)")
    assert left["gen/sub"] == ("gitignore", "gen/ (.gitignore)")
    assert left["b_pb.py"] == ("gitignore", "*_pb.py (.gitignore)")
    assert left["z.py"] == ("gitignore", "z* (.git/info/exclude)")
    assert result.dirty is False


def test_a_folder_inside_a_work_tree(tmp_path: Path) -> None:
    files = {".gitignore": "x.py\n/pkg/one/y.py\n", "pkg/one/a.py": "", "pkg/.gitignore": "z.py\n"}
    repository(tmp_path, files)
    tree(tmp_path, {f"pkg/one/{name}.py": "" for name in "xyz"})
    result = scan(tmp_path / "pkg" / "one")
    assert (paths(result), result.ref, result.dirty) == (["a.py"], "main", False)
    # a folder that the work tree above does not track is nobody's: no rules, no ref
    result = scan(tree(tmp_path / "other", {"x.py": ""}))
    assert (paths(result), result.ref, result.dirty) == (["x.py"], None, None)


def test_links_to_files_are_followed_and_folders_read_where_they_lie(tmp_path: Path) -> None:
    root = tree(tmp_path / "repo", {"pkg/a.py": "1", "pkg/sub/b.py": "2"})
    tree(tmp_path / "outside", {"o.py": ""})
    for name, target in {
        "one.py": "pkg/a.py",
        "linked": "pkg",
        "out": tmp_path / "outside",
        "out.py": tmp_path / "outside" / "o.py",
        "gone.py": "none.py",
        "gone": "none",
        "pkg/up": "..",
        "self": "self",
        "pkg/abs": root / "pkg" / "sub",
    }.items():
        (root / name).symlink_to(target)
    result = scan(root)
    assert paths(result) == ["one.py", "pkg/a.py", "pkg/sub/b.py"]
    assert {r["path"]: r["detail"] for r in result.skipped.to_pylist()} == {
        "gone.py": "leads nowhere",
        "linked": "leads to a folder, read where it lies",
        "out": "leads out of the repository",
        "out.py": "leads out of the repository",
        "pkg/abs": "leads to a folder, read where it lies",
        "pkg/up": "leads back to itself or a folder above it",
        "self": "leads back to itself or a folder above it",
    }
    assert set(skipped(result).values()) == {"link"}
    assert problems(result) == [("pkg/up", "link-loop"), ("self", "link-loop")]


def test_an_ignore_file_that_is_not_read_is_a_problem(tmp_path: Path) -> None:
    tree(tmp_path, {"a.py": "", ".gitignore": "a.py\n" * MAX_BYTES, "pkg/.gitignore": "b.py\n"})
    tree(tmp_path, {"pkg/a.py": "", "pkg/b.py": ""})
    result = scan(tmp_path)
    assert problems(result) == [(".gitignore", "unreadable")]
    assert result.files["path"].to_pylist() == ["a.py", "pkg/a.py"]


def test_a_web_of_links_stays_small(tmp_path: Path) -> None:
    for level in range(12):
        folder = tree(tmp_path / f"l{level}", {"x.py": ""})
        for name in "abc":
            (folder / name).symlink_to(tmp_path / f"l{level + 1}")
    assert scan(tmp_path).files.num_rows == 12


def test_special_files_are_never_opened(tmp_path: Path) -> None:
    tree(tmp_path, {"a.py": ""})
    os.mkfifo(tmp_path / "pipe.py")
    os.mkfifo(tmp_path / "pipe")
    os.mkfifo(tmp_path / ".gitignore")
    os.mkfifo(tmp_path / "pyproject.toml")
    with socket.socket(socket.AF_UNIX) as server:
        os.chdir(tmp_path)
        server.bind("sock.py")
        result = scan(tmp_path)
    assert paths(result) == ["a.py"]
    assert skipped(result) == {"pipe.py": "special", "sock.py": "special"}


def test_names_that_are_no_text(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"caf\xe9.py")).write_text("")
    (tmp_path / os.fsdecode(b"d\xff")).mkdir()
    (tmp_path / os.fsdecode(b"d\xff") / "x.py").write_text("")
    (tmp_path / "naïve\n.py").write_text("")
    result = scan(tmp_path)
    assert paths(result) == ["naïve\n.py"]
    assert skipped(result) == {"caf\\xe9.py": "name", "d\\xff": "name"}


def test_unreadable_things_are_problems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(tmp_path, {"a.py": "", "b.py": "", "dir/c.py": "", "script": ""})
    real_open, real_scandir = os.open, os.scandir

    def refuse(path: str, flags: int) -> int:
        if str(path).endswith(("b.py", "script")):
            raise PermissionError(13, "Permission denied", path)
        return real_open(path, flags)

    def scandir(path: str) -> object:
        if str(path).endswith("dir"):
            raise PermissionError(13, "Permission denied", path)
        return real_scandir(path)

    monkeypatch.setattr(reading.os, "open", refuse)
    monkeypatch.setattr(os, "scandir", scandir)
    result = scan(tmp_path)
    assert paths(result) == ["a.py"]
    assert skipped(result) == dict.fromkeys(("b.py", "dir", "script"), "unreadable")
    assert problems(result) == [(p, "unreadable") for p in ("b.py", "dir", "script")]


@pytest.mark.parametrize(
    ("content", "lines"),
    [
        (b"", 0),
        (b"\n", 1),
        (b"a", 1),
        (b"a\nb", 2),
        (b"a\r\nb\r\n", 2),
        (b"a\rb\r", 2),
        (b"a\r\r\nb", 3),
        (b"x" * (reading.CHUNK - 1) + b"\r\n", 1),
        (b"x" * (reading.CHUNK - 1) + b"\r\r\ny", 3),
    ],
)
def test_lines(tmp_path: Path, content: bytes, lines: int) -> None:
    (tmp_path / "a.py").write_bytes(content)
    row = scan(tmp_path).files.to_pylist()[0]
    assert (row["lines"], row["size"]) == (lines, len(content))
    assert row["content"] == hashlib.blake2b(content, digest_size=16).hexdigest()


def test_order_and_place_do_not_matter(tmp_path: Path) -> None:
    names = [f"{d}/{f}.py" for d in ("a", "b/c", "b") for f in "xyz"]
    random.Random(1).shuffle(names)
    first = scan(tree(tmp_path / "first", dict.fromkeys(names, "")))
    second = scan(tree(tmp_path / "second" / "deeper", dict.fromkeys(sorted(names), "")))
    assert first.files.equals(second.files)
    assert paths(first) == sorted(names)


def test_changes(tmp_path: Path) -> None:
    tree(tmp_path, {"a.py": "1", "b.py": "2", "c.py": "3"})
    rows = scan(tmp_path).files.to_pylist()
    recorded = {r["path"]: r["content"] for r in rows}
    assert not changes(tmp_path, recorded)
    stamp = (tmp_path / "a.py").stat().st_mtime_ns
    tree(tmp_path, {"a.py": "9", "d.py": "4"})
    os.utime(tmp_path / "a.py", ns=(stamp, stamp))
    (tmp_path / "b.py").unlink()
    found = changes(tmp_path, recorded)
    assert (found.added, found.changed, found.deleted) == (("d.py",), ("a.py",), ("b.py",))
    found = changes(tmp_path, recorded, exclude=["c.py"])
    assert found.deleted == ("b.py", "c.py")


def test_dirty(tmp_path: Path) -> None:
    repository(tmp_path, {"a.py": "a = 1\nb = 2\n", "b.py": "", "notes.txt": "", "docs/c.py": ""})
    head = git(tmp_path, "rev-parse", "HEAD").strip()
    clean = scan(tmp_path)
    assert (clean.ref, clean.commit, clean.dirty) == ("main", head, False)
    for change, dirty in (
        ({"notes.txt": "x"}, False),
        ({"a.py": "a = 1\r\nb = 2\r\n"}, False),
        ({"a.py": "a = 1\nb = 3\n"}, True),
        ({"a.py": "a = 1\nb = 2\n"}, False),
        ({"new.py": ""}, True),
    ):
        assert scan(tree(tmp_path, change)).dirty is dirty
    (tmp_path / "new.py").unlink()
    shutil.rmtree(tmp_path / "docs")
    assert scan(tmp_path).dirty is True
    git(tmp_path, "rm", "-q", "--cached", "docs/c.py")
    assert scan(tmp_path).dirty is True
    git(tmp_path, "checkout", "-q", "--detach", "-f")
    assert (scan(tmp_path).ref, scan(tmp_path).dirty) == (None, False)
    (tmp_path / "b.py").unlink()
    (tmp_path / "b.py").symlink_to("a.py")
    assert scan(tmp_path).dirty is True
    git(tmp_path, "add", "b.py")
    git(tmp_path, "commit", "-q", "-m", "link")
    assert scan(tmp_path).dirty is False
