"""How a run's tables become the next snapshot: all of them or none.

First, and long: every changed table is hashed, sorted and written to `tmp/`. Then, in milliseconds: the
files move into their tables, the Delta logs follow, links are made, the manifest is published. An
exception in between is undone here; after a kill the next writer undoes it in the same way.
"""

import datetime
import re
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import TypeAlias

import msgspec
import pyarrow as pa

from codeanatomy.engine import delta, manifest
from codeanatomy.engine.border import engine_errors
from codeanatomy.engine.clean import sweep
from codeanatomy.engine.content import ContentHash, content_hash
from codeanatomy.engine.manifest import Snapshot, StoredTable
from codeanatomy.engine.parquet import row_groups, sorted_by, write_parquet
from codeanatomy.facts.errors import CodeAnatomyError, StoreError

Source: TypeAlias = pa.Table | pa.RecordBatchReader

_THREADS = 2  # more only adds memory: the largest table is a third of all work
_NAME = re.compile(r"[a-z][a-z0-9_]*")


class Draft(msgspec.Struct, frozen=True):
    """A table ready to be published: what it is, and its new file unless the old ones stand."""

    stored: StoredTable
    file: Path | None = None


class Stopped(CodeAnatomyError):
    """This table's writer need not go on: another one failed, or somebody pressed Ctrl-C."""


def commit(
    root: Path,
    tables: Mapping[str, Source],
    facts: Mapping[str, object],
    sort: Mapping[str, Sequence[str]],
) -> Snapshot:
    """Publish the tables; the new snapshot, or the last one when nothing differs."""
    if wrong := sorted(name for name in tables if not _NAME.fullmatch(name)):
        raise StoreError(f"{wrong[0]!r} is no table name; use lower-case letters, digits and _")
    number = max([0, *manifest.numbers(root / "snapshots")]) + 1
    last = undo(root)
    plain = msgspec.json.decode(msgspec.json.encode(facts), type=dict[str, object])
    work = root / "tmp" / uuid.uuid4().hex
    work.mkdir()
    try:
        drafts = _drafts(work, last, tables, sort)
        changed = any(draft.file for draft in drafts.values())
        if last and not changed and (drafts.keys(), plain) == (last.tables.keys(), last.facts):
            return last
        stored = {name: _placed(root, name, draft) for name, draft in drafts.items()}
        links = _links(work / "links", root, last, drafts)
        return manifest.publish(root, _snapshot(number, stored, plain), links)
    except BaseException:
        undo(root)
        raise
    finally:
        shutil.rmtree(work, ignore_errors=True)


def undo(root: Path) -> Snapshot | None:
    """Remove what an unfinished commit left; the current snapshot, with its logs' right versions."""
    sweep(root)
    last = manifest.current(root / "snapshots")
    if last is None:
        return None
    tables = dict(last.tables)
    for name, table in tables.items():
        files = [last.directory(name) / file for file in table.files]
        version = delta.repair(root / "tables" / name, table.version, files, last.schema(name))
        tables[name] = msgspec.structs.replace(table, version=version)
    return msgspec.structs.replace(last, tables=tables)


def _drafts(
    work: Path,
    last: Snapshot | None,
    tables: Mapping[str, Source],
    sort: Mapping[str, Sequence[str]],
) -> dict[str, Draft]:
    """All tables hashed and, where they changed, written; the largest first, by name."""
    stop = threading.Event()

    def check() -> None:
        if stop.is_set():
            raise Stopped("stopped")

    known = last.tables if last else {}
    order = sorted(tables, key=lambda name: (-_size(tables[name]), name))
    with ThreadPoolExecutor(_THREADS, "store") as pool:
        pending: dict[str, Future[Draft]] = {}
        try:
            for name in order:
                keys = tuple(sort.get(name, ()))
                pending[name] = pool.submit(
                    _draft, work, name, tables[name], keys, known.get(name), check
                )
            done, _ = wait(pending.values(), return_when=FIRST_EXCEPTION)
            for future in done:
                future.result()
            return {name: pending[name].result() for name in sorted(pending)}
        except BaseException:
            stop.set()
            for future in pending.values():
                future.cancel()
            raise


def _size(data: Source) -> int:
    """Bytes of a table; a reader counts as the largest, for nobody knows."""
    return int(data.nbytes) if isinstance(data, pa.Table) else 1 << 62


def _draft(
    work: Path,
    name: str,
    data: Source,
    keys: tuple[str, ...],
    old: StoredTable | None,
    check: Callable[[], None],
) -> Draft:
    """One table, written to the work folder unless the old one is the same."""
    with engine_errors(f"writing table {name}"):
        check()
        if keys and not isinstance(data, pa.Table):
            data = data.read_all()
        schema, digest, rows = data.schema, ContentHash(), 0
        text = manifest.schema_text(schema)

        def same(content: str) -> bool:
            return old is not None and (old.content_hash, old.schema, old.sort) == (
                content,
                text,
                keys,
            )

        if isinstance(data, pa.Table) and old and same(content_hash(data)):
            return Draft(old)

        def watched(chunks: Iterator[pa.Table]) -> Iterator[pa.Table]:
            nonlocal rows
            for chunk in chunks:
                digest.add_table(chunk)
                rows += chunk.num_rows
                yield chunk
