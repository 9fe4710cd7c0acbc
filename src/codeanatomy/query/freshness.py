"""Whether a repository is still as the snapshot describes it."""

from pathlib import Path

import msgspec

from codeanatomy.facts.errors import CodeAnatomyError
from codeanatomy.query.snapshot_facts import SnapshotFacts
from codeanatomy.sources.changes import changes


class Freshness(msgspec.Struct, frozen=True):
    """Paths that differ from the snapshot, sorted; `unknown` says why nobody can tell."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    deleted: tuple[str, ...] = ()
    unknown: str = ""

    @property
    def paths(self) -> tuple[str, ...]:
        """All differing paths, sorted."""
        return tuple(sorted({*self.added, *self.changed, *self.deleted}))

    @property
    def fresh(self) -> bool:
        """Known to be unchanged."""
        return not self.unknown and not self.paths


def freshness(store: Path, facts: SnapshotFacts, recorded: dict[str, str]) -> Freshness:
    """Compares the repository, scanned and hashed again, with recorded contents (path to hash)."""
    repository = facts.folder(store)
    if not repository.is_dir():
        return Freshness(unknown=f"the repository is no longer at {repository}")
    try:
        include, exclude = facts.scope.include, facts.scope.exclude
        found = changes(repository, recorded, include=include, exclude=exclude, out=store)
    except (CodeAnatomyError, OSError) as error:
        return Freshness(unknown=f"the repository cannot be scanned: {error}")
    return Freshness(found.added, found.changed, found.deleted)
