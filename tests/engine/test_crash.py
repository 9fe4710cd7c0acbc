"""A writer killed at any moment leaves the last snapshot whole; no reader sees half a run."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from deltalake import DeltaTable

from codeanatomy.engine.store import Store

TABLES = [f"t{n}" for n in range(5)]
WRITER = """
import sys
import pyarrow as pa
from codeanatomy.engine.store import Store

store = Store(sys.argv[1]).create()
with store.lock():
    last = store.current()
    generation = last.facts["generation"] if last else 0
    while True:
        generation += 1
        rows = pa.table({"generation": [generation] * 300, "id": range(300)})
        tables = {f"t{n}": rows for n in range(4)} | {"t4": rows.slice(0, 1)}
        store.commit(tables, {"generation": generation}, {"t0": ["id"]})
        if generation % 3 == 0:
            store.clean(keep=2)
        print(generation, flush=True)
"""


def generation(store: Store, hold: float) -> int:
    """The generation of the current snapshot, all of whose rows must be of it."""
    with store.pin() as snapshot:
        time.sleep(hold)
        found = {
            value
            for table in TABLES
            for value in pq.read_table(snapshot.directory(table))["generation"].to_pylist()
        }
        assert found == {snapshot.facts["generation"]}
        assert sorted(snapshot.tables) == TABLES
        return found.pop()


def crash(folder: Path, kills: int) -> int:
    """Kill writers; how many were killed between the first table's commit and the manifest."""
    dice, store, seen, between = random.Random(), Store(folder), 0, 0
    for _ in range(kills):
        command = [sys.executable, "-c", WRITER, str(folder)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as writer:
            assert writer.stdout and writer.stderr
            first = writer.stdout.readline()
            assert first, writer.stderr.read().decode()
            until = time.monotonic() + dice.uniform(0, 0.25)
            while time.monotonic() < until:
                now = generation(store, dice.choice([0, 0, 0.02]))
                assert now >= seen
                seen = now
            writer.kill()
            assert writer.stderr.read() == b""
        now = generation(store, 0)
        assert now >= max(seen, int(first))
        seen = now
        current = store.current()
        assert current
        versions = {t: DeltaTable(folder / "tables" / t).version() for t in TABLES}
        between += any(current.tables[t].version != v for t, v in versions.items())
    return between


def check_no_leftovers(folder: Path) -> None:
    store = Store(folder).open()
    with store.lock():
        store.clean(keep=1)
        current = store.current()
        assert current
        assert (
            store.commit(
                {t: pq.read_table(current.directory(t)) for t in TABLES},
                current.facts,
                {"t0": ["id"]},
            )
            == current
        )
    for table in TABLES:
        delta = DeltaTable(folder / "tables" / table)
        assert delta.to_pyarrow_table().equals(pq.read_table(current.directory(table)))
        files = [path.name for path in (folder / "tables" / table).glob("*.parquet")]
        assert files == [*current.tables[table].files]
    for name in ("tmp", "readers"):
        assert list((folder / name).iterdir()) == []
    assert len(list((folder / "snapshots").iterdir())) == 2


def test_kill_at_random_moments(tmp_path):
    crash(tmp_path / "graph", 8)
    check_no_leftovers(tmp_path / "graph")


@pytest.mark.slow
def test_kill_at_many_random_moments(tmp_path):
    between = crash(tmp_path / "graph", 50)
    assert between > 0, "no kill hit the moment that matters"
    check_no_leftovers(tmp_path / "graph")
