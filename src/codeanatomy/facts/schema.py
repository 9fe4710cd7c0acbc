"""Arrow schemas derived from msgspec structs: the only way a table of ours gets a schema."""

import functools
import re
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

_PLAIN: dict[type, pa.DataType] = {
    bool: pa.bool_(),
    int: pa.int64(),
    float: pa.float64(),
    str: pa.string(),
    bytes: pa.binary(),
}
_STORED: dict[object, pa.DataType] = {
    hint: stored for plain, stored in _PLAIN.items() for hint in (plain, plain | None)
}


@functools.cache
def schema_from_struct(struct: type[msgspec.Struct]) -> pa.Schema:
    """Arrow schema of a table struct: one field per attribute, meaning and docs as field metadata.

    Raises TypeError naming the field when a type has no Arrow counterpart.
    """
    metadata = {TABLE: table_name(struct).encode(), DOC: (struct.__doc__ or "").strip().encode()}
    hints = typing.get_type_hints(struct, include_extras=True)
    fields = [_field(struct.__name__, name, hints[name]) for name in struct.__struct_fields__]
    return pa.schema(fields, metadata=metadata)


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


def columns_of(schema: pa.Schema, meaning: SemanticType) -> list[str]:
    """Names of the columns with this semantic type, in schema order."""
    return [f.name for f in schema if semantic_type(f) == meaning]


def column_of(schema: pa.Schema, meaning: SemanticType) -> str:
    """Name of the one column with this semantic type; KeyError if there is none or several."""
    found = columns_of(schema, meaning)
    if len(found) != 1:
        raise KeyError(f"{len(found)} columns of type {meaning.name} among {schema.names}")
    return found[0]


def _field(owner: str, name: str, hint: object) -> pa.Field:
    marks: list[object] = []
    if typing.get_origin(hint) is typing.Annotated:
        hint, *marks = typing.get_args(hint)
    if hint not in _STORED:
        raise TypeError(f"{owner}.{name}: no column type for {hint!r}")
    kind = next((m for m in marks if isinstance(m, pa.DataType)), _STORED[hint])
    meaning = next((m for m in marks if isinstance(m, SemanticType)), None)
    field = pa.field(name, kind, nullable=type(None) in typing.get_args(hint))
    return annotate(field, meaning, " ".join(m for m in marks if isinstance(m, str)))


def table_of(struct: type[msgspec.Struct], rows: Iterable[tuple[object, ...]]) -> pa.Table:
    """A small table from rows in the order of the struct's fields."""
    schema = schema_from_struct(struct)
    columns = list(zip(*rows, strict=True)) or [()] * len(schema)
    arrays = [pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)]
    return pa.table(arrays, schema=schema)
