"""What does a repository hold: files with hashes and module names, what is left out, its commit."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import pyarrow as pa

from codeanatomy.facts.ids import file_id
from codeanatomy.facts.problem import CODES
from codeanatomy.facts.schema import table_of
from codeanatomy.facts.tables.graph import Problem
from codeanatomy.facts.tables.source import SkippedFile, SourceFile, SourceRoot
from codeanatomy.sources.git import Git, folders_above, git_of
from codeanatomy.sources.reading import Digest, blob_id, head
from codeanatomy.sources.roots import chosen_roots, declared_roots, name_files
from codeanatomy.sources.walk import INITS, SUFFIXES, Walk, folder_of


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
    root = folder_of(repo)
    chosen = chosen_roots(root, roots)
    git, broken = git_of(root)
    walk = Walk(root, git, include, exclude, out)
    digests = walk.read(blob=git is not None)
    files = sorted(digests)
    packages = frozenset(walk.packages)
    declared, odd = (chosen, []) if chosen else declared_roots(root, walk.projects, files, packages)
    modules, origins, starts, twice = name_files(files, packages, declared)
    dirty = None if git is None else _dirty(root, git, digests, walk)
    git_trouble = [f"{broken}; read as a plain folder"] if broken else git.trouble if git else []
    trouble = [
        *walk.trouble,
        *((p, "unreadable", "cannot be read as a project file") for p in odd),
        *((p, "module-twice", f"has the module name of {other}") for p, other in twice),
        *((".git", "unreadable", message) for message in git_trouble),
    ]
    rows = [
        (file_id(m), p, m, os.path.basename(p) in INITS, p.endswith(".pyi"), root_of, *read)
        for p, m, root_of in zip(files, modules, origins, strict=True)
        for read in [(digests[p].content, digests[p].size, digests[p].lines)]
    ]
    skipped = [(path, out.reason, out.detail) for path, out in sorted(walk.out.items())]
    found = [
        ("sources", "sources", code, CODES[code].severity, message, path, 0, 0, 0)
        for path, code, message in sorted(trouble)
    ]
    return Repository(
        root=root,
        files=table_of(SourceFile, rows),
        skipped=table_of(SkippedFile, skipped),
        roots=table_of(SourceRoot, [(r.path, r.reason) for r in starts]),
        problems=table_of(Problem, found),
        ref=git.ref if git is not None else None,
        commit=git.commit if git is not None else None,
        dirty=dirty,
    )


def _dirty(root: Path, git: Git, digests: Mapping[str, Digest], walk: Walk) -> bool | None:
    """Whether a scanned file differs from HEAD, is not in HEAD, or is in HEAD but gone."""
    if git.commit is None:
        return bool(digests)
    blobs = git.blobs
    if blobs is None:
        return None
    for path, read in digests.items():
        in_submodule = not blobs.keys().isdisjoint(folders_above(path))
        link = walk.found[path]
        if not in_submodule and not _is_blob(root / path, link, read, blobs.get(path)):
            return True
    for path in blobs.keys() - digests.keys():
        gone = path.endswith(SUFFIXES) and not os.path.lexists(root / path)
        if gone and walk.out.keys().isdisjoint(folders_above(path)):
            return True
    return False


def _is_blob(at: Path, link: bool, read: Digest, expected: str | None) -> bool:
    """Whether git would store the file (with CRLF as LF, too), or the link, as this blob."""
    try:
        if link:
            return blob_id(os.fsencode(os.readlink(at))) == expected
        if expected is None or read.blob == expected:
            return expected is not None
        return blob_id(head(at, read.size).replace(b"\r\n", b"\n")) == expected
    except OSError:  # it changed while we looked
        return False
