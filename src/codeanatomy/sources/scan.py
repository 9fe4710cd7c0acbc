"""What does a repository hold: files with hashes and module names, what is left out, its commit."""

import errno
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import pyarrow as pa

from codeanatomy.facts.errors import UsageError
from codeanatomy.facts.ids import file_id
from codeanatomy.facts.problem import CODES
from codeanatomy.facts.schema import schema_from_struct
from codeanatomy.facts.tables.graph import Problem
from codeanatomy.facts.tables.source import SkippedFile, SourceFile, SourceRoot
from codeanatomy.sources.git import BrokenGit, Git, folders_above, git_of
from codeanatomy.sources.reading import Digest, digest, text_blob, unix_blob
from codeanatomy.sources.roots import chosen_roots, declared_roots, name_files
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


class Repository(msgspec.Struct, frozen=True):
    """One scan: tables sorted by path; ref, commit and dirty are None where git does not know."""

    root: Path
    files: pa.Table
    skipped: pa.Table
    roots: pa.Table
    problems: pa.Table
    ref: str | None
    commit: str | None
    dirty: bool | None


def scan(
    repo: Path,
    *,
    roots: Sequence[str] = (),
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    out: Path | None = None,
) -> Repository:
    """Walks and hashes a git work tree or plain folder. UsageError when there is no such folder."""
    root = _folder(repo)
    chosen = chosen_roots(root, roots)
    trouble: list[tuple[str, str, str]] = []  # path, code, message
    try:
        git = git_of(root)
    except BrokenGit as error:
        git = None
        trouble.append((".git", "unreadable", f"{error}; read as a plain folder"))
    walk = _Walk(Scope(root, git, include, exclude, out))
    digests = walk.read(blob=git is not None)
    files = sorted(digests)
    packages = frozenset(walk.packages)
    declared, broken = (
        (chosen, []) if chosen else declared_roots(root, walk.projects, files, packages)
    )
    named = name_files(files, packages, declared)
    dirty = None if git is None else _dirty(root, git, digests, walk)
    trouble += walk.trouble
    trouble += [(p, "unreadable", "cannot be read as a project file") for p in broken]
    trouble += [(p, "module-twice", f"has the module name of {other}") for p, other in named.twice]
    trouble += [(".git", "unreadable", m) for m in (git.trouble if git is not None else ())]
    return Repository(
        root=root,
        files=_file_table(files, digests, named.modules, named.origins),
        skipped=_table(SkippedFile, [(p, o.reason, o.detail) for p, o in sorted(walk.out.items())]),
        roots=_table(SourceRoot, [(r.path, r.reason) for r in named.roots]),
        problems=_problem_table(sorted(trouble)),
        ref=git.ref if git is not None else None,
        commit=git.commit if git is not None else None,
        dirty=dirty,
    )


def contents(
    repo: Path,
    *,
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    out: Path | None = None,
) -> dict[str, str]:
    """Content hash of every file that `scan` would list, by path; nothing is named or compared."""
    root = _folder(repo)
    try:
        git = git_of(root)
    except BrokenGit:
        git = None
    found = _Walk(Scope(root, git, include, exclude, out)).read(blob=False)
    return {path: digest.content for path, digest in found.items()}


class _Walk:
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


def _folder(repo: Path) -> Path:
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


def _dirty(root: Path, git: Git, digests: Mapping[str, Digest], walk: _Walk) -> bool | None:
    """Whether a scanned file differs from HEAD, is not in HEAD, or is in HEAD but gone."""
    if git.commit is None:
        return bool(digests)
    blobs = git.blobs()
    if blobs is None:
        return None
    for path, read in digests.items():
        how = walk.found[path]
        if how == "linked" or git.in_submodule(path):
            continue
        if not _is_blob(root / path, how, read.blob, blobs.get(path)):
            return True
    for path in blobs.keys() - digests.keys():
        gone = path.endswith(SUFFIXES) and not os.path.lexists(root / path)
        if gone and walk.out.keys().isdisjoint(folders_above(path)):
            return True
    return False


def _is_blob(at: Path, how: str, read: str, expected: str | None) -> bool:
    """Whether git would store the file, or the link, as this blob."""
    try:
        if how == "link":
            return text_blob(os.readlink(at)) == expected
        return read == expected or (expected is not None and unix_blob(at) == expected)
    except OSError:  # it changed while we looked
        return False


def _file_table(
    files: Sequence[str],
    digests: Mapping[str, Digest],
    modules: Sequence[str],
    origins: Sequence[str],
) -> pa.Table:
    names = [os.path.basename(path) for path in files]
    reads = [digests[path] for path in files]
    return pa.table(
        [
            pa.array([file_id(module) for module in modules], pa.int64()),
            pa.array(files, pa.string()),
            pa.array(modules, pa.string()),
            pa.array([name in INITS for name in names], pa.bool_()),
            pa.array([name.endswith(".pyi") for name in names], pa.bool_()),
            pa.array(origins, pa.string()),
            pa.array([read.content for read in reads], pa.string()),
            pa.array([read.size for read in reads], pa.int64()),
            pa.array([read.lines for read in reads], pa.int64()),
        ],
        schema=schema_from_struct(SourceFile),
    )


def _problem_table(rows: Sequence[tuple[str, str, str]]) -> pa.Table:
    return _table(
        Problem,
        [
            ("sources", "sources", code, CODES[code].severity, message, path, 0, 0, 0)
            for path, code, message in rows
        ],
    )


def _table(struct: type[msgspec.Struct], rows: Sequence[tuple[object, ...]]) -> pa.Table:
    """A small table from rows in the order of the struct's fields."""
    schema = schema_from_struct(struct)
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema=schema)
