"""Schemas are derived from structs, and from nothing else."""

from typing import Annotated

import msgspec
import pyarrow as pa
import pytest

from codeanatomy.facts import types as t
from codeanatomy.facts.schema import schema_from_struct, semantic_type, table_name


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


def test_meaning_travels_as_metadata() -> None:
    field = schema_from_struct(Everything).field("r")
    assert semantic_type(field) == t.KIND
    assert field.metadata[b"codeanatomy.doc"] == b"what it is"


@pytest.mark.parametrize("hint", [object, int | str, complex, list[int], set])
def test_unsupported_types_name_the_field(hint: object) -> None:
    struct = msgspec.defstruct("Odd", [("strange", hint)])
    with pytest.raises(TypeError, match=r"Odd\.strange"):
        schema_from_struct(struct)


def test_table_names_are_the_struct_in_snake_case() -> None:
    assert table_name(Everything) == "everything"
    assert table_name(msgspec.defstruct("CallSite", [("a", int)])) == "call_site"
