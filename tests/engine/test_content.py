"""Laws of the content hash."""

import datetime

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeanatomy.engine.content import ROWS, content_hash
from codeanatomy.facts.errors import EngineError

ROW = st.fixed_dictionaries(
    {
        "n": st.none() | st.integers(-(2**63), 2**63 - 1),
        "x": st.none() | st.floats(allow_nan=False),
        "s": st.none() | st.text(max_size=4),
        "c": st.none() | st.sampled_from(["a", "b", ""]),
        "b": st.none() | st.booleans(),
    }
)
SCHEMA = pa.schema(
    {
        "n": pa.int64(),
        "x": pa.float64(),
        "s": pa.string(),
        "c": pa.string(),
        "b": pa.bool_(),
    }
)


def table(rows: list[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist(rows, schema=SCHEMA)


@settings(max_examples=60, deadline=None)
@given(st.lists(ROW, max_size=12), st.randoms(use_true_random=False), st.integers(1, 5))
def test_order_chunks_and_encoding_do_not_matter(rows, random, size):
    whole = table(rows)
    shuffled = [*rows]
    random.shuffle(shuffled)
    other = table(shuffled).select(random.sample(SCHEMA.names, len(SCHEMA.names)))
    coded = other.set_column(other.schema.get_field_index("c"), "c", other["c"].dictionary_encode())
    batches = coded.to_batches(max_chunksize=size)
    cut = pa.Table.from_batches(batches, coded.schema)
    assert content_hash(whole) == content_hash(cut)


@settings(max_examples=60, deadline=None)
@given(st.lists(ROW, min_size=1, max_size=6), ROW, st.data())
def test_another_cell_is_another_hash(rows, row, data):
    column = data.draw(st.sampled_from(SCHEMA.names))
    changed = [{**rows[0], column: row[column]}, *rows[1:]]
    same = repr(rows[0][column]) == repr(row[column])  # tells -0.0 from 0.0, as bits do
    assert (content_hash(table(rows)) == content_hash(table(changed))) == same


def test_rows_are_counted_and_cells_stay_in_their_row():
    one = pa.table({"a": [1, 2], "b": [1, 2]})
    assert content_hash(one) != content_hash(pa.table({"a": [1, 2], "b": [2, 1]}))
    assert content_hash(one) != content_hash(pa.concat_tables([one, one]))
    assert content_hash(one) != content_hash(one.rename_columns(["b2", "a"]))
    assert content_hash(one.slice(0, 0)) != content_hash(pa.table({"a": pa.array([], "int64")}))


def test_width_and_storage_of_values_do_not_matter():
    narrow = {"i": pa.array([1, None], pa.int8()), "s": pa.array(["x", None], pa.large_string())}
    wide = {"i": pa.array([1, None], pa.int64()), "s": pa.array(["x", None], pa.string_view())}
    assert content_hash(pa.table(narrow)) == content_hash(pa.table(wide))
    assert content_hash(pa.table({"i": [1]})) != content_hash(pa.table({"i": [1.0]}))
    assert content_hash(pa.table({"s": ["x"]})) != content_hash(pa.table({"s": [b"x"]}))


def test_large_tables_agree_with_their_slices():
    n = 2 * ROWS + 7
    codes = pa.array(np.arange(n, dtype=np.int32) % 5)
    coded = pa.DictionaryArray.from_arrays(codes, ["a", "b", "c", None, "e"])
    data = pa.table({"k": coded, "n": np.arange(n)})
    backwards = data.take(pa.array(np.arange(n)[::-1]))
    plain = data.set_column(0, "k", data["k"].cast(pa.string()))
    assert content_hash(data) == content_hash(backwards) == content_hash(plain)
    assert content_hash(data) != content_hash(data.slice(1))
    assert content_hash(data.slice(3, 9)) == content_hash(
        pa.Table.from_pylist(
            data.slice(3, 9).to_pylist(), schema=pa.schema({"k": pa.string(), "n": pa.int64()})
        )
    )


def test_times_have_a_hash_and_nested_values_are_refused():
    now = datetime.datetime(2026, 1, 1)
    later = now + datetime.timedelta(microseconds=1)
    assert content_hash(pa.table({"t": [now]})) != content_hash(pa.table({"t": [later]}))
    for nested in (pa.array([1], pa.decimal128(5, 2)), pa.array([["a"]]), pa.array([{"k": 1}])):
        with pytest.raises(EngineError, match="'d'"):
            content_hash(pa.table({"d": nested}))


def test_texts_of_all_lengths_are_told_apart():
    texts = ["", "\0", "\0\0"] + ["a" * n for n in range(1, 1200, 7)] + ["a" * 9 + "b", "b" * 600]
    texts += [t[:-1] + "c" for t in texts if len(t) > 1]
    hashes = {content_hash(pa.table({"t": [text]})) for text in texts}
    assert len(hashes) == len({*texts})
    behind = pa.table({"t": ["xx", "ab", "yy"]}).slice(1, 1)  # bytes behind a text do not count
    assert content_hash(behind) == content_hash(pa.table({"t": ["ab"]}))
