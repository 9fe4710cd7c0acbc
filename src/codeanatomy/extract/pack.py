"""How do the rows of one batch lie on disk? One file: an Arrow stream per table, and a footer.

The rows of file k of the batch are `offsets[k]:offsets[k + 1]` of each table; the tables hold no
file column, so a pack says nothing about paths or about the repository it came from.
"""

import functools
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa

from codeanatomy.extract.witness import FILE_COLUMN
from codeanatomy.facts.canonical import digest
from codeanatomy.facts.ids import Ids

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
