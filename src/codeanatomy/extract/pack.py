"""How do the rows of one batch lie on disk? One folder: an Arrow file per table, and a footer.

The rows of file k of the batch are `offsets[k]:offsets[k + 1]` of each table; the files themselves
hold no file column, so a pack says nothing about paths or about the repository it came from.
"""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from codeanatomy.extract.witness import FILE_COLUMN

FOOTER = "footer"
_DIGEST = 16
_BLOCK = 1 << 13  # words of 8 bytes

Offsets = npt.NDArray[np.int64]


class DamagedPack(ValueError):
    """A pack that is not what was written; its rows must not be used."""


class Stored(msgspec.Struct, frozen=True):
    """One table of a pack: size and checksum of its file, and where each source's rows start."""

    size: int
    checksum: str
    offsets: bytes


class Footer(msgspec.Struct, frozen=True):
    """What a pack claims to hold; tables without rows are left out."""

    fingerprint: str
    contents: tuple[str, ...]
    tables: dict[str, Stored]


class Pack(msgspec.Struct, frozen=True, eq=False):
    """A pack whose tables are mapped into memory; its folder may be deleted meanwhile."""

    footer: Footer
    tables: dict[str, pa.RecordBatch]
    offsets: dict[str, Offsets]

    @property
    def size(self) -> int:
        """Size of the tables on disk."""
        return sum(table.size for table in self.footer.tables.values())


def write_pack(
    folder: Path, fingerprint: str, contents: Sequence[str], tables: Mapping[str, pa.Table]
) -> None:
    """Write the evidence of a batch (rows sorted by `file`); the footer comes last."""
    stored = {}
    for name, table in sorted(tables.items()):
        if table.num_rows == 0:
            continue
        files = table.column(FILE_COLUMN).to_numpy()
        offsets = np.zeros(len(contents) + 1, np.int64)
        np.cumsum(np.bincount(files, minlength=len(contents)), out=offsets[1:])
        path = folder / f"{name}.arrow"
        batch = table.drop_columns([FILE_COLUMN]).combine_chunks().to_batches()[0]
        with pa.OSFile(str(path), "wb") as sink, pa.ipc.new_file(sink, batch.schema) as writer:
            writer.write_batch(batch)
        with pa.memory_map(str(path)) as file:
            whole = file.read_buffer()
        stored[name] = Stored(whole.size, _checksum(whole), offsets.tobytes())
    footer = msgspec.msgpack.encode(Footer(fingerprint, tuple(contents), stored))
    (folder / FOOTER).write_bytes(_digest(footer) + footer)


def open_pack(folder: Path, schemas: Mapping[str, pa.Schema], verify: bool) -> Pack:
    """The pack of a folder, mapped; DamagedPack when anything is not as it was written.

    `verify` reads every byte; without it (for a pack just written) only the shapes are checked.
    """
    try:
        raw = (folder / FOOTER).read_bytes()
        if raw[:_DIGEST] != _digest(raw[_DIGEST:]):
            raise DamagedPack("the footer's checksum is wrong")
        footer = msgspec.msgpack.decode(raw[_DIGEST:], type=Footer)
        tables, offsets = {}, {}
        for name, stored in footer.tables.items():
            tables[name] = _open_table(folder / f"{name}.arrow", stored, schemas[name], verify)
            offsets[name] = np.frombuffer(stored.offsets, np.int64)
            if len(offsets[name]) != len(footer.contents) + 1:
                raise DamagedPack(f"{name}: offsets for another number of files")
            if offsets[name][-1] != tables[name].num_rows:
                raise DamagedPack(f"{name}: {tables[name].num_rows} rows, not {offsets[name][-1]}")
    except (OSError, KeyError, msgspec.MsgspecError, pa.ArrowException) as error:
        raise DamagedPack(f"{type(error).__name__}: {error}") from error
    return Pack(footer, tables, offsets)


def _open_table(path: Path, stored: Stored, schema: pa.Schema, verify: bool) -> pa.RecordBatch:
    with pa.memory_map(str(path)) as file:
        whole = file.read_buffer()
    if whole.size != stored.size:
        raise DamagedPack(f"{path.name}: {whole.size} bytes, not {stored.size}")
    if verify and _checksum(whole) != stored.checksum:
        raise DamagedPack(f"{path.name}: the checksum is wrong")
    batch = pa.ipc.open_file(whole).get_batch(0)
    if not batch.schema.equals(schema.remove(0)):
        raise DamagedPack(f"{path.name}: another schema")
    return batch


def _checksum(whole: pa.Buffer) -> str:
    """blake2b over the sums of all 64 KiB blocks: runs at the speed of memory, and still sees every
    changed byte, zeroed page, cut or exchanged block."""
    words = np.frombuffer(whole, np.uint64, whole.size // 8)
    sums = np.add.reduceat(words, np.arange(0, len(words), _BLOCK)) if len(words) else words
    rest = bytes(whole[len(words) * 8 :])
    return _digest(sums.tobytes() + rest).hex()


def _digest(data: bytes) -> bytes:
    return hashlib.blake2b(data, digest_size=_DIGEST).digest()
