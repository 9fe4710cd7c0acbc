"""What a witness is: a value that turns parsed sources, or the repository, into evidence."""

import ast
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Protocol

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from codeanatomy.facts.problem import CODES
from codeanatomy.facts.schema import columns_of, schema_from_struct
from codeanatomy.facts.tables.trouble import FileProblem
from codeanatomy.facts.types import EVIDENCE

FILE_COLUMN = "file"
Wanted = Mapping[str, frozenset[str]]  # table -> its columns that somebody reads


class Source(msgspec.Struct):
    """One file's bytes with the one parse that all witnesses share; dropped after the last `add`.

    Columns of the tree count bytes of `utf8`; `origin[i]` is the place of its byte i in `content`
    (one entry more than bytes; None where the two are the same bytes).
    """

    content: bytes
    tree: ast.Module | None
    error: FileProblem | None
    utf8: bytes
    origin: npt.NDArray[np.int64] | None = None


class Collector(Protocol):
    """Takes the files of one batch one after the other, then gives the whole batch as columns."""

    def add(self, ordinal: int, source: Source) -> bool:
        """True when the file was taken, False when it is not for this witness. Ordinals arrive
        ascending. Raise for a file that is too much: the next witness in rank that fills the same
        tables then gets it without a tree."""

    def finish(self) -> dict[str, pa.Table]:
        """One table per struct of the extractor, by table name, in `evidence_schema`; rows sorted
        by file, then source order. Empty tables included."""


class Extractor(msgspec.Struct, frozen=True):
    """A witness: for every file the extractors are asked in order of rank. Several may fill the
    same table (each file by at most one of them).

    `open` hears what is wanted of all tables; what nobody reads may be left empty, or null.
    """

    name: str
    version: int
    rank: int
    tables: tuple[type[msgspec.Struct], ...]
    open: Callable[[Wanted], Collector]
    on_demand: bool = False  # only where it is asked for by name


class Trouble(msgspec.Struct, frozen=True):
    """What a survey could not take: a code of `facts.problem`, and the place if there is one."""

    code: str
    message: str
    path: str = ""
    bstart: int = 0
    bend: int = 0
    line: int = 0


class Surveyed(msgspec.Struct, frozen=True, eq=False):
    """Tables by name, in `schema_from_struct` and sorted by file, and what went wrong."""

    tables: dict[str, pa.Table]
    problems: tuple[Trouble, ...] = ()


class Survey(msgspec.Struct, frozen=True):
    """A witness of the repository as a whole, only where it is asked for by name.

    `read` takes the repository's folder, its `source_file` rows, its source roots, and the text
    that it was asked with ('' for none).
    """

    name: str
    version: int
    tables: tuple[type[msgspec.Struct], ...]
    read: Callable[[Path, pa.Table, Sequence[str], str], Surveyed]
    on_demand: bool = True


def evidence_schema(struct: type[msgspec.Struct]) -> pa.Schema:
    """What an extractor gives: `packed_schema` without the column of type EVIDENCE."""
    schema = packed_schema(struct)
    for name in columns_of(schema, EVIDENCE):
        schema = schema.remove(schema.get_field_index(name))
    return schema


def packed_schema(struct: type[msgspec.Struct]) -> pa.Schema:
    """The struct's schema with `file`, the int32 ordinal in a batch, instead of `file_id`."""
    schema = schema_from_struct(struct)
    if schema.names[0] != "file_id":
        raise TypeError(f"{struct.__name__}: the first column of an evidence table is file_id")
    return schema.set(0, pa.field(FILE_COLUMN, pa.int32(), nullable=False))


def signed(table: pa.Table, struct: type[msgspec.Struct], witness: str) -> pa.Table:
    """An extractor's table in `packed_schema`: its name fills the column of type EVIDENCE."""
    wanted = packed_schema(struct)
    name = pa.DictionaryArray.from_arrays(
        pa.array(np.zeros(table.num_rows, np.int32)), pa.array([witness])
    )
    columns = [table[f.name] if f.name in table.schema.names else name for f in wanted]
    return pa.table(columns, schema=wanted)


def trouble(
    witness: str, code: str, message: str, *, bstart: int = 0, bend: int = 0, line: int = 0
) -> FileProblem:
    """A problem row of a file that is not numbered yet (`file_id` 0); severity from the code."""
    return FileProblem(0, witness, code, CODES[code].severity, message, bstart, bend, line)


def trouble_table(rows: Iterable[tuple[int, FileProblem]]) -> pa.Table:
    """The `file_problem` evidence of a batch from (ordinal, problem) pairs, in the given order."""
    found = [msgspec.structs.asdict(problem) | {FILE_COLUMN: ordinal} for ordinal, problem in rows]
    return pa.Table.from_pylist(found, schema=evidence_schema(FileProblem))
