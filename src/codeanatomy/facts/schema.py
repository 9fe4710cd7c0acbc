"""Arrow schemas derived from msgspec structs: the only way a table of ours gets a schema."""

import datetime
import enum
import functools
import types
import typing

import msgspec
import pyarrow as pa

from codeanatomy.facts.types import TYPES, Coded, SemanticType, Width

SEMANTIC = b"codeanatomy.type"
GROUP = b"codeanatomy.group"
UNIT = b"codeanatomy.unit"
DOC = b"codeanatomy.doc"
TABLE = b"codeanatomy.table"

_PLAIN: dict[type, pa.DataType] = {
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
    bytes: pa.binary(),
    datetime.datetime: pa.timestamp("us", tz="UTC"),
    datetime.date: pa.date32(),
}
_WIDTHS = {8: pa.int8(), 16: pa.int16(), 32: pa.int32()}


@functools.cache
def schema_from_struct(struct: type[msgspec.Struct]) -> pa.Schema:
    """Arrow schema of a table struct: one field per attribute, meaning and docs as field metadata.

    Raises TypeError naming the field when a type has no Arrow counterpart.
    """
    metadata = {TABLE: table_name(struct).encode(), DOC: (struct.__doc__ or "").strip().encode()}
    return pa.schema(_fields(struct), metadata=metadata)


def table_name(struct: type[msgspec.Struct]) -> str:
    """Name of the table: the struct's name in snake case (`CallSite` -> `call_site`)."""
    name = struct.__name__
    return "".join("_" + c.lower() if c.isupper() and i else c.lower() for i, c in enumerate(name))


def semantic_type(field: pa.Field) -> SemanticType | None:
    """The field's semantic type, or None for a column that carries none."""
    raw = (field.metadata or {}).get(SEMANTIC)
    return TYPES.get(raw.decode()) if raw else None


def annotate(field: pa.Field, meaning: SemanticType, doc: str = "") -> pa.Field:
    """The field with its semantic type (and doc) in its metadata."""
    metadata = {SEMANTIC: meaning.name.encode(), GROUP: meaning.group.encode()}
    if meaning.unit:
        metadata[UNIT] = meaning.unit.encode()
    if doc:
        metadata[DOC] = doc.encode()
    return field.with_metadata(metadata)


def columns_of(schema: pa.Schema, meaning: SemanticType) -> list[str]:
    """Names of the columns with this semantic type, in schema order."""
    return [f.name for f in schema if semantic_type(f) == meaning]


def column_of(schema: pa.Schema, meaning: SemanticType) -> str:
    """Name of the one column with this semantic type; KeyError if there is none or several."""
    found = columns_of(schema, meaning)
    if len(found) != 1:
        raise KeyError(f"{len(found)} columns of type {meaning.name} among {schema.names}")
    return found[0]


def _fields(struct: type[msgspec.Struct]) -> list[pa.Field]:
    hints = typing.get_type_hints(struct, include_extras=True)
    return [_field(struct.__name__, name, hints[name]) for name in struct.__struct_fields__]


def _field(owner: str, name: str, hint: object) -> pa.Field:
    marks: list[object] = []
    while typing.get_origin(hint) is typing.Annotated:
        hint, *more = typing.get_args(hint)
        marks += more
    nullable = False
    if typing.get_origin(hint) in (typing.Union, types.UnionType):
        options = [a for a in typing.get_args(hint) if a is not type(None)]
        nullable = len(options) < len(typing.get_args(hint))
        if len(options) != 1:
            raise TypeError(f"{owner}.{name}: a union of several types has no column type")
        hint = options[0]
    field = pa.field(name, _arrow(f"{owner}.{name}", hint, marks), nullable=nullable)
    for mark in marks:
        if isinstance(mark, SemanticType):
            docs = " ".join(m for m in marks if isinstance(m, str))
            return annotate(field, mark, docs)
    docs = " ".join(m for m in marks if isinstance(m, str))
    return field.with_metadata({DOC: docs.encode()}) if docs else field


def _arrow(where: str, hint: object, marks: list[object]) -> pa.DataType:
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if origin in (list, tuple, set, frozenset) and args:
        if origin is tuple and (len(args) != 2 or args[1] is not Ellipsis):
            raise TypeError(f"{where}: only tuple[T, ...] has a column type")
        return pa.list_(_field(where, "item", args[0]))
    if origin is dict:
        return pa.map_(_arrow(where, args[0], []), _field(where, "value", args[1]))
    if origin is typing.Literal:
        return pa.dictionary(pa.int32(), pa.string())
    if isinstance(hint, type):
        if issubclass(hint, msgspec.Struct):
            return pa.struct(_fields(hint))
        if issubclass(hint, enum.Enum):
            return pa.dictionary(pa.int32(), pa.string())
        if hint in _PLAIN:
            return _physical(_PLAIN[hint], marks)
    raise TypeError(f"{where}: no column type for {hint!r}")


def _physical(plain: pa.DataType, marks: list[object]) -> pa.DataType:
    for mark in marks:
        if isinstance(mark, Width) and pa.types.is_integer(plain):
            return _WIDTHS[mark.bits]
        if isinstance(mark, Coded) and pa.types.is_string(plain):
            return pa.dictionary(_WIDTHS[mark.bits], pa.string())
    return plain
