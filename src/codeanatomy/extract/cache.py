"""Where do the rows of files lie on disk, and which are known already? Packs in a user's folder.

A pack is an Arrow stream of one record batch: a row for each file of a job, and for each table a
column, a list of the file's rows. The tables hold no file column, so a pack says nothing about
paths or about the repository it came from, and all repositories share packs.
"""

import functools
import os
import shutil
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
_CONTENTS = b"contents"  # key of the hashes of the files in the schema's metadata
_BLOCK = 1 << 13  # words of 8 bytes


class DamagedPack(ValueError):
    """A pack that is not what was written; its rows must not be used."""


class Pack:
    """A pack, mapped into memory; its file may be deleted meanwhile. DamagedPack when it does not
    begin as one. A content is empty where its rows say something about one run only."""

    def __init__(self, path: Path) -> None:
        self._name = path.name
        try:
            with pa.memory_map(str(path)) as file:
                self._whole = file.read_buffer()
            schema = pa.ipc.open_stream(self._whole).schema
            self.contents = msgspec.json.decode(schema.metadata[_CONTENTS], type=list[str])
        except (pa.ArrowException, msgspec.DecodeError, TypeError, KeyError) as error:
            raise DamagedPack(f"{type(error).__name__}: {error}") from error

    @property
    def checksum(self) -> str:
        """blake2b over the sums of all 64 KiB blocks: runs at the speed of memory, and still sees
        every changed byte, zeroed page, cut or exchanged block."""
        whole = self._whole
        words = np.frombuffer(whole, np.uint64, whole.size // 8)
        sums = np.add.reduceat(words, np.arange(0, len(words), _BLOCK))
        return digest(sums.tobytes() + bytes(whole[len(words) * 8 :]))

    def verify(self) -> None:
        """Read every byte; DamagedPack when the file's name ends in another checksum."""
        if not self._name.endswith(f"-{self.checksum}"):
            raise DamagedPack("the checksum is wrong")

    @functools.cached_property
    def tables(self) -> dict[str, tuple[pa.RecordBatch, Ids]]:
        """Each table, and where each file's rows begin in it and the last one's end."""
        batch = pa.ipc.open_stream(self._whole).read_next_batch()
        return {
            name: (pa.RecordBatch.from_struct_array(rows.values), rows.offsets.to_numpy())
            for name, rows in zip(batch.schema.names, batch.columns, strict=True)
        }


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

    def adopt(self, path: Path) -> Pack:
        """The new pack at the path; its file is taken over."""
        pack = Pack(path)
        with self._guard("written"):
            if self.folder:
                os.rename(path, self.folder / f"{self._key}-{pack.checksum}")
        return pack

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
    """Write the evidence of a batch (rows sorted by `file`)."""
    columns = {}
    for name, table in sorted(tables.items()):
        begins = np.searchsorted(table[FILE_COLUMN].to_numpy(), np.arange(len(contents) + 1))
        rows = table.drop_columns([FILE_COLUMN]).to_struct_array().combine_chunks()
        columns[name] = pa.LargeListArray.from_arrays(begins, rows)
    batch = pa.record_batch(columns, metadata={_CONTENTS: msgspec.json.encode(contents)})
    with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_stream(sink, batch.schema) as writer:
        writer.write_batch(batch)
