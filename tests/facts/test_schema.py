"""Schemas are derived from structs, and from nothing else."""

import datetime
import enum
from typing import Annotated, Literal

import msgspec
import pyarrow as pa
import pytest

from codeanatomy.facts import types as t
from codeanatomy.facts.schema import schema_from_struct, semantic_type, table_name


class Color(enum.Enum):
    RED = "red"


class Inner(msgspec.Struct):
    x: int
    y: float | None


class Everything(msgspec.Struct):
    a: int
    b: float
    c: bool
    d: str
    e: bytes
    f: datetime.datetime
    g: datetime.date
    h: str | None
    i: list[int]
    j: list[Inner]
    k: dict[str, int]
    m: Inner
    n: Color
    o: Literal["x", "y"]
    p: tuple[str, ...]
    q: Annotated[int, t.INT32]
    r: Annotated[str, t.CODED, t.KIND, "what it is"]
    s: list[str] | None


def test_every_supported_type() -> None:
    schema = schema_from_struct(Everything)
    coded = pa.dictionary(pa.int32(), pa.string())
    wanted = {
        "a": pa.int64(), "b": pa.float64(), "c": pa.bool_(), "d": pa.string(), "e": pa.binary(),
        "f": pa.timestamp("us", tz="UTC"), "g": pa.date32(), "h": pa.string(),
        "i": pa.list_(pa.field("item", pa.int64(), nullable=False)),
        "n": coded, "o": coded, "q": pa.int32(), "r": coded,
    }  # fmt: skip
    assert {n: schema.field(n).type for n in wanted} == wanted
    assert schema.field("m").type == pa.struct(
        [pa.field("x", pa.int64(), nullable=False), pa.field("y", pa.float64())]
    )
    assert schema.field("j").type.value_type == schema.field("m").type
    assert schema.field("k").type.key_type == pa.string()
    assert [f.name for f in schema if f.nullable] == ["h", "s"]


def test_meaning_travels_as_metadata() -> None:
    field = schema_from_struct(Everything).field("r")
    assert semantic_type(field) == t.KIND
    assert field.metadata[b"codeanatomy.doc"] == b"what it is"


@pytest.mark.parametrize("hint", [object, int | str, complex, tuple[int, str], set])
def test_unsupported_types_name_the_field(hint: object) -> None:
    struct = msgspec.defstruct("Odd", [("strange", hint)])
    with pytest.raises(TypeError, match=r"Odd\.strange"):
        schema_from_struct(struct)


def test_table_names_are_the_struct_in_snake_case() -> None:
    assert table_name(Everything) == "everything"
    assert table_name(msgspec.defstruct("CallSite", [("a", int)])) == "call_site"
