"""Who listens to a run hears of its tasks; what scans left unread agrees with the engine's own."""

import logging
import re
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datafusion import SessionContext

from codeanatomy.engine.capabilities import capabilities, decisive, functions
from codeanatomy.engine.events import Event, Events, Recorder
from codeanatomy.engine.pruning import Pruning, pruning
from codeanatomy.engine.session import session


def test_listeners_hear_in_order_and_one_that_fails_hears_no_more(
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard: list[str] = []

    def broken(event: Event) -> None:
        heard.append("broken")
        raise ValueError(event.kind)

    recorder = Recorder()
    events = Events(broken, lambda e: heard.append(e.subject), recorder)
    with caplog.at_level(logging.WARNING):
        events("started", "v")
        events("finished", "v", rows=3, milliseconds=1.5)
    assert heard == ["broken", "v", "v"]
    assert "a listener failed" in caplog.text
    assert {(m.scope, m.what): m.value for m in recorder.measured} == {
        ("task", "rows"): 3.0, ("task", "milliseconds"): 1.5
    }  # fmt: skip
    assert recorder.ran() == ["v"]


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for i in range(4):
        a = np.arange(i * 100_000, (i + 1) * 100_000)
        pq.write_table(pa.table({"a": a, "b": a % 7}), tmp_path / f"{i}.parquet",
                       row_group_size=20_000, write_page_index=True)  # fmt: skip
    return tmp_path


def test_pruning_agrees_with_the_engines_own_words(files: Path) -> None:
    ctx = SessionContext()
    ctx.register_parquet("p", f"{files}/")
    text = "SELECT b, count(*) AS n FROM p WHERE a BETWEEN 110000 AND 111000 GROUP BY b"
    frame = ctx.sql(text)
    frame.collect()
    found = pruning(frame.execution_plan())
    assert found.statistics_available and found.filters == 2
    assert (found.row_groups, found.row_groups_kept) == (5, 1)
    words = str(ctx.sql(f"EXPLAIN ANALYZE {text}").to_pydict()["plan"])
    told = re.search(r"row_groups_pruned_statistics=(\d+) total → (\d+) matched", words)
    assert told and (int(told[1]), int(told[2])) == (found.row_groups, found.row_groups_kept)
    scanned = re.search(r"bytes_scanned=([\d.]+) K", words)
    assert scanned and abs(float(scanned[1]) - found.bytes / 1000) < 1
    ranges = re.search(r"files_ranges_pruned_statistics=(\d+) total → (\d+) matched", words)
    assert ranges and (int(ranges[1]), int(ranges[2])) == (
        found.file_ranges,
        found.file_ranges_kept,
    )


def test_tables_in_memory_count_nothing() -> None:
    ctx = SessionContext()
    ctx.register_record_batches("t", [[pa.record_batch({"a": [1, 2]})]])
    frame = ctx.sql("SELECT a FROM t WHERE a > 1")
    frame.collect()
    assert pruning(frame.execution_plan()) == Pruning()


def test_capabilities_are_what_the_engine_has() -> None:
    told = {part.name: part.value for part in capabilities()}
    assert told["datafusion"] == "55.0.0" and told["operator metrics"] == "yes"
    assert decisive().items() <= told.items() and "memory" not in decisive()
    assert {"abs", "array_agg", "row_number"} <= functions(session({}))
    assert "frobnicate" not in functions(session({}))
