"""What libgit2 reads for us: an index file, objects by id, and who wrote a line. Never a
configuration."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
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


def written_by(
    objects: Path, commit: str, path: str, text: bytes, line: int
) -> tuple[str, str, datetime] | None:
    """Commit, author and time of what a line (from 1) of a file is as of the commit; None where the
    commit has another text of the file, or none."""
    repository = pygit2.Repository()  # in memory: no folder of theirs is opened
    repository.set_odb(pygit2.Odb(objects))
    at = pygit2.Oid(hex=commit)
    try:
        if repository[at].peel(pygit2.Commit).tree[path].read_raw() != text:
            return None
    except KeyError:
        return None
    found = repository.blame(path, newest_commit=at, min_line=line, max_line=line).for_line(line)
    changed = repository[found.final_commit_id].peel(pygit2.Commit)
    author = changed.author
    zone = timezone(timedelta(minutes=author.offset))
    return str(changed.id), author.name, datetime.fromtimestamp(author.time, zone)
