"""How a run's tables become the next snapshot, all of them or none, and how old ones go.

First, and long: every changed table is hashed, sorted and written to `tmp/`. Then, in milliseconds:
the files move into their tables, the Delta logs follow, links are made, the manifest is published.
An exception in between is undone here; after a kill the next writer undoes it in the same way.
Everything here runs under the writer's lock.
"""

import datetime
import shutil
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pyarrow as pa
from msgspec.structs import replace

from codeanatomy.engine import delta, manifest
from codeanatomy.engine.border import engine_errors
from codeanatomy.engine.content import content_hash, in_order
from codeanatomy.engine.lock import pinned
from codeanatomy.engine.manifest import Snapshot, StoredTable
from codeanatomy.facts.canonical import fingerprint
from codeanatomy.facts.errors import StoreError

_THREADS = 2  # more only adds memory: the largest table is a third of all work


def commit(
    root: Path,
    tables: Mapping[str, pa.Table],
    facts: Mapping[str, object],
    sort: Mapping[str, Sequence[str]],
    said: Mapping[str, pa.Table],
) -> Snapshot:
    """Publish the tables; the new snapshot, or the last one when nothing differs but what is said
    about the run."""
    if wrong := sorted(name for name in {**tables, **said} if not manifest.NAME.fullmatch(name)):
        raise StoreError(f"{wrong[0]!r} is no table name; use lower-case letters, digits and _")
    number = max([0, *manifest.numbers(root / "snapshots")]) + 1
    last = undo(root)
    plain = msgspec.json.decode(msgspec.json.encode(facts), type=dict[str, object])
    work = root / "tmp" / uuid.uuid4().hex
    work.mkdir()
    try:
        drafts = _drafts(work, last, tables, sort)
        changed = any(draft.version < 0 for draft in drafts.values())
        before = [name for name, table in last.tables.items() if table.content_hash] if last else []
        if last and not changed and plain == last.facts and sorted(before) == [*drafts]:
            return manifest.current(root / "snapshots") or last
        drafts |= {name: _written(work, table, ()) for name, table in sorted(said.items())}
        stored = {name: _placed(root, work, name, draft) for name, draft in drafts.items()}
        links = _links(work / "links", root, last, drafts)
        told = fingerprint({n: t.content_hash for n, t in stored.items() if t.content_hash})[:12]
        snapshot = Snapshot(number, told, stored, plain, datetime.datetime.now(datetime.UTC))
        return manifest.publish(root, snapshot, links)
    except BaseException:
        undo(root)
        raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def undo(root: Path) -> Snapshot | None:
    """The current snapshot, its logs restored, leftovers of unfinished commits removed."""
    _sweep(root)
    last = manifest.current(root / "snapshots")
    if last is None:
        return None
    tables = dict(last.tables)
    for name, table in tables.items():
        files = [last.directory(name) / file for file in table.files]
        schema = manifest.schema_of(table)
        version = delta.repair(root / "tables" / name, table.version, files, schema)
        tables[name] = replace(table, version=version)
    return replace(last, tables=tables)


def _drafts(
    work: Path,
    last: Snapshot | None,
    tables: Mapping[str, pa.Table],
    sort: Mapping[str, Sequence[str]],
) -> dict[str, StoredTable]:
    """All tables hashed and, where they changed, written; the largest first, by name.

    One without a version is new: its file lies in the work folder.
    """

    def draft(name: str) -> StoredTable:
        with engine_errors(f"writing table {name}"):
            keys, old = tuple(sort.get(name, ())), last.tables.get(name) if last else None
            table = in_order(tables[name], keys)
            content, schema = content_hash(table), manifest.schema_text(table.schema)
            new = StoredTable((), 0, -1, table.num_rows, content, schema, keys)
            if old and replace(new, files=old.files, bytes=old.bytes, version=old.version) == old:
                return old
            return _written(work, table, keys, content)

    order = sorted(tables, key=lambda name: (-tables[name].nbytes, name))
    with ThreadPoolExecutor(_THREADS, "store") as pool:
        drafts = dict(zip(order, pool.map(draft, order), strict=True))
    return {name: drafts[name] for name in sorted(drafts)}


def _written(work: Path, table: pa.Table, keys: tuple[str, ...], content: str = "") -> StoredTable:
    """The table as a new file; without a content hash it takes no part in the snapshot's id."""
    file = work / f"{uuid.uuid4().hex}.parquet"
    delta.write_parquet(file, table)
    manifest.fsync(file)
    schema, size = manifest.schema_text(table.schema), file.stat().st_size
    return StoredTable((file.name,), size, -1, table.num_rows, content, schema, keys)


def _placed(root: Path, work: Path, name: str, draft: StoredTable) -> StoredTable:
    """Move a new file into its table and commit it to the log; an old table stays as it is."""
    if draft.version >= 0:
        return draft
    folder = root / "tables" / name
    folder.mkdir(exist_ok=True)
    place = (work / draft.files[0]).rename(folder / draft.files[0])
    return replace(draft, version=delta.commit_file(folder, place, manifest.schema_of(draft)))


def _links(
    links: Path, root: Path, last: Snapshot | None, drafts: Mapping[str, StoredTable]
) -> Path:
    """A folder with the files of every table: new ones from the tables, old ones as last linked."""
    for name, draft in drafts.items():
        (links / name).mkdir(parents=True)
        source = last.directory(name) if last and draft.version >= 0 else root / "tables" / name
        for file in draft.files:
            manifest.link_file(source / file, links / name / file)
        manifest.fsync(links / name)
    return links


def clean(root: Path, keep: int) -> None:
    """Drop all snapshots but the newest `keep` and those being read.

    The manifest goes first, the pins are looked at again, then the files go: a reader that came in
    between either finds its manifest gone and takes a newer one, or keeps its files.
    """
    snapshots = root / "snapshots"
    whole = [n for n in manifest.numbers(snapshots) if manifest.load(snapshots, n)]
    for number in sorted(set(whole[:-keep]) - pinned(root / "readers")):
        (snapshots / f"{number}.json").unlink()
    _sweep(root)


def _sweep(root: Path) -> None:
    """Remove what no whole manifest names and no reader holds."""
    snapshots = root / "snapshots"
    for leftover in (root / "tmp").iterdir():
        _remove(leftover)
    loaded = {number: manifest.load(snapshots, number) for number in manifest.numbers(snapshots)}
    for number, snapshot in loaded.items():
        if snapshot is None:
            (snapshots / f"{number}.json").unlink()
    kept = [snapshot for snapshot in loaded.values() if snapshot]
    spared = {str(s.number) for s in kept} | {str(n) for n in pinned(root / "readers")}
    for folder in snapshots.iterdir():
        if folder.is_symlink() or (folder.is_dir() and folder.name not in spared):
            _remove(folder)
    for folder in (root / "tables").iterdir():
        if folder.is_symlink() or not folder.is_dir():
            _remove(folder)
            continue
        if (folder / delta.LOG).is_symlink():
            _remove(folder / delta.LOG)
        stored = [s.tables[folder.name] for s in kept if folder.name in s.tables]
        named = {delta.LOG, *(file for table in stored for file in table.files)}
        for path in folder.iterdir():
            if path.name not in named:
                _remove(path)
        if not stored:
            _remove(folder)


def _remove(path: Path) -> None:
    """Remove a file, a folder or a link; never what a link points at."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
