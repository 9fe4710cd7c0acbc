"""What does a repository hold: files with hashes and module names, what is left out, its commit."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import pyarrow as pa

from codeanatomy.facts.ids import file_id
from codeanatomy.facts.problem import CODES
from codeanatomy.facts.schema import schema_from_struct
from codeanatomy.facts.tables.graph import Problem
from codeanatomy.facts.tables.source import SkippedFile, SourceFile, SourceRoot
from codeanatomy.sources.git import BrokenGit, Git, folders_above, git_of
from codeanatomy.sources.reading import Digest, text_blob, unix_blob
from codeanatomy.sources.roots import chosen_roots, declared_roots, name_files
from codeanatomy.sources.scope import (
    INITS,
    SUFFIXES,
    Scope,
)
from codeanatomy.sources.walk import Walk, folder_of


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
    trouble: list[tuple[str, str, str]] = []  # path, code, message
    try:
        git = git_of(root)
    except BrokenGit as error:
        git = None
        trouble.append((".git", "unreadable", f"{error}; read as a plain folder"))
    walk = Walk(Scope(root, git, include, exclude, out))
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


def _dirty(root: Path, git: Git, digests: Mapping[str, Digest], walk: Walk) -> bool | None:
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
