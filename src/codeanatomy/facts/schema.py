"""Arrow schemas derived from msgspec structs: the only way a table of ours gets a schema."""

import collections.abc
import datetime
import enum
import functools
import re
import types
import typing
from collections.abc import Iterable
from types import ModuleType

import msgspec
import pyarrow as pa

from codeanatomy.facts.types import TYPES, SemanticType

SEMANTIC = b"codeanatomy.type"
GROUP = b"codeanatomy.group"
UNIT = b"codeanatomy.unit"
DOC = b"codeanatomy.doc"
TABLE = b"codeanatomy.table"

_PLAIN: dict[object, pa.DataType] = {
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
    bytes: pa.binary(),
    datetime.date: pa.date32(),
    datetime.datetime: pa.timestamp("us", "UTC"),
}


@functools.cache
def schema_from_struct(struct: type[msgspec.Struct] | pa.StructType) -> pa.Schema:
    """Arrow schema of a table struct: one field per attribute, meaning and docs as field metadata;
    of an Arrow struct its own fields.

    Optionals are nullable; lists, mappings, enums and structs may nest. Raises TypeError naming the
    field when a type has no Arrow counterpart.
    """
    if isinstance(struct, pa.StructType):
        return pa.schema(list(struct))
    metadata = {TABLE: table_name(struct).encode(), DOC: (struct.__doc__ or "").strip().encode()}
    return pa.schema(_fields(struct), metadata=metadata)


def structs_of(module: ModuleType) -> list[type[msgspec.Struct]]:
    """The tables that a module declares, in its order."""
    values = [v for v in vars(module).values() if isinstance(v, type)]
    return [v for v in values if issubclass(v, msgspec.Struct) and v.__module__ == module.__name__]


def table_name(struct: type[msgspec.Struct]) -> str:
    """Name of the table: the struct's name in snake case (`CallSite` -> `call_site`)."""
    return re.sub(r"(?!^)(?=[A-Z])", "_", struct.__name__).lower()


def semantic_type(field: pa.Field) -> SemanticType | None:
    """The field's semantic type, or None for a column that carries none."""
    raw = (field.metadata or {}).get(SEMANTIC)
    return TYPES.get(raw.decode()) if raw else None


def annotate(field: pa.Field, meaning: SemanticType | None, doc: str = "") -> pa.Field:
    """The field with its semantic type (and doc) in its metadata."""
    said = {SEMANTIC: meaning.name, GROUP: meaning.group, UNIT: meaning.unit} if meaning else {}
    told = {key: text.encode() for key, text in {**said, DOC: doc}.items() if text}
    return field.with_metadata(told) if told else field


class _Same:
    """A schema by its identity: as values, schemas are equal whatever their fields mean."""

    def __init__(self, schema: pa.Schema) -> None:
        self.schema = schema

    def __hash__(self) -> int:
        return id(self.schema)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.schema is other.schema


@functools.lru_cache(maxsize=1024)
def _meanings(of: _Same) -> dict[SemanticType | None, list[str]]:
    found: dict[SemanticType | None, list[str]] = {}
    for field in of.schema:
        found.setdefault(semantic_type(field), []).append(field.name)
    return found


def columns_of(schema: pa.Schema, meaning: SemanticType) -> list[str]:
    """Names of the columns with this semantic type, in schema order."""
    return _meanings(_Same(schema)).get(meaning, [])


def column_of(schema: pa.Schema, meaning: SemanticType) -> str:
    """Name of the one column with this semantic type; KeyError if there is none or several."""
    found = columns_of(schema, meaning)
    if len(found) != 1:
        raise KeyError(f"{len(found)} columns of type {meaning.name} among {schema.names}")
    return found[0]


def _fields(struct: type[msgspec.Struct]) -> list[pa.Field]:
    hints = typing.get_type_hints(struct, include_extras=True)
    return [_field(f"{struct.__name__}.{n}", n, hints[n]) for n in struct.__struct_fields__]


def _field(where: str, name: str, hint: object) -> pa.Field:
    marks: list[object] = []
    if typing.get_origin(hint) is typing.Annotated:
        hint, *marks = typing.get_args(hint)
    own = [a for a in typing.get_args(hint) if a is not type(None)]
    union = typing.get_origin(hint) in (types.UnionType, typing.Union)
    nullable = union and type(None) in typing.get_args(hint)
    plain = own[0] if nullable and len(own) == 1 else hint
    kind = next((m for m in marks if isinstance(m, pa.DataType)), None) or _stored(where, plain)
    meaning = next((m for m in marks if isinstance(m, SemanticType)), None)
    told = " ".join(m for m in marks if isinstance(m, str))
    return annotate(pa.field(name, kind, nullable=nullable), meaning, told)


def _stored(where: str, hint: object) -> pa.DataType:
    """The Arrow type of a hint that is no optional."""
    origin, args = typing.get_origin(hint), typing.get_args(hint)
    if hint in _PLAIN:
        return _PLAIN[hint]
    if origin is list or (origin is tuple and args[1:] == (...,)):
        return pa.list_(_field(where, "item", args[0]))
    if origin in (dict, collections.abc.Mapping):
        return pa.map_(_stored(where, args[0]), _field(where, "value", args[1]))
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return pa.struct(_fields(hint))
    if isinstance(hint, type) and issubclass(hint, enum.Enum):
        kinds = {type(member.value) for member in hint}
        if len(kinds) == 1:
            return _stored(where, kinds.pop())
    raise TypeError(f"{where}: no column type for {hint!r}")


def table_of(struct: type[msgspec.Struct], rows: Iterable[tuple[object, ...]]) -> pa.Table:
    """A small table from rows in the order of the struct's fields."""
    schema = schema_from_struct(struct)
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema=schema)
