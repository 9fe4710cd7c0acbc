"""Which Python files are in scope, what do they hold, and what was left out on the way?"""

import errno
import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from codeanatomy.facts.errors import UsageError
from codeanatomy.sources.git import BrokenGit, git_of
from codeanatomy.sources.reading import Digest, digest
from codeanatomy.sources.scope import (
    INITS,
    OUTPUT,
    PROJECTS,
    SUFFIXES,
    LeftOut,
    Place,
    Scope,
    is_python,
)


def contents(
    repo: Path,
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    out: Path | None = None,
) -> dict[str, str]:
    """Content hash of every file that `scan` would list, by path; nothing is named or compared."""
    root = folder_of(repo)
    try:
        git = git_of(root)
    except BrokenGit:
        git = None
    found = Walk(Scope(root, git, include, exclude, out)).read(blob=False)
    return {path: digest.content for path, digest in found.items()}


class Walk:
    """Goes through the folders once; collects Python files and everything that was left out."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.base = f"{scope.root}/".replace("//", "/")
        self.found: dict[str, str] = {}  # path -> file, link, or linked (below a linked folder)
        self.out: dict[str, LeftOut] = {}
        self.packages: set[str] = set()
        self.projects: list[str] = []
        self.trouble: list[tuple[str, str, str]] = []
        self._stack: list[tuple[Place, list[os.DirEntry[str]]]] = []
        self._linked: set[tuple[int, int]] = set()  # folders reached through links

    def read(self, blob: bool) -> dict[str, Digest]:
        """Hashes of all Python files in scope, by path; `blob`: their ids as git blobs, too."""
        self._stack.append((self.scope.start(), self._entries("")))
        while self._stack:
            self._visit(*self._stack.pop())
        digests = {}
        for path, how in sorted(self.found.items()):
            try:
                digests[path] = digest(self.base + path, blob, follow=how == "link")
            except OSError as error:
                self._unreadable(path, error)
        return digests

    def _visit(self, place: Place, entries: list[os.DirEntry[str]]) -> None:
        names = frozenset(e.name for e in entries)
        place = self.scope.entered(place, names)
        if names & INITS:
            self.packages.add(place.path)
        self.projects += [place.below(name) for name in names & PROJECTS]
        for entry in entries:
            path = place.below(entry.name)
            try:
                if not _is_text(entry.name):
                    escaped = os.fsencode(path).decode("utf-8", "backslashreplace")
                    self.out[escaped] = LeftOut("name", "its name is no UTF-8")
                elif entry.is_symlink():
                    self._link(place, entry.name, path)
                elif entry.is_dir(follow_symlinks=False):
                    if not place.linked or self._first_time(path):
                        self._folder(place, entry.name, path, names)
                elif entry.is_file(follow_symlinks=False):
                    self._file(place, entry.name, path, "linked" if place.linked else "file")
                elif entry.name.endswith(SUFFIXES):
                    self.out[path] = LeftOut("special", "no regular file")
            except OSError as error:
                self._unreadable(path, error)

    def _folder(self, place: Place, name: str, path: str, beside: frozenset[str]) -> None:
        try:
            entries = self._entries(path)
        except OSError as error:
            verdict = self.scope.folder(place, name, beside, frozenset())
            if not isinstance(verdict, LeftOut):
                return self._unreadable(path, error)
        else:
            verdict = self.scope.folder(place, name, beside, frozenset(e.name for e in entries))
            if not isinstance(verdict, LeftOut):
                return self._stack.append((verdict, entries))
        if verdict.reason != OUTPUT:  # there or not, our own folder says nothing of the repository
            self.out[path] = verdict
        return None

    def _file(self, place: Place, name: str, path: str, how: str) -> None:
        if not is_python(self.base + path, name):
            return
        left_out = self.scope.file(place, name)
        if left_out is None:
            self.found[path] = how
        else:
            self.out[path] = left_out

    def _link(self, place: Place, name: str, path: str) -> None:
        """Follows links that stay inside: to files always, to a folder once, none from there."""
        try:
            target = Path(os.path.realpath(self.base + path, strict=True))
        except OSError as error:
            if error.errno == errno.ELOOP:
                self._loop(path)
            elif name.endswith(SUFFIXES):
                self.out[path] = LeftOut("link", "leads nowhere")
            return
        inside = target.is_relative_to(self.scope.root)
        if target.is_dir():
            if Path(self.base + path).parent.resolve().is_relative_to(target):
                self._loop(path)
            elif not inside:
                self.out[path] = LeftOut("link", "leads out of the repository")
            elif place.linked:
                self.out[path] = LeftOut("link", "a link inside a linked folder")
            elif self._first_time(path):
                self._folder(msgspec.structs.replace(place, linked=True), name, path, frozenset())
        elif name.endswith(SUFFIXES):
            if not inside:
                self.out[path] = LeftOut("link", "leads out of the repository")
            elif target.is_file():
                self._file(place, name, path, "linked" if place.linked else "link")
            else:
                self.out[path] = LeftOut("special", "no regular file")

    def _loop(self, path: str) -> None:
        self.out[path] = LeftOut("link", "leads back to a folder above it")
        self.trouble.append(
            (path, "link-loop", "the link leads back to itself or a folder above it")
        )

    def _first_time(self, path: str) -> bool:
        """Whether a folder is reached through links for the first time; a row when it is not."""
        status = os.stat(self.base + path)
        key = (status.st_dev, status.st_ino)
        if key in self._linked:
            self.out[path] = LeftOut("link", "read through another link already")
            return False
        self._linked.add(key)
        return True

    def _entries(self, path: str) -> list[os.DirEntry[str]]:
        with os.scandir(self.base + path) as entries:
            return sorted(entries, key=lambda e: e.name)

    def _unreadable(self, path: str, error: OSError) -> None:
        why = error.strerror or str(error)
        self.out[path] = LeftOut("unreadable", why)
        self.trouble.append((path, "unreadable", why))


def folder_of(repo: Path) -> Path:
    """The folder, resolved. UsageError where it is none that can be read."""
    if not repo.exists():
        raise UsageError(f"{repo} does not exist; name the folder of a repository")
    if not repo.is_dir():
        raise UsageError(f"{repo} is no folder; name the folder of a repository")
    root = repo.resolve()
    try:
        with os.scandir(root):
            return root
    except OSError as error:
        raise UsageError(f"{repo} cannot be read: {error.strerror}") from error


def _is_text(name: str) -> bool:
    """Whether a file's name came from UTF-8 (other bytes are lone surrogates here)."""
    return name.isascii() or not any("\ud800" <= c <= "\udfff" for c in name)
