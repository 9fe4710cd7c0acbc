"""The stored order: Python's own stable sort, whatever the columns are made of."""

import numpy as np
import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from codeanatomy.engine.content import in_order, is_sorted

ROW = st.fixed_dictionaries(
    {
        "k": st.none() | st.sampled_from(["b", "a", "", "c"]),
        "n": st.integers(-3, 3) | st.integers(-(2**63), 2**63 - 1),
        "m": st.none() | st.integers(0, 2),
        "s": st.none() | st.text(max_size=2),
        "x": st.floats(allow_nan=False),
        "b": st.booleans(),
    }
)
SCHEMA = pa.schema(
    {
        "k": pa.dictionary(pa.int8(), pa.string()),
        "n": pa.int64(),
        "m": pa.int32(),
        "s": pa.string(),
        "x": pa.float64(),
        "b": pa.bool_(),
    }
)


@settings(max_examples=80, deadline=None)
@given(
    st.lists(st.lists(ROW, max_size=6), max_size=4),
    st.lists(st.sampled_from(["k", "n", "m", "s"]), max_size=3, unique=True),
)
def test_rows_come_in_the_order_of_the_columns_nulls_first_and_ties_as_they_were(chunks, names):
    table = pa.concat_tables([SCHEMA.empty_table()] * (not chunks) + [*map(rows, chunks)])
    found = in_order(table, names)
    expected = (
        sorted(
            table.to_pylist(),
            key=lambda row: [(row[n] is not None, row[n] or type(row[n])()) for n in names],
        )
        if names
        else table.to_pylist()
    )
    assert found.to_pylist() == expected
    assert found.schema == table.schema
    assert found["k"].num_chunks == 1


def rows(values: list[dict[str, object]]) -> pa.Table:
    return pa.Table.from_pylist(values, schema=SCHEMA)


def test_what_is_sorted_stays_where_it_is():
    table = pa.table({"a": np.array([0, 0, 1]), "b": np.array([1, 2, 0])})
    [before, after] = [t["b"].chunk(0).buffers()[1] for t in (table, in_order(table, ["a", "b"]))]
    assert before.address == after.address
    assert not is_sorted([np.array([0, 0]), np.array([2, 1])])
    assert is_sorted([np.array([0, 1]), np.array([2, 1])])
