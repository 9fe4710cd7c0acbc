"""Where do the rows of files lie on disk, and which are known already? Packs in a user's folder.

A pack holds the rows of one batch: an Arrow stream per table, and a footer. The rows of file k of
the batch are `offsets[k]:offsets[k + 1]` of each table; the tables hold no file column, so a pack
says nothing about paths or about the repository it came from, and all repositories share packs.
"""

import functools
import os
import secrets
import shutil
import struct
import time
from collections.abc import Iterator, Mapping, Sequence, Set
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa

from codeanatomy.extract.witness import FILE_COLUMN
from codeanatomy.facts.canonical import digest
from codeanatomy.facts.ids import Ids

LIMIT = 2 << 30  # bytes of all packs
MOST = 1 << 10  # packs: each costs 50 us to look into
_LAYOUT = "packs-2"
_DAY = 86_400.0
_MAGIC = b"evidence"
_TAIL = struct.Struct("<Q32s")  # size and checksum of the footer
_BLOCK = 1 << 13  # words of 8 bytes


class DamagedPack(ValueError):
    """A pack that is not what was written; its rows must not be used."""


class Footer(msgspec.Struct, frozen=True):
    """What a pack holds; tables without rows are left out, the others in their streams' order.

    A content is empty where its rows say something about one run only.
    """

    contents: tuple[str, ...]
    offsets: dict[str, bytes]
    checksum: str


class Pack:
    """A pack, mapped into memory; its file may be deleted meanwhile. DamagedPack when its footer is
    not as it was written."""

    def __init__(self, path: Path) -> None:
        try:
            with pa.memory_map(str(path)) as file:
                whole = file.read_buffer()
            size, checksum = _TAIL.unpack(whole[-_TAIL.size :])
            footer = bytes(whole[-_TAIL.size - size : -_TAIL.size])
            if digest(footer).encode() != checksum:
                raise DamagedPack("the footer's checksum is wrong")
        except (pa.ArrowException, IndexError, OverflowError, struct.error) as error:
            raise DamagedPack(f"{type(error).__name__}: {error}") from error
        self._footer = msgspec.msgpack.decode(footer, type=Footer)
        self._body = whole[: whole.size - _TAIL.size - size]
        self.contents = self._footer.contents

    def verify(self) -> None:
        """Read every byte; DamagedPack when one is not as it was written."""
        if _checksum(self._body) != self._footer.checksum:
            raise DamagedPack("the checksum is wrong")

    @functools.cached_property
    def tables(self) -> dict[str, pa.RecordBatch]:
        """The tables that have rows."""
        source = pa.BufferReader(self._body[len(_MAGIC) :])
        return {n: pa.ipc.open_stream(source).read_all().to_batches()[0] for n in self.offsets}

    @functools.cached_property
    def offsets(self) -> dict[str, Ids]:
        """Where each file's rows begin in those tables, and where the last one's end."""
        return {name: np.frombuffer(raw, np.int64) for name, raw in self._footer.offsets.items()}


Place = tuple[Pack, int]  # where a file's rows are: the pack, and the file's number in it


class Event(msgspec.Struct, frozen=True, order=True):
    """Something that made an extraction take another way than usual, and why."""

    kind: str
    reason: str


def default_cache() -> Path:
    """The user's cache: `CODEANATOMY_CACHE`, else `codeanatomy` in the system's cache folder."""
    if own := os.environ.get("CODEANATOMY_CACHE"):
        return Path(own).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "codeanatomy"


class Cache:
    """The packs of one cache folder that were made under one key; without a folder there are none.

    Packs come by renaming and go by deleting, so any number of processes may use a folder at once.
    A damaged pack counts as unknown, is deleted and told in `events`; a folder that cannot be used
    is told there, too, and `folder` is None from then on.
    """

    def __init__(self, folder: Path | None, key: str) -> None:
        self.events: list[Event] = []
        self.folder = folder and folder / _LAYOUT
        self._key = key
        with self._guard("opened"):
            if self.folder:
                self.folder.mkdir(parents=True, exist_ok=True)

    def find(self, contents: Set[str]) -> dict[str, Place]:
        """Places of the contents whose rows are known, in packs that were verified."""
        found: dict[str, Place] = {}
        with self._guard("read"):
            for path in sorted(self.folder.glob(f"{self._key}-*")) if self.folder else ():
                try:
                    pack = Pack(path)
                    places = {c: (pack, at) for at, c in enumerate(pack.contents)}
                    if wanted := places.keys() & contents - found.keys():
                        pack.verify()
                        os.utime(path)
                        found |= {content: places[content] for content in wanted}
                except FileNotFoundError:  # another process has cleaned up
                    continue
                except DamagedPack as error:
                    self.events.append(Event("cache-damaged", f"a pack was dropped: {error}"))
                    path.unlink(missing_ok=True)
        return found

    def adopt(self, path: str) -> None:
        """Take over a new pack's file."""
        with self._guard("written"):
            if self.folder:
                os.rename(path, self.folder / f"{self._key}-{secrets.token_hex(8)}")

    def trim(self, limit: int = LIMIT, most: int = MOST) -> None:
        """Delete the packs used longest ago until the rest fits, and what dead processes left."""
        with self._guard("cleaned"):
            packs = []
            for entry in os.scandir(self.folder) if self.folder else ():
                with suppress(FileNotFoundError):  # another process cleans up, too
                    facts = entry.stat()
                    if not entry.is_dir():
                        packs.append((facts.st_mtime, entry.path, facts.st_size))
                    elif facts.st_mtime < time.time() - _DAY:
                        shutil.rmtree(entry.path, ignore_errors=True)
            total = 0
            for rank, (_, path, size) in enumerate(sorted(packs, reverse=True)):
                total += size
                if total > limit or rank >= most:
                    Path(path).unlink(missing_ok=True)

    @contextmanager
    def _guard(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.folder = None
            self.events.append(Event("cache-unusable", f"the cache could not be {what}: {error}"))


def write_pack(path: Path, contents: Sequence[str], tables: Mapping[str, pa.Table]) -> None:
    """Write the evidence of a batch (rows sorted by `file`); the footer comes last."""
    offsets = {}
    with pa.OSFile(str(path), "wb") as sink:
        sink.write(_MAGIC)
        for name, table in sorted(tables.items()):
            if table.num_rows:
                counts = np.bincount(table[FILE_COLUMN].to_numpy(), minlength=len(contents))
                offsets[name] = np.append(0, np.cumsum(counts)).tobytes()
                batch = table.drop_columns([FILE_COLUMN]).combine_chunks().to_batches()[0]
                with pa.ipc.new_stream(sink, batch.schema) as writer:
                    writer.write_batch(batch)
    with pa.memory_map(str(path)) as file:
        checksum = _checksum(file.read_buffer())
    footer = msgspec.msgpack.encode(Footer(tuple(contents), offsets, checksum))
    with open(path, "ab") as end:
        end.write(footer + _TAIL.pack(len(footer), digest(footer).encode()))


def _checksum(whole: pa.Buffer) -> str:
    """blake2b over the sums of all 64 KiB blocks: runs at the speed of memory, and still sees every
    changed byte, zeroed page, cut or exchanged block."""
    words = np.frombuffer(whole, np.uint64, whole.size // 8)
    sums = np.add.reduceat(words, np.arange(0, len(words), _BLOCK)) if len(words) else words
    return digest(sums.tobytes() + bytes(whole[len(words) * 8 :]))
