"""One id recipe: numpy, plain Python and SQL agree; ids are clustered by file."""

import numpy as np
import pyarrow as pa
from datafusion import SessionContext
from hypothesis import given
from hypothesis import strategies as st

from codeanatomy.facts import ids

WORDS = st.integers(-(2**63), 2**63 - 1)


@given(st.lists(st.tuples(WORDS, WORDS), min_size=1, max_size=50))
def test_numpy_and_sql_agree(pairs: list[tuple[int, int]]) -> None:
    a, b = (np.array(x, np.int64) for x in zip(*pairs, strict=True))
    ctx = SessionContext()
    ctx.register_record_batches("t", [pa.table({"a": a, "b": b}).to_batches()])
    sql = f"SELECT {ids.sql_mix('a', 'b')} AS m, {ids.sql_node_id('a', 'b')} AS n FROM t"
    found = ctx.sql(sql).to_pydict()
    assert found == {"m": ids.mix(a, b).tolist(), "n": ids.node_id(a, b).tolist()}


def test_ends_are_not_exchangeable_and_small_ordinals_never_meet() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.integers(0, 2**62, 100_000), rng.integers(0, 2**62, 100_000)
    kind = ids.hash_text("CALL")
    there, back = ids.mix(ids.mix(kind, a), ids.mix(b, 0)), ids.mix(ids.mix(kind, b), ids.mix(a, 0))
    assert not np.any(there == back)
    owners = np.repeat(a[:1000], 100)
    keys = ids.mix(owners, np.tile(np.arange(100), 1000))
    assert len(np.unique(keys)) == len(keys)
    assert len(np.unique(ids.node_id(7, keys))) == len(keys)


def test_all_nodes_of_a_file_are_neighbours() -> None:
    file = ids.file_id("pkg.mod")
    made = ids.node_id(file, np.arange(1000))
    assert np.all(made >> ids.LOW_BITS == file >> ids.LOW_BITS)
    assert np.all(made >= 0)
