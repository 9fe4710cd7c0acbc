"""What libgit2 reads for us: an index file, and objects by id. Never a configuration."""

import os
from pathlib import Path

import pygit2

from codeanatomy.sources.reading import text

MAX_STORES = 32
MAX_TEXT = 1 << 16  # bytes of a list of them
MAX_OBJECT = 1 << 26  # bytes of a commit or tree
MAX_ENTRIES = 1 << 21  # a commit with more than this is hostile or beyond us
FAILURES = (pygit2.GitError, OSError, KeyError, ValueError)


class _Index(pygit2.Index):
    """An index that complains once: pygit2's destructor fails after its constructor has."""

    def __del__(self) -> None:
        if hasattr(self, "_index"):
            super().__del__()


def index_paths(path: Path) -> list[str]:
    """Paths of the tracked files, relative to the work tree's top."""
    return [entry.path for entry in _Index(path)]


def blobs(objects: Path, commit: str, above: str) -> dict[str, str]:
    """Blob id of every file of a commit below a folder ('' or ending in a slash), by path relative
    to it; commit of every submodule. ValueError for what is too large to be read."""
    if len(commit) != 40:
        raise ValueError("repositories with SHA-256 ids are not read")
    repository = _in_memory(objects)

    def read(oid: pygit2.Oid) -> pygit2.Object:
        if repository.odb.read_header(oid)[1] > MAX_OBJECT:
            raise ValueError(f"object {oid} is too large")
        return repository[oid]

    top = read(pygit2.Oid(hex=commit)).peel(pygit2.Commit).tree_id
    stack, found, entries = [("", top)], {}, 0
    while stack:
        prefix, oid = stack.pop()
        for entry in read(oid).peel(pygit2.Tree):
            path = prefix + os.fsdecode(entry.raw_name or b"")
            if entry.filemode == pygit2.GIT_FILEMODE_TREE:
                if above.startswith(path + "/") or path.startswith(above):
                    stack.append((path + "/", entry.id))
            elif path.startswith(above):
                found[path.removeprefix(above)] = str(entry.id)
            entries += 1
        if entries > MAX_ENTRIES:
            raise ValueError(f"there are more than {MAX_ENTRIES:,} entries")
    return found


def _in_memory(objects: Path) -> pygit2.Repository:
    """A repository of these objects; no folder of theirs is opened. ValueError where something in
    their store, or in those it borrows from, is what reading might wait on for ever (a pipe)."""
    stores = [objects]
    for store in stores:  # it grows
        if len(stores) > MAX_STORES:
            raise ValueError(f"more than {MAX_STORES} object stores are borrowed")
        for folder in (store, *sorted(filter(Path.is_dir, store.iterdir()))):
            with os.scandir(folder) as entries:
                odd = [e.name for e in entries if not (e.is_file() or e.is_dir())]
            if odd:
                raise ValueError(f"{min(odd)} is neither a file nor a folder")
        borrowed = store / "info" / "alternates"
        lines = text(borrowed, MAX_TEXT, follow=True) if borrowed.exists() else ""
        if lines is None:
            raise ValueError("objects/info/alternates cannot be read")
        stores += [store / n for n in lines.splitlines() if n and os.path.isdir(store / n)]
    repository = pygit2.Repository()
    repository.set_odb(pygit2.Odb(objects))
    return repository
