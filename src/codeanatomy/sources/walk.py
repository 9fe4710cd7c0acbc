"""Which Python files are in scope, what do they hold, and what was left out on the way? Which of
them changed since their contents were recorded?"""

import os
from collections.abc import Mapping, Sequence
from operator import attrgetter
from pathlib import Path

import msgspec

from codeanatomy.facts.errors import CodeAnatomyError, UsageError
from codeanatomy.sources.git import git_of
from codeanatomy.sources.reading import Digest, digest
from codeanatomy.sources.scope import INITS, PROJECTS, SUFFIXES, LeftOut, Place, Scope, is_python


class Walk:
    """Goes through the folders once; collects Python files and everything that was left out."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.base = f"{scope.root}/".replace("//", "/")
        self.found: dict[str, bool] = {}  # path -> it is a link
        self.out: dict[str, LeftOut] = {}
        self.packages: set[str] = set()
        self.projects: list[str] = []
        self.trouble: list[tuple[str, str, str]] = []
        self._stack: list[tuple[Place, list[os.DirEntry[str]]]] = []

    def read(self, blob: bool) -> dict[str, Digest]:
        """Hashes of all Python files in scope, by path; `blob`: their ids as git blobs, too."""
        self._stack.append((self.scope.start(), self._entries("")))
        while self._stack:
            self._visit(*self._stack.pop())
        digests = {}
        for path, link in sorted(self.found.items()):
            try:
                digests[path] = digest(self.base + path, blob, follow=link)
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
                    self._folder(place, entry.name, path, names)
                elif entry.is_file(follow_symlinks=False):
                    self._file(place, entry.name, path)
                elif entry.name.endswith(SUFFIXES):
                    self.out[path] = LeftOut("special", "no regular file")
            except OSError as error:
                self._unreadable(path, error)

    def _folder(self, place: Place, name: str, path: str, beside: frozenset[str]) -> None:
        entries, failed = list[os.DirEntry[str]](), None
        try:
            entries = self._entries(path)
        except OSError as error:
            failed = error
        verdict = self.scope.folder(place, name, beside, frozenset(e.name for e in entries))
        if isinstance(verdict, LeftOut):
            self.out[path] = verdict
        elif verdict and failed is not None:
            self._unreadable(path, failed)
        elif verdict:
            self._stack.append((verdict, entries))

    def _file(self, place: Place, name: str, path: str, link: bool = False) -> None:
        if not is_python(self.base + path, name):
            return
        left_out = self.scope.file(place, name)
        if left_out is None:
            self.found[path] = link
        else:
            self.out[path] = left_out

    def _link(self, place: Place, name: str, path: str) -> None:
        """Follows links to Python files inside the repository; a folder is read where it lies."""
        target, python = Path(os.path.realpath(self.base + path)), name.endswith(SUFFIXES)
        inside = target.is_relative_to(self.scope.root)
        if target.is_symlink() or (self.scope.root / place.path).is_relative_to(target):
            self.out[path] = LeftOut("link", "leads back to itself or a folder above it")
            self.trouble.append((path, "link-loop", f"the link {self.out[path].detail}"))
        elif target.is_dir() or (python and not (inside and target.exists())):
            why = "leads to a folder, read where it lies" if target.exists() else "leads nowhere"
            self.out[path] = LeftOut("link", why if inside else "leads out of the repository")
        elif python and target.is_file():
            self._file(place, name, path, link=True)
        elif python:
            self.out[path] = LeftOut("special", "no regular file")

    def _entries(self, path: str) -> list[os.DirEntry[str]]:
        with os.scandir(self.base + path) as entries:
            return sorted(entries, key=attrgetter("name"))

    def _unreadable(self, path: str, error: OSError) -> None:
        why = error.strerror or str(error)
        self.out[path] = LeftOut("unreadable", why)
        self.trouble.append((path, "unreadable", why))


def folder_of(repo: Path) -> Path:
    """The folder, resolved. UsageError where it is none that can be read."""
    if not repo.is_dir():
        wrong = "is no folder" if repo.exists() else "does not exist"
        raise UsageError(f"{repo} {wrong}; name the folder of a repository")
    root = repo.resolve()
    try:
        with os.scandir(root):
            return root
    except OSError as error:
        raise UsageError(f"{repo} cannot be read: {error.strerror}") from error


class Changes(msgspec.Struct, frozen=True):
    """Paths, each sorted; `unknown` says why nobody can tell."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    unknown: str = ""

    @property
    def paths(self) -> tuple[str, ...]:
        """All differing paths, sorted."""
        return tuple(sorted({*self.added, *self.changed, *self.deleted}))

    def __bool__(self) -> bool:
        return bool(self.unknown or self.paths)


def changes(
    repo: Path,
    recorded: Mapping[str, str],
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    out: Path | None = None,
) -> Changes:
    """Scans again and compares content hashes with the recorded ones (path to hash).

    Every file is read: times and sizes are never trusted.
    """
    if not repo.is_dir():
        return Changes(unknown=f"the repository is no longer at {repo}")
    try:
        root = folder_of(repo)
        walk = Walk(Scope(root, git_of(root)[0], include, exclude, out))
        now = {path: digest.content for path, digest in walk.read(blob=False).items()}
    except (CodeAnatomyError, OSError) as error:
        return Changes(unknown=f"the repository cannot be scanned: {error}")
    return Changes(
        added=tuple(sorted(now.keys() - recorded.keys())),
        changed=tuple(sorted(p for p, c in now.items() if recorded.get(p, c) != c)),
        deleted=tuple(sorted(recorded.keys() - now.keys())),
    )


def _is_text(name: str) -> bool:
    """Whether a file's name came from UTF-8 (other bytes are lone surrogates here)."""
    return name.isascii() or not any("\ud800" <= c <= "\udfff" for c in name)
