"""What libgit2 reads for us: an index file, and objects by id. Never a configuration."""

from collections.abc import Callable
from pathlib import Path

import pygit2

FAILURES = (pygit2.GitError, OSError, KeyError, ValueError)


class _Index(pygit2.Index):
    """An index that complains once: pygit2's destructor fails after its constructor has."""

    def __del__(self) -> None:
        if hasattr(self, "_index"):
            super().__del__()


def index_paths(path: Path) -> list[str]:
    """Paths of the tracked files, relative to the work tree's top."""
    return [entry.path for entry in _Index(path)]


def reader(objects: Path, limit: int) -> Callable[[str], bytes]:
    """A function from an object's id to its bytes; ValueError for one beyond the limit."""
    store = pygit2.Odb(objects)

    def read(oid: str) -> bytes:
        found = pygit2.Oid(hex=oid)
        if store.read_header(found)[1] > limit:
            raise ValueError(f"object {oid} is too large")
        return bytes(store.read(found)[1])

    return read
