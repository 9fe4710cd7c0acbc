"""What a snapshot says about itself: which repository, ref and scope it describes; its totals."""

from pathlib import Path

import msgspec

from codeanatomy.engine.manifest import Snapshot
from codeanatomy.facts.errors import StoreError


class CallSites(msgspec.Struct, frozen=True):
    """Call sites (`ast.Call`) of the whole graph by what is known of their targets."""

    certain: int
    possible: int
    unresolved: int


class Scope(msgspec.Struct, frozen=True):
    """What the build was asked to read: source roots and path patterns, as given."""

    roots: tuple[str, ...] = ()
    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class SnapshotFacts(msgspec.Struct, frozen=True):
    """The facts of a build that answers repeat; a build records more beside them."""

    repository: str  # relative to the store's folder where it lies above it, else absolute
    scope: Scope
    call_sites: CallSites
    ref: str | None
    commit: str | None
    dirty: bool | None

    def folder(self, store: Path) -> Path:
        """The repository's folder."""
        return (store / self.repository).resolve()


def facts_of(snapshot: Snapshot) -> SnapshotFacts:
    """The recorded facts; StoreError when they are not those of a build."""
    try:
        return msgspec.convert(snapshot.facts, SnapshotFacts)
    except msgspec.ValidationError as error:
        raise StoreError(
            f"snapshot {snapshot.number} does not describe a build ({error}); "
            "run `codeanatomy build` again"
        ) from error
