"""What an answer says about itself: snapshot, ref, changes since, doubtful and missing sites; and
what a snapshot says: which repository, ref and scope it describes; its totals."""

from pathlib import Path

import msgspec
import pyarrow as pa

from codeanatomy.engine.manifest import Snapshot
from codeanatomy.facts.errors import StoreError, UsageError
from codeanatomy.planning.package import ExecutionPackage
from codeanatomy.sources.walk import Changes

ABOUT = b"codeanatomy.about"
MOST_PATHS = 3


class CallSites(msgspec.Struct, frozen=True):
    """Call sites (`ast.Call`) of the whole graph whose targets are not certain."""

    possible: int
    unresolved: int


class Scope(msgspec.Struct, frozen=True):
    """Which paths the build was asked to read: patterns, as given."""

    include: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()


class Declared(msgspec.Struct, frozen=True):
    """A relation as the build had it: what it joined, the words it adds, and the trust in it."""

    name: str
    kind: str
    tables: tuple[str, ...]
    adds: str
    trust: float
    joins: tuple[str, ...] = ()


class SnapshotFacts(msgspec.Struct, frozen=True):
    """The facts of a build that answers repeat; a build records more beside them."""

    repository: str  # relative to the store's folder where it lies above it, else absolute
    scope: Scope
    call_sites: CallSites | None  # None: the graph has no calls
    ref: str | None
    commit: str | None
    dirty: bool | None
    relations: tuple[Declared, ...] = ()
    without: tuple[str, ...] = ()  # kinds of edges that were not asked for
    package: ExecutionPackage | None = None

    def needs(self, *kinds: str) -> None:
        """UsageError when the graph was built without one of these kinds of edges."""
        if lost := [kind for kind in kinds if kind in self.without]:
            raise UsageError(
                f"this graph was built without {lost[0]} edges; build it again without --layers"
            )

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


class About(msgspec.Struct, frozen=True, omit_defaults=True):
    """One statement per answer. Sites are counted before the limit; `concerns` says which."""

    snapshot: str
    ref: str | None
    commit: str | None
    dirty: bool | None
    possible: int
    unresolved: int
    concerns: str
    rows: int | None = None
    shown: int | None = None
    changed_files: int | None = None
    changed: tuple[str, ...] = ()
    unknown: str = ""
    scans: str = ""  # what a query read of the stored tables, and what it could leave


def stated(rows: pa.Table, about: About, limit: int | None) -> pa.Table:
    """The first rows, carrying the statement in their schema's metadata, beside what was there."""
    shown = rows if limit is None else rows.slice(0, limit)
    about = msgspec.structs.replace(about, rows=rows.num_rows, shown=shown.num_rows)
    metadata = {**(rows.schema.metadata or {}), ABOUT: msgspec.json.encode(about)}
    return shown.replace_schema_metadata(metadata)


def about_of(rows: pa.Table) -> About:
    """The statement that an answer carries."""
    return msgspec.json.decode((rows.schema.metadata or {})[ABOUT], type=About)


def with_freshness(about: About, fresh: Changes) -> About:
    """The statement, saying what changed since the snapshot."""
    if fresh.unknown:
        return msgspec.structs.replace(about, unknown=fresh.unknown)
    paths = fresh.paths
    return msgspec.structs.replace(about, changed_files=len(paths), changed=paths[:MOST_PATHS])


def sentence(about: About) -> str:
    """The statement as one line for people."""
    doubtful = f"{about.possible} possible and {about.unresolved} unresolved {about.concerns}"
    place = "@".join(filter(None, (about.ref, (about.commit or "")[:10]))) or "a plain folder"
    place += " with uncommitted changes" if about.dirty and (about.ref or about.commit) else ""
    parts = [f"snapshot {about.snapshot} of {place}", _since(about), doubtful, about.scans]
    if about.rows is not None and about.shown != about.rows:
        parts.append(f"first {about.shown} of {about.rows} rows shown")
    if about.rows == 0:
        parts.insert(0, "nothing found")
    return "; ".join(part for part in parts if part)


def _since(about: About) -> str:
    if about.unknown:
        return f"changes since are unknown: {about.unknown}"
    if about.changed_files is None:
        return ""
    if not about.changed_files:
        return "no file changed since"
    more = ", ..." if about.changed_files > len(about.changed) else ""
    files = "file" if about.changed_files == 1 else "files"
    return f"{about.changed_files} {files} changed since: {', '.join(about.changed)}{more}"
