"""What a snapshot is, and how it becomes visible all at once.

`snapshots/<n>.json` names every table of a run; it is immutable, carries a checksum and is
published by a hard link, which fails when the number exists: a lost race can never overwrite. The
current snapshot is the highest number whose manifest and files are whole.
`snapshots/<n>/<table>/` holds links to exactly the data files of that version, so that a reader
registers a folder and needs no Delta library.
"""

import base64
import contextlib
import datetime
import hashlib
import os
import re
import shutil
import uuid
from pathlib import Path

import msgspec
import pyarrow as pa

from codeanatomy.facts.canonical import canonical, fingerprint
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
    id: str
    tables: dict[str, StoredTable]
    facts: dict[str, object]  # free JSON: ref, commit, scope, policy fingerprint, ...
    created: datetime.datetime
    folder: str = ""  # where it was read; never stored

    def directory(self, table: str) -> Path:
        """Folder with exactly the Parquet files of the table."""
        self._stored(table)
        return Path(self.folder, table)

    def schema(self, table: str) -> pa.Schema:
        """Arrow schema as committed, with the semantic types in its field metadata."""
        return schema_of(self._stored(table))

    def _stored(self, table: str) -> StoredTable:
        if table not in self.tables:
            known = ", ".join(sorted(self.tables))
            raise StoreError(f"snapshot {self.number} has no table {table!r}; it has {known}")
        return self.tables[table]


class Manifest(msgspec.Struct, frozen=True):
    """The file on disk: a snapshot and the checksum of its bytes."""

    sum: str
    snapshot: msgspec.Raw


def snapshot_id(tables: dict[str, StoredTable]) -> str:
    """12 hex digits over the names and content hashes of the tables."""
    return fingerprint({name: table.content_hash for name, table in tables.items()})[:12]


def schema_text(schema: pa.Schema) -> str:
    """The schema with all metadata as text; equal schemas give equal text."""
    return base64.b64encode(schema.serialize().to_pybytes()).decode()


def schema_of(table: StoredTable) -> pa.Schema:
    """The Arrow schema that `schema_text` wrote."""
    return pa.ipc.read_schema(pa.py_buffer(base64.b64decode(table.schema)))


def numbers(snapshots: Path) -> list[int]:
    """Numbers of all manifests, whole or not, ascending."""
    names = [path.name for path in snapshots.glob("*.json")]
    return sorted(int(name[:-5]) for name in names if name[:-5].isdecimal())


def load(snapshots: Path, number: int) -> Snapshot | None:
    """The snapshot, or None when its manifest or one of its files is missing or damaged."""
    folder = snapshots / str(number)
    try:
        manifest = msgspec.json.decode((snapshots / f"{number}.json").read_bytes(), type=Manifest)
        if manifest.sum != checksum(bytes(manifest.snapshot)):
            return None
        snapshot = msgspec.json.decode(manifest.snapshot, type=Snapshot)
        for name, table in snapshot.tables.items():
            if not all(map(NAME.fullmatch, (name, *table.files))):
                return None
            if sum((folder / name / file).stat().st_size for file in table.files) != table.bytes:
                return None
    except (FileNotFoundError, NotADirectoryError, msgspec.MsgspecError):
        return None
    return (
        msgspec.structs.replace(snapshot, folder=str(folder)) if snapshot.number == number else None
    )


def current(snapshots: Path) -> Snapshot | None:
    """The newest whole snapshot, or None."""
    for number in reversed(numbers(snapshots)):
        if (snapshot := load(snapshots, number)) is not None:
            return snapshot
    return None


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
    write_synced(draft, msgspec.json.encode(Manifest(checksum(raw), msgspec.Raw(raw))))
    try:
        links.rename(final)
        fsync_folder(snapshots)
        _link_new(draft, snapshots / f"{number}.json")
    except FileExistsError as error:
        raise taken from error
    except OSError as error:
        raise taken if final.exists() else error from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()
    fsync_folder(snapshots)
    return msgspec.structs.replace(snapshot, folder=str(final))


def _link_new(draft: Path, target: Path) -> None:
    """Give the draft its final name; FileExistsError when the name is taken."""
    try:
        os.link(draft, target)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        with os.fdopen(handle, "wb") as file:
            file.write(draft.read_bytes())
            file.flush()
            os.fsync(file.fileno())


def link_file(source: Path, target: Path) -> None:
    """A hard link, or a synced copy where the file system allows no link."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        shutil.copyfile(source, target)
        fsync_file(target)


def write_synced(path: Path, content: bytes) -> None:
    """Write a new file so that it is on disk."""
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def fsync_file(path: Path) -> None:
    """Bring a finished file to the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


fsync_folder = fsync_file


def checksum(raw: bytes) -> str:
    """Hash of a manifest's snapshot as stored."""
    return hashlib.blake2b(raw, digest_size=16).hexdigest()
