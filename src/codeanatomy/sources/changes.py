"""Which files of a repository changed since their contents were recorded?"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from codeanatomy.facts.errors import CodeAnatomyError
from codeanatomy.sources.git import git_of
from codeanatomy.sources.scope import Scope
from codeanatomy.sources.walk import Walk, folder_of


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
