"""Who decides about a schema, and what is told of those who say otherwise."""

import pyarrow as pa
import pytest

from codeanatomy.facts import types as t
from codeanatomy.facts.authority import CONTRACT, OBSERVED, STRUCT, aligned, authority
from codeanatomy.facts.schema import annotate

FILE = annotate(pa.field("file_id", pa.int64(), nullable=False), t.FILE)
NAME = annotate(pa.field("name", pa.string()), t.NAME)
DECLARED = pa.schema([FILE, NAME])


def codes(observed: pa.Schema, **said: pa.Schema) -> list[tuple[str, str, str]]:
    found = authority("thing", observed=observed, **(said or {"struct": DECLARED})).findings
    return [(f.code, f.severity, f.subject) for f in found]


def test_the_contract_stands_above_the_struct_above_what_is_observed() -> None:
    wide = pa.schema([FILE, NAME, pa.field("more", pa.int64())])
    told = authority("thing", observed=wide, struct=DECLARED, contract=pa.schema([FILE]))
    assert (told.schema.names, told.provenance) == (["file_id"], CONTRACT)
    told = authority("thing", observed=wide, struct=DECLARED)
    assert told.provenance == STRUCT
    assert authority("thing", observed=wide).provenance == OBSERVED


def test_an_older_store_lacks_a_column() -> None:
    older = pa.schema([FILE])
    assert codes(older) == [("COLUMN_MISSING", "info", "thing.name")]
    rows = aligned(pa.table({"file_id": [1]}, schema=older), DECLARED)
    assert rows.to_pylist() == [{"file_id": 1, "name": None}]
    assert codes(pa.schema([NAME])) == [("COLUMN_MISSING", "error", "thing.file_id")]


def test_a_drifting_plug_in_sends_more_or_other_types() -> None:
    more = pa.schema([FILE, NAME, pa.field("extra", pa.int8())])
    assert codes(more) == [("COLUMN_ADDED", "info", "thing.extra")]
    assert aligned(more.empty_table(), DECLARED).schema == DECLARED
    narrow = pa.schema([FILE.with_type(pa.int32()), NAME])
    assert codes(narrow) == [("TYPE_DIFFERS", "warning", "thing.file_id")]
    coded = pa.schema([FILE, NAME.with_type(pa.dictionary(pa.int32(), pa.string()))])
    assert codes(coded) == [("TYPE_DIFFERS", "warning", "thing.name")]
    text = pa.schema([FILE.with_type(pa.string()), NAME])
    assert codes(text) == [("TYPE_DIFFERS", "error", "thing.file_id")]
    with pytest.raises(pa.ArrowInvalid):
        aligned(pa.table({"file_id": ["x"], "name": ["y"]}, schema=text), DECLARED)


def test_another_meaning_is_an_error() -> None:
    other = pa.schema([FILE, annotate(NAME.remove_metadata(), t.QUALNAME)])
    assert codes(other) == [("MEANING_DIFFERS", "error", "thing.name")]


def test_a_table_without_metadata_is_read_by_its_names_and_that_is_told() -> None:
    bare = pa.schema([f.remove_metadata() for f in DECLARED])
    found = authority("thing", observed=bare, struct=DECLARED).findings
    told = [(f.code, f.severity, f.subject, f.confidence) for f in found]
    assert told == [
        ("MEANING_BY_NAME", "info", "thing.file_id", 0.5),
        ("MEANING_BY_NAME", "info", "thing.name", 0.5),
    ]
