"""Schemas are derived from structs, and from nothing else."""

import datetime
import enum
from typing import Annotated

import msgspec
import pyarrow as pa
import pytest

from codeanatomy.facts import types as t
from codeanatomy.facts.schema import schema_from_struct, semantic_type, table_name


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Inner(msgspec.Struct):
    x: int | None
    y: Annotated[str, "what it is"]


class Nested(msgspec.Struct):
    a: list[int]
    b: tuple[str | None, ...]
    c: dict[str, Inner]
    d: Color
    e: datetime.datetime | None
    f: Inner | None
    g: list[list[float]]
    h: datetime.date


class Everything(msgspec.Struct):
    a: int
    b: float
    c: bool
    d: str
    e: bytes
    h: str | None
    q: Annotated[int, t.INT32]
    r: Annotated[str, t.CODED, t.KIND, "what it is"]
    s: Annotated[int | None, t.COUNT]


def test_every_supported_type() -> None:
    schema = schema_from_struct(Everything)
    assert {f.name: f.type for f in schema} == {
        "a": pa.int64(), "b": pa.float64(), "c": pa.bool_(), "d": pa.string(), "e": pa.binary(),
        "h": pa.string(), "q": pa.int32(), "r": pa.dictionary(pa.int32(), pa.string()),
        "s": pa.int64(),
    }  # fmt: skip
    assert [f.name for f in schema if f.nullable] == ["h", "s"]


def test_nested_types() -> None:
    inner = pa.struct([("x", pa.int64()), pa.field("y", pa.string(), nullable=False)])
    floats = pa.list_(pa.field("item", pa.float64(), nullable=False))
    schema = schema_from_struct(Nested)
    assert {f.name: f.type for f in schema} == {
        "a": pa.list_(pa.field("item", pa.int64(), nullable=False)),
        "b": pa.list_(pa.field("item", pa.string())),
        "c": pa.map_(pa.string(), pa.field("value", inner, nullable=False)),
        "d": pa.string(), "e": pa.timestamp("us", "UTC"), "f": inner,
        "g": pa.list_(pa.field("item", floats, nullable=False)), "h": pa.date32(),
    }  # fmt: skip
    assert [f.name for f in schema if f.nullable] == ["e", "f"]
    assert schema_from_struct(inner).names == ["x", "y"]
    rows = [{**dict.fromkeys(schema.names), "a": [1], "b": [None], "c": {"k": {"x": 1, "y": "z"}},
             "d": "red", "g": [[0.5]], "h": datetime.date(2026, 1, 2)}]  # fmt: skip
    assert pa.Table.from_pylist(rows, schema).to_pylist(maps_as_pydicts="strict") == rows


def test_meaning_travels_as_metadata() -> None:
    field = schema_from_struct(Everything).field("r")
    assert semantic_type(field) == t.KIND
    assert field.metadata[b"codeanatomy.doc"] == b"what it is"


@pytest.mark.parametrize("hint", [object, int | str, complex, list[complex], set, dict[str, set]])
def test_unsupported_types_name_the_field(hint: object) -> None:
    struct = msgspec.defstruct("Odd", [("strange", hint)])
    with pytest.raises(TypeError, match=r"Odd\.strange"):
        schema_from_struct(struct)


def test_table_names_are_the_struct_in_snake_case() -> None:
    assert table_name(Everything) == "everything"
    assert table_name(msgspec.defstruct("CallSite", [("a", int)])) == "call_site"
