"""What a snapshot is, and how it becomes visible all at once.

`snapshots/<n>.json` names every table of a run; it is immutable, carries a checksum and is
published by a hard link, which fails when the number exists: a lost race can never overwrite. The
current snapshot is the highest number whose manifest and files are whole.
`snapshots/<n>/<table>/` holds links to exactly the data files of that version, so that a reader
registers a folder and needs no Delta library.
"""

import base64
import datetime
import os
import re
import shutil
import uuid
from pathlib import Path

import msgspec
import pyarrow as pa

from codeanatomy.facts.canonical import canonical, digest
from codeanatomy.facts.errors import StoreError

NAME = re.compile(r"[a-z0-9][a-z0-9_.]*")  # of tables and their files: never a way out


class StoredTable(msgspec.Struct, frozen=True):
    """One table of a snapshot: a version of a Delta table and the files that it consists of."""

    files: tuple[str, ...]
    bytes: int
    version: int = -1  # of the Delta table; -1 before its commit
    rows: int = 0
    content_hash: str = ""
    schema: str = ""  # Arrow schema, serialised, base64
    sort: tuple[str, ...] = ()


class Snapshot(msgspec.Struct, frozen=True):
    """All tables of one run. Equal content has an equal `id`; `number` only counts up."""

    number: int
    id: str  # 12 hex digits over the names and content hashes of the tables
    tables: dict[str, StoredTable]
    facts: dict[str, object]  # free JSON: ref, commit, scope, policy fingerprint, ...
    created: datetime.datetime
    folder: str = ""  # where it was read; never stored

    def contents(self) -> dict[str, str]:
        """The content hash of each table of the graph, not of those about the run."""
        return {name: t.content_hash for name, t in self.tables.items() if t.content_hash}

    def directory(self, table: str) -> Path:
        """Folder with exactly the Parquet files of the table."""
        return Path(self.folder, table)


class Manifest(msgspec.Struct, frozen=True):
    """The file on disk: a snapshot and the checksum of its bytes."""

    sum: str
    snapshot: msgspec.Raw


def schema_text(schema: pa.Schema) -> str:
    """The schema with all metadata as text; equal schemas give equal text."""
    return base64.b64encode(schema.serialize().to_pybytes()).decode()


def schema_of(table: StoredTable) -> pa.Schema:
    """Arrow schema as committed, with the semantic types in its field metadata."""
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(table.schema)))


def decoded(schema: pa.Schema) -> pa.Schema:
    """The fields with plain texts instead of coded ones, their metadata kept."""
    return pa.schema(
        f.with_type(f.type.value_type) if pa.types.is_dictionary(f.type) else f for f in schema
    )


def numbers(snapshots: Path) -> list[int]:
    """Numbers of all manifests, whole or not, ascending."""
    names = [path.name for path in snapshots.glob("*.json")]
    return sorted(int(name[:-5]) for name in names if name[:-5].isdecimal())


def load(snapshots: Path, number: int) -> Snapshot | None:
    """The snapshot, or None when its manifest or one of its files is missing or damaged."""
    folder = snapshots / str(number)
    try:
        manifest = msgspec.json.decode((snapshots / f"{number}.json").read_bytes(), type=Manifest)
        snapshot = msgspec.json.decode(manifest.snapshot, type=Snapshot)
        whole = snapshot.number == number and manifest.sum == digest(bytes(manifest.snapshot))
        for name, table in snapshot.tables.items() if whole else ():
            whole = whole and all(map(NAME.fullmatch, (name, *table.files)))
            sizes = ((folder / name / file).stat().st_size for file in table.files)
            whole = whole and sum(sizes) == table.bytes
    except (FileNotFoundError, NotADirectoryError, msgspec.MsgspecError):
        return None
    return msgspec.structs.replace(snapshot, folder=str(folder)) if whole else None


def current(snapshots: Path) -> Snapshot | None:
    """The newest whole snapshot, or None."""
    return next(filter(None, (load(snapshots, n) for n in reversed(numbers(snapshots)))), None)


def publish(root: Path, snapshot: Snapshot, links: Path) -> Snapshot:
    """Make the snapshot visible: its folder of links first, then its manifest by hard link.

    StoreError when the number is taken; nothing has changed then.
    """
    snapshots, number = root / "snapshots", snapshot.number
    raw = canonical(msgspec.structs.replace(snapshot, folder=""))
    draft = root / "tmp" / f"{uuid.uuid4().hex}.json"
    final = snapshots / str(number)
    taken = StoreError(f"snapshot {number} of {root} exists already; build again")
    if (snapshots / f"{number}.json").exists():
        raise taken
    draft.write_bytes(msgspec.json.encode(Manifest(digest(raw), msgspec.Raw(raw))))
    fsync(draft)
    try:
        links.rename(final)
        fsync(snapshots)
        link_file(draft, snapshots / f"{number}.json")
    except OSError as error:
        raise taken if final.exists() else error from error
    finally:
        draft.unlink(missing_ok=True)
    fsync(snapshots)
    return msgspec.structs.replace(snapshot, folder=str(final))


def link_file(source: Path, target: Path) -> None:
    """A hard link, or a synced copy where the file system allows none; FileExistsError if taken."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        with source.open("rb") as old, target.open("xb") as new:
            shutil.copyfileobj(old, new)
        fsync(target)


def fsync(path: Path) -> None:
    """Bring a finished file, or a folder's entries, to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
