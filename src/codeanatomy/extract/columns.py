"""From arrays over rows to evidence tables in their struct's schema."""

from collections.abc import Mapping, Sequence
from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from codeanatomy.extract.forest import Forest, Ints, ordinals
from codeanatomy.extract.walker import CONSTRUCTS, ROLES
from codeanatomy.extract.witness import FILE_COLUMN, evidence_schema
from codeanatomy.facts.schema import table_name

Column: TypeAlias = pa.Array | npt.NDArray[np.generic] | Sequence[str | None]


def table(struct: type[msgspec.Struct], columns: Mapping[str, Column]) -> dict[str, pa.Table]:
    """The struct's table by its name; a column for every field but those that are all null."""
    schema, count = evidence_schema(struct), len(columns[FILE_COLUMN])
    arrays = [_array(columns.get(f.name, pa.nulls(count, f.type)), f.type) for f in schema]
    return {table_name(struct): pa.Table.from_arrays(arrays, schema=schema)}


def ordered(struct: type[msgspec.Struct], *columns: Column) -> dict[str, pa.Table]:
    """`table` from columns in the order of the fields."""
    return table(struct, dict(zip(evidence_schema(struct).names, columns, strict=True)))


def coded(codes: npt.NDArray[np.integer], names: Sequence[str] | pa.Array) -> pa.Array:
    """Dictionary-encoded names; null where the code is negative."""
    whole = codes.astype(np.int32, copy=False)
    words = names if isinstance(names, pa.Array) else pa.array(names, pa.string())
    return pa.DictionaryArray.from_arrays(optional(whole, whole < 0), words)


def strings(texts: Sequence[str | None]) -> pa.Array:
    """The texts as a column; lone surrogates (`"\\ud800"`), which have no UTF-8, as escapes."""
    try:
        return pa.array(texts, pa.string())
    except UnicodeEncodeError:
        data = (text and text.encode("utf-8", "backslashreplace").decode() for text in texts)
        return pa.array(list(data), pa.string())


def interned(words: Sequence[str]) -> pa.Array:
    """Dictionary-encoded words."""
    return strings(words).dictionary_encode()


def constant(value: str, count: int) -> pa.Array:
    """The same word in every row."""
    return coded(np.zeros(count, np.int32), [value])


def optional(values: npt.NDArray[np.integer], absent: npt.NDArray[np.bool_]) -> pa.Array:
    """Integers with nulls."""
    kind = pa.from_numpy_dtype(values.dtype)
    if not absent.any():
        return pa.array(values, kind)
    # not pa.array(values, mask=absent): that would load all of numpy.ma
    validity = pa.py_buffer(np.packbits(~absent, bitorder="little"))
    data = pa.py_buffer(np.ascontiguousarray(values))
    return pa.Array.from_buffers(kind, len(values), [validity, data])


def located(forest: Forest, rows: Ints) -> dict[str, Column]:
    """The columns that every syntax table has, for these rows."""
    module = forest.parent[rows] < 0
    return {
        "file": forest.ordinal[forest.file[rows]],
        "node": forest.key[rows],
        "parent": optional(forest.parent_key[rows], module),
        "container": optional(forest.container_key[rows], module),
        "construct": coded(forest.kind[rows].astype(np.int32), CONSTRUCTS),
        "role": coded(forest.role[rows].astype(np.int32), ROLES),
        "position": forest.position[rows],
        "bstart": forest.bstart[rows],
        "bend": forest.bend[rows],
        "line": forest.line[rows],
    }


def owned(forest: Forest, construct: str, owner: Ints, start: Ints, end: Ints) -> dict[str, Column]:
    """Those columns but the key for what has no row: things of the owners (numbers of definitions)
    that stand at these bytes."""
    bodies = forest.definition_bodies[owner]
    files = np.searchsorted(forest.base, start, "right") - 1
    line = np.searchsorted(forest.lines, start, "right") - 1 - forest.first_line[files]
    return {
        "file": forest.ordinal[files],
        "parent": bodies,
        "container": bodies,
        "construct": constant(construct, len(owner)),
        "role": constant("", len(owner)),
        "position": ordinals(owner),
        "bstart": forest.places[start],
        "bend": forest.places[end],
        "line": np.maximum(line, 1),
    }


def _array(column: Column, kind: pa.DataType) -> pa.Array:
    if isinstance(column, np.ndarray):
        return pa.array(column.astype(kind.to_pandas_dtype(), copy=False), kind)
    return column if isinstance(column, pa.Array) else strings(column)
