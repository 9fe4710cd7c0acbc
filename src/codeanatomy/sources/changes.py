"""Which files of a repository changed since their contents were recorded?"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from codeanatomy.sources.git import git_of
from codeanatomy.sources.scope import Scope
from codeanatomy.sources.walk import Walk, folder_of


class Changes(msgspec.Struct, frozen=True):
    """Paths, each sorted."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    deleted: tuple[str, ...]

    def __bool__(self) -> bool:
        return bool(self.added or self.changed or self.deleted)


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
    root = folder_of(repo)
    walk = Walk(Scope(root, git_of(root)[0], include, exclude, out))
    now = {path: digest.content for path, digest in walk.read(blob=False).items()}
    return Changes(
        added=tuple(sorted(now.keys() - recorded.keys())),
        changed=tuple(sorted(p for p, c in now.items() if recorded.get(p, c) != c)),
        deleted=tuple(sorted(recorded.keys() - now.keys())),
    )
