"""Small pieces of SQL text: quoted names, literals, casts, ids of typed columns."""

import pyarrow as pa

from codeanatomy.facts import ids
from codeanatomy.facts.errors import DeclarationError
from codeanatomy.facts.schema import column_of, columns_of
from codeanatomy.facts.types import TYPES, SemanticType

_CASTS = {
    pa.int8(): "Int8",
    pa.int16(): "Int16",
    pa.int32(): "Int32",
    pa.int64(): "Int64",
    pa.float64(): "Float64",
    pa.bool_(): "Boolean",
    pa.string(): "Utf8",
    pa.binary(): "Binary",
    pa.dictionary(pa.int8(), pa.string()): "Dictionary(Int8, Utf8)",
    pa.dictionary(pa.int32(), pa.string()): "Dictionary(Int32, Utf8)",
}


def quote(name: str) -> str:
    """A column or table name, quoted."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | bool | int | float) -> str:
    """A SQL literal."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def cast(expression: str, wanted: pa.DataType, given: pa.DataType | None = None) -> str:
    """The expression in the wanted physical type; unchanged when it has it already."""
    if given is not None and given.equals(wanted):
        return expression
    return f"arrow_cast({expression}, '{_CASTS[wanted]}')"


def column(alias: str, schema: pa.Schema, meaning: SemanticType) -> str:
    """The one column of that meaning, with its table's alias; DeclarationError if there is none."""
    try:
        return f"{alias}.{quote(column_of(schema, meaning))}"
    except KeyError as e:
        raise DeclarationError(str(e.args[0])) from None


def has(schema: pa.Schema, *meanings: SemanticType) -> bool:
    """Whether the schema has exactly one column of each meaning."""
    return all(len(columns_of(schema, m)) == 1 for m in meanings)


def identity(alias: str, schema: pa.Schema, meaning: SemanticType) -> str:
    """SQL of the graph-wide id that a typed column stands for.

    A file's own column is its id; a node key is mixed with the file that its type lives within.
    """
    value = column(alias, schema, meaning)
    if not meaning.within:
        return value
    return ids.sql_node_id(column(alias, schema, TYPES[meaning.within]), value)


def field_of(schema: pa.Schema, meaning: SemanticType) -> pa.Field:
    """The one field of that meaning."""
    return schema.field(column_of(schema, meaning))
