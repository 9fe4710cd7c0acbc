"""A repository's git folder runs nothing and stops nothing."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from codeanatomy.sources.scan import scan
from tests.sources.trees import git, repository, tree

FILES = {"a.py": "a = 1\n", "pkg/__init__.py": "", ".gitattributes": "*.py filter=evil diff=evil\n"}


def test_hostile_configuration_runs_nothing(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", FILES)
    canary = tmp_path / "canary"
    program = tmp_path / "evil.sh"
    program.write_text(f"#!/bin/sh\necho $0 $* >> {canary}\ncat\n")
    program.chmod(0o755)
    hooks = root / ".git" / "evil-hooks"
    hooks.mkdir()
    for name in ("post-index-change", "pre-commit", "fsmonitor-watchman", "post-checkout"):
        (hooks / name).symlink_to(program)
    (root / ".git" / "hooks").mkdir(exist_ok=True)
    (root / ".git" / "hooks" / "post-index-change").symlink_to(program)
    (root / ".git" / "included").write_text(f"[core]\n\tfsmonitor = {program}\n")
    with (root / ".git" / "config").open("a") as config:
        config.write(
            f"""
[core]
    fsmonitor = {program}
    hooksPath = {hooks}
    sshCommand = {program}
    pager = {program}
    editor = {program}
    askPass = {program}
    gitProxy = {program}
[filter "evil"]
    clean = {program}
    smudge = {program}
    process = {program}
    required = true
[diff]
    external = {program}
[diff "evil"]
    command = {program}
    textconv = {program}
[credential]
    helper = !{program}
[include]
    path = included
[includeIf "gitdir:**"]
    path = {root}/.git/included
[alias]
    status = !{program}
[gpg]
    program = {program}
[remote "origin"]
    url = ext::{program}
    uploadpack = {program}
    promisor = true
[extensions]
    partialClone = origin
"""
        )
    tree(root, {"a.py": "a = 1\n", "b.py": ""})
    os.utime(root / "a.py", ns=(1, 1))  # a stat that no longer agrees with the index
    result = scan(root)
    assert (result.ref, result.files.num_rows, result.dirty) == ("main", 3, True)
    assert not canary.exists()
    git(root, "status")
    assert canary.exists(), "the traps of this test must work"


def _text(path: str, content: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / path).unlink(missing_ok=True)
        (folder / path).write_text(content)

    return change


def _pipe(path: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        (folder / path).unlink(missing_ok=True)
        (folder / path).parent.mkdir(exist_ok=True)
        os.mkfifo(folder / path)

    return change


def _no_objects(folder: Path) -> None:
    for path in sorted((folder / "objects").glob("??/*")):
        path.unlink()


HARMLESS = {
    "corrupt config": _text("config", "[core\n\0 nonsense"),
    "config pipe": _pipe("config"),
    "bare": _text("config", "[core]\n bare = true\n repositoryformatversion = 99\n"),
    "worktree elsewhere": _text("config", "[core]\n worktree = /etc\n"),
}


@pytest.mark.parametrize("name", HARMLESS)
def test_the_configuration_is_never_read(tmp_path: Path, name: str) -> None:
    root = repository(tmp_path, FILES)
    HARMLESS[name](root / ".git")
    result = scan(root)
    assert (result.ref, result.dirty, result.problems.num_rows) == ("main", False, 0)


BROKEN = {
    "no HEAD": lambda folder: (folder / "HEAD").unlink(),
    "HEAD of nonsense": _text("HEAD", "ref: ../../etc/passwd"),
    "HEAD pipe": _pipe("HEAD"),
    "huge HEAD": _text("HEAD", "ref: refs/heads/" + "a" * 100_000),
    "no objects": lambda folder: (folder / "objects").rename(folder / "gone"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_git_folder_is_a_plain_folder(tmp_path: Path, name: str) -> None:
    root = repository(tmp_path, FILES)
    BROKEN[name](root / ".git")
    result = scan(root)
    assert result.files["path"].to_pylist() == ["a.py", "pkg/__init__.py"]
    assert (result.ref, result.commit, result.dirty) == (None, None, None)
    assert [(p["path"], p["code"]) for p in result.problems.to_pylist()] == [(".git", "unreadable")]


HALF_BROKEN = {
    "objects gone": _no_objects,
    "a pipe among the objects": _pipe("objects/aa/b"),
    "alternates pipe": _pipe("objects/info/alternates"),
    "corrupt index": _text("index", "DIRC nonsense"),
    "index pipe": _pipe("index"),
    "unknown commit": _text("refs/heads/main", "1" * 40),
    "SHA-256": _text("refs/heads/main", "1" * 64),
}


@pytest.mark.parametrize("name", HALF_BROKEN)
def test_what_can_still_be_read_is_read(tmp_path: Path, name: str) -> None:
    root = repository(tmp_path, FILES | {".gitignore": "a.py\n"})
    HALF_BROKEN[name](root / ".git")
    result = scan(root)
    assert result.ref == "main"
    assert "pkg/__init__.py" in result.files["path"].to_pylist()
    assert (".git", "unreadable") in [(p["path"], p["code"]) for p in result.problems.to_pylist()]
    assert result.dirty is (False if "index" in name else None)


def test_git_files(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", FILES)
    git(root, "worktree", "add", "-q", "-b", "side", str(tmp_path / "linked"))
    result = scan(tmp_path / "linked")
    assert (result.ref, result.dirty, result.commit) == ("side", False, scan(root).commit)
    for line in ("gitdir: /etc", "gitdir: none", "nonsense", "gitdir: \0", ""):
        (tmp_path / "linked" / ".git").write_text(line)
        result = scan(tmp_path / "linked")
        assert (result.ref, result.files.num_rows, result.problems.num_rows) == (None, 2, 1)


def seen(folder: Path) -> tuple[str | None, list[str]]:
    """The ref that a scan of the folder finds, and its files."""
    result = scan(folder)
    return result.ref, result.files["path"].to_pylist()


NOBODYS = (None, ["b.py", "x.py"])


@pytest.mark.parametrize("version", [2, 3, 4])
def test_a_work_tree_further_up_counts_where_it_tracks_files(tmp_path: Path, version: int) -> None:
    root = repository(tmp_path, {"inner/a.py": "", "inner-most.py": "", ".gitignore": "x.py\n"})
    tree(root, {"inner/x.py": "", "inner-/x.py": "", "inner-/b.py": "", "new/c.py": ""})
    if version == 3:  # git writes it where an entry needs it
        git(root, "add", "-N", "new/c.py")
    git(root, "update-index", "--index-version", str(version))
    assert (root / ".git" / "index").read_bytes()[7] == version
    assert seen(root / "inner") == ("main", ["a.py"])
    assert seen(root / "inner-") == NOBODYS


def test_an_index_without_the_folder_is_not_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = repository(tmp_path, {"inner/a.py": ""})
    tree(root, {"other/b.py": "", "other/x.py": ""})
    asked: list[Path] = []
    monkeypatch.setattr("codeanatomy.sources.libgit.index_paths", asked.append)
    assert (seen(root / "other"), asked) == (NOBODYS, [])


@pytest.mark.parametrize("damage", ["nonsense", "cut", "bit"])
def test_a_damaged_index_further_up(tmp_path: Path, damage: str) -> None:
    root = repository(tmp_path, {"inner/a.py": "", ".gitignore": "x.py\n"})
    tree(root, {"inner/x.py": "", "other/b.py": "", "other/x.py": ""})
    index = root / ".git" / "index"
    raw = index.read_bytes()
    cut = raw[: raw.index(b"inner")]
    index.write_bytes({"nonsense": b"DIRC nonsense", "cut": cut, "bit": cut + b"j"}[damage])
    result = scan(root / "inner")
    assert seen(root / "inner") == ("main", ["a.py"])  # HEAD says what is tracked
    assert [p["code"] for p in result.problems.to_pylist()] == ["unreadable"]
    assert seen(root / "other") == NOBODYS


def test_packed_refs_and_packs(tmp_path: Path) -> None:
    root = repository(tmp_path, FILES)
    before = scan(root)
    git(root, "gc", "-q", "--prune=now")
    git(root, "pack-refs", "--all")
    after = scan(root)
    assert (after.ref, after.commit, after.dirty) == ("main", before.commit, False)


def test_before_the_first_commit(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "trunk")
    result = scan(tmp_path)
    assert (result.ref, result.commit, result.dirty) == ("trunk", None, False)
    assert scan(tree(tmp_path, {"a.py": ""})).dirty is True


def test_submodules(tmp_path: Path) -> None:
    inner = repository(tmp_path / "inner", {"m.py": ""})
    root = repository(tmp_path / "outer", FILES)
    git(root, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(inner), "sub")
    git(root, "commit", "-q", "-m", "submodule")
    result = scan(root)
    assert "sub/m.py" in result.files["path"].to_pylist()
    assert result.dirty is False


def test_a_tree_bomb_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = repository(tmp_path, {"x/a.py": ""})
    subtree = git(root, "rev-parse", "HEAD:x").strip()
    for _ in range(12):  # ten references to one tree at each of twelve levels
        lines = "".join(f"040000 tree {subtree}\td{i}\n" for i in range(10))
        subtree = git(root, "mktree", stdin=lines).strip()
    commit = git(root, "commit-tree", subtree, "-m", "bomb").strip()
    (root / ".git" / "refs" / "heads" / "main").write_text(commit)
    monkeypatch.setattr("codeanatomy.sources.libgit.MAX_ENTRIES", 5000)
    result = scan(root)
    assert (result.commit, result.dirty, result.problems.num_rows) == (commit, None, 1)
