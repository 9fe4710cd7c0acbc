"""What git knows of a folder: ref, commit, tracked files, blobs of HEAD.

Reads HEAD, refs, index and objects (the last two through libgit2) and never the configuration: so
nothing that config, attributes or hooks name can run, and a broken config breaks nothing.
"""

import hashlib
import os
import re
from functools import cached_property
from pathlib import Path

from codeanatomy.sources.reading import head, text

MAX_TEXT = 1 << 16
MAX_PACKED_REFS = 1 << 26
MAX_INDEX = 1 << 29

_HEX = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?")
_REF = re.compile(r"refs/(?!.*(?:^|/)\.)(?!.*\.\.)[^\0-\x20\x7f~^:?*\[\\]+")


class BrokenGit(Exception):
    """The git folder cannot be read; the message says what is wrong with it."""


class Git:
    """One work tree, seen from a folder inside it. Index and HEAD's tree are read on first use."""

    def __init__(self, entry: Path, above: str) -> None:
        """`entry` is the `.git`; `above` leads from the work tree's top down to the folder: '' or
        ending in a slash. The branch is None when detached, the commit before the first one."""
        self.above = above
        self.folder = self.common = folder = _git_folder(entry)
        self.trouble: list[str] = []  # what could not be read, in order
        line = text(folder / "commondir", MAX_TEXT, follow=True)
        if line and "\0" not in line:  # a linked work tree: refs and objects lie elsewhere
            self.common = folder / line.strip()
        if not (self.common / "objects").is_dir():
            raise BrokenGit(".git holds no objects")
        line = (text(folder / "HEAD", MAX_TEXT, follow=True) or "").strip()
        name = line.removeprefix("ref:").strip()
        self.ref: str | None = None
        self.commit: str | None = line
        if not _HEX.fullmatch(line):
            if not line.startswith("ref:") or not _REF.fullmatch(name):
                raise BrokenGit(".git/HEAD names neither a branch nor a commit")
            self.ref = name.removeprefix("refs/heads/")
            self.commit = _commit(folder, self.common, name)

    @cached_property
    def tracked(self) -> frozenset[str]:
        """Files of the index below the folder (of HEAD, where the index cannot be read)."""
        path, wrong = self.folder / "index", "the index is no readable file"
        if not path.exists():
            return frozenset()
        if path.is_file() and path.stat().st_size <= MAX_INDEX:
            above = self.above
            if above and not _may_name(path, above):
                return frozenset()
            from codeanatomy.sources import libgit  # start-up time: most questions need no libgit2

            try:
                paths = libgit.index_paths(path)
                return frozenset(p.removeprefix(above) for p in paths if p.startswith(above))
            except libgit.FAILURES as error:
                wrong = f"the index cannot be read: {error}"
        self.trouble.append(f"{wrong}; tracked files are taken from HEAD")
        return frozenset(self.blobs or ())

    @cached_property
    def holding(self) -> frozenset[str]:
        """Folders that hold a tracked file."""
        return frozenset(f for path in self.tracked for f in folders_above(path))

    @cached_property
    def blobs(self) -> dict[str, str] | None:
        """Blob id of every file of HEAD below the folder, by path relative to the folder; commit of
        every submodule. Empty before the first commit, None when HEAD cannot be read."""
        if self.commit is None:
            return {}
        from codeanatomy.sources import libgit  # start-up time, as above

        try:
            return libgit.blobs(self.common / "objects", self.commit, self.above)
        except libgit.FAILURES as error:
            self.trouble.append(f"HEAD cannot be read: {type(error).__name__}: {error}")
            return None


def git_of(root: Path) -> tuple[Git | None, str]:
    """The git work tree that the folder belongs to, None for a plain folder; and what is wrong with
    a `.git` of its own. A work tree further up counts only where it tracks files of the folder."""
    for above in (root, *root.parents):
        entry = above / ".git"
        if os.path.lexists(entry):
            inside = "" if above == root else root.relative_to(above).as_posix() + "/"
            try:
                git = Git(entry, inside)
            except BrokenGit as error:
                return None, "" if inside else str(error)
            return (None if inside and not git.tracked else git), ""
    return None, ""


def _may_name(index: Path, above: str) -> bool:
    """Whether an index may track files of a folder; False where its bytes, without libgit2, say
    that it does not: versions 2 and 3 spell every path out (unless split or sparse)."""
    raw = head(index, MAX_INDEX, follow=True)
    whole = hashlib.sha1(raw[:-20], usedforsecurity=False).digest() == raw[-20:]
    spelt = whole and raw[:8] in (b"DIRC\0\0\0\2", b"DIRC\0\0\0\3")
    return not spelt or any(part in raw for part in (os.fsencode(above), b"link\0", b"sdir\0"))


def folders_above(path: str) -> list[str]:
    """The folders that hold a path, innermost first: `a/b/c` gives `a/b`, `a`."""
    parts = path.split("/")
    return ["/".join(parts[:end]) for end in range(len(parts) - 1, 0, -1)]


def _git_folder(entry: Path) -> Path:
    """The folder with HEAD: `.git` itself, or where a `.git` file points."""
    if not entry.is_dir():
        line = text(entry, MAX_TEXT, follow=True)
        if line is None or not line.startswith("gitdir:"):
            raise BrokenGit(".git is neither a folder nor a file that names one")
        entry = entry.parent / line.removeprefix("gitdir:").strip()
    if "\0" in str(entry) or not (entry / "HEAD").is_file():
        raise BrokenGit(".git holds no HEAD")
    return entry


def _commit(folder: Path, common: Path, name: str) -> str | None:
    for place in (folder, common):
        line = (text(place / name, MAX_TEXT, follow=True) or "").strip()
        if _HEX.fullmatch(line):
            return line
    for line in (text(common / "packed-refs", MAX_PACKED_REFS, follow=True) or "").splitlines():
        commit, _, ref = line.partition(" ")
        if ref == name and _HEX.fullmatch(commit):
            return commit
    return None
