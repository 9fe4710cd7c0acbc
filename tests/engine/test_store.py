"""The store: round trip, unchanged tables, pins, clean-up, damage, formats, two writers."""

import itertools
import json
import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from datafusion import SessionContext
from deltalake import DeltaTable

from codeanatomy.engine import commit as commits
from codeanatomy.engine import delta, manifest
from codeanatomy.engine.content import content_hash
from codeanatomy.engine.lock import reader_pin
from codeanatomy.engine.store import Store
from codeanatomy.facts.canonical import digest
from codeanatomy.facts.errors import EngineError, StoreError
from codeanatomy.facts.schema import schema_from_struct, semantic_type
from codeanatomy.facts.tables.graph import EdgeByTarget
from codeanatomy.facts.types import TARGET_ID

EDGES = schema_from_struct(EdgeByTarget)


def edges(count: int = 10, seed: int = 0) -> pa.Table:
    random = np.random.default_rng(seed)
    kinds = pa.array(random.choice(["AST", "CALL", "REF"], count)).dictionary_encode()
    ids = random.integers(0, 1 << 62, (2, count))
    columns = [ids[0], ids[1], kinds, random.integers(0, 9, count).astype(np.int32)]
    return pa.table(columns, schema=EDGES)


def numbers(*values: int) -> pa.Table:
    return pa.table({"n": pa.array(values, pa.int64())})


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "graph").create()


def put(store: Store, facts: dict[str, object] | None = None, **tables: pa.Table):
    with store.lock():
        return store.commit(tables, facts or {}, {"edges": ["dst", "src"]})


def read(snapshot: manifest.Snapshot, table: str) -> pa.Table:
    ctx = SessionContext()
    directory = f"{snapshot.directory(table)}/"
    ctx.register_parquet(table, directory, schema=manifest.schema_of(snapshot.tables[table]))
    return ctx.table(table).to_arrow_table()


def inodes(snapshot: manifest.Snapshot, table: str) -> list[int]:
    return sorted(path.stat().st_ino for path in snapshot.directory(table).iterdir())


def test_round_trip_keeps_rows_order_and_meaning(store):
    table = edges(200_000)
    put(store, {"ref": "main"}, edges=table, empty=table.slice(0, 0))
    snapshot = Store(store.path).open().current()
    assert (snapshot.number, snapshot.facts) == (1, {"ref": "main"})
    assert manifest.schema_of(snapshot.tables["edges"]).equals(EDGES, check_metadata=True)
    assert semantic_type(manifest.schema_of(snapshot.tables["edges"]).field("dst")) == TARGET_ID
    assert snapshot.tables["edges"].rows == 200_000
    assert snapshot.tables["edges"].content_hash == content_hash(table)
    found = read(snapshot, "edges")
    assert np.all(np.diff(pq.read_table(snapshot.directory("edges"))["dst"].to_numpy()) >= 0)
    assert content_hash(found) == content_hash(table)
    assert read(snapshot, "empty").num_rows == 0
    assert (store.path / ".gitignore").read_text() == "*\n"


def test_the_delta_tables_hold_the_same_rows_and_types(store):
    table = edges(70_000)
    snapshot = put(store, edges=table)
    delta = DeltaTable(store.path / "tables" / "edges")
    assert delta.version() == snapshot.tables["edges"].version == 0
    stored = delta.to_pyarrow_table()
    assert content_hash(stored) == content_hash(table)
    assert stored.schema.field("dst").metadata == EDGES.field("dst").metadata
    actions = pa.table(delta.get_add_actions(flatten=True))
    assert actions["num_records"].to_pylist() == [70_000]


def test_a_point_lookup_reads_one_row_group(store):
    snapshot = put(store, edges=edges(200_000))
    [file] = snapshot.directory("edges").iterdir()
    data = pq.read_metadata(file)
    assert data.num_row_groups == 4
    bounds = [data.row_group(i).column(0).statistics for i in range(4)]
    assert all(a.max <= b.min for a, b in itertools.pairwise(bounds))


def test_unchanged_tables_are_not_written_again(store):
    first = put(store, a=numbers(1, 2), b=numbers(3))
    assert put(store, a=numbers(2, 1), b=numbers(3)) == first
    second = put(store, a=numbers(1, 2), b=numbers(4))
    assert (second.number, second.tables["a"]) == (2, first.tables["a"])
    assert inodes(second, "a") == inodes(first, "a")
    assert inodes(second, "b") != inodes(first, "b")
    assert [DeltaTable(store.path / "tables" / t).version() for t in "ab"] == [0, 1]
    third = put(store, {"ref": "x"}, a=numbers(1, 2), b=numbers(4))
    assert (third.number, third.id) == (3, second.id)
    fourth = put(store, b=numbers(4))
    assert sorted(fourth.tables) == ["b"]


def test_equal_content_in_another_store_has_an_equal_id(store, tmp_path):
    other = Store(tmp_path / "other").create()
    put(other, a=numbers(0))
    assert put(store, a=numbers(1, 2)).id == put(other, a=numbers(2, 1)).id


def test_another_schema_or_order_is_written(store):
    put(store, a=numbers(1, 2))
    described = pa.schema([pa.field("n", pa.int64(), metadata={"doc": "a number"})])
    second = put(store, a=numbers(1, 2).cast(described))
    assert manifest.schema_of(second.tables["a"]).field("n").metadata == {b"doc": b"a number"}
    wide = numbers(1, 2).append_column("m", pa.array([True, False]))
    third = put(store, a=wide)
    assert DeltaTable(store.path / "tables" / "a").to_pyarrow_table().equals(wide)
    with store.lock():
        assert store.commit({"a": wide}, {}, {"a": ["n"]}).number == third.number + 1


def test_chunks_do_not_matter(store):
    table = edges(150_000)
    cut = pa.Table.from_batches(table.to_batches(max_chunksize=8192))
    with store.lock():
        for sort, number in (({}, 1), ({}, 1), ({"edges": ["dst"]}, 2)):
            snapshot = store.commit({"edges": cut}, {}, sort)
            assert snapshot.number == number
            assert snapshot.tables["edges"].rows == 150_000
    assert content_hash(read(snapshot, "edges")) == content_hash(table)
    assert list((store.path / "tmp").iterdir()) == []


def test_nulls_and_large_dictionaries_survive(store):
    names = pa.array([f"name{i % 5000}" if i % 7 else None for i in range(70_000)])
    table = pa.table(
        {
            "name": names.dictionary_encode(),
            "f": pa.array([0.5, None] * 35_000),
        }
    )
    assert content_hash(read(put(store, t=table), "t")) == content_hash(table)


def test_bad_names_and_bad_sort_columns_are_refused(store):
    with pytest.raises(StoreError, match="table name"):
        put(store, **{"../a": numbers(1)})
    with store.lock(), pytest.raises(EngineError, match="cannot sort by 'x'"):
        store.commit({"a": numbers(1)}, {}, {"a": ["x"]})
    assert store.current() is None


def test_commit_needs_the_lock_and_there_is_one_writer(store):
    with pytest.raises(StoreError, match="needs its lock"):
        store.commit({}, {})
    with store.lock(), pytest.raises(StoreError, match=f"being written by pid {os.getpid()} on"):
        Store(store.path).lock().__enter__()
    put(store, a=numbers(1))
    code = (
        "import sys, time; from codeanatomy.engine.store import Store\n"
        f"with Store({str(store.path)!r}).lock():\n    print('held', flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout.readline() == "held\n"
        with pytest.raises(StoreError, match=f"pid {other.pid} on .* for 0 s; wait or stop it"):
            put(store, a=numbers(2))
        with store.pin() as snapshot:  # readers are never in the way
            assert snapshot.number == 1
        other.kill()
    assert put(store, a=numbers(2)).number == 2


def test_what_is_no_store_is_refused_with_the_next_step(tmp_path):
    with pytest.raises(StoreError, match="run `codeanatomy build`"):
        Store(tmp_path / "none").open()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("precious")
    with pytest.raises(StoreError, match=r"no store and not empty .*thesis\.txt.*--out"):
        Store(tmp_path / "mine").create()
    assert os.listdir(tmp_path / "mine") == ["thesis.txt"]
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="cannot make a store"):
        Store(tmp_path / "file").create()
    store = Store(tmp_path / "new").create()
    with pytest.raises(StoreError, match="no finished graph"), store.pin():
        pass
    assert Store(tmp_path / "new").create().open().current() is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('{"format": 4, "more": 1}', "has format 4, this version reads 3"),
        ('{"format": 0}', "has format 0"),
        ('{"form', "damaged"),
        ("{}", "damaged"),
    ],
)
def test_another_or_damaged_format_is_an_error(store, text, says):
    (store.path / "format.json").write_text(text)
    for use in (store.open, store.create):
        with pytest.raises(StoreError, match=says + r".*build again"):
            use()


@pytest.mark.parametrize("damage", ["truncated", "altered", "file lost", "file cut", "empty"])
def test_a_damaged_snapshot_falls_back_to_the_last_whole_one(store, damage):
    put(store, a=numbers(1))
    second = put(store, a=numbers(2))
    path = store.path / "snapshots" / "2.json"
    [file] = second.directory("a").iterdir()
    raw = path.read_bytes()
    match damage:
        case "truncated":
            path.write_bytes(raw[:-20])
        case "altered":
            path.write_bytes(raw.replace(b'"rows":1', b'"rows":7'))
        case "file lost":
            file.unlink()
        case "file cut":
            file.write_bytes(b"PAR1")
        case "empty":
            path.write_bytes(b"")
    assert store.current().number == 1
    assert read(store.current(), "a")["n"].to_pylist() == [1]
    third = put(store, a=numbers(3))  # a number is not used twice
    assert third.number == 3
    folder = store.path / "snapshots"
    assert [n for n in (1, 2, 3) if manifest.load(folder, n)] == [1, 3]
    assert DeltaTable(store.path / "tables" / "a").to_pyarrow_table()["n"].to_pylist() == [3]


@pytest.mark.parametrize("damage", ["lost", "unreadable", "ahead", "file lost"])
def test_a_delta_log_that_is_not_the_manifests_is_mended(store, damage):
    snapshot = put(store, a=numbers(1), b=numbers(1))
    folder = store.path / "tables" / "a"
    match damage:
        case "lost":
            shutil.rmtree(folder)
        case "unreadable":
            (folder / "_delta_log" / f"{1:020}.json").write_text("{broken")
        case "ahead":
            DeltaTable(folder).delete()
        case "file lost":
            next(folder.glob("*.parquet")).unlink()
    assert put(store, a=numbers(1), b=numbers(1)) == snapshot
    assert DeltaTable(folder).to_pyarrow_table()["n"].to_pylist() == [1]
    version = DeltaTable(folder).version()
    put(store, a=numbers(1), b=numbers(2))
    assert DeltaTable(folder).version() == version == store.current().tables["a"].version


def test_publishing_a_taken_number_never_overwrites(store):
    snapshot = put(store, a=numbers(1))
    links = store.path / "tmp" / "links"
    links.mkdir()
    with pytest.raises(StoreError, match="exists already"):
        manifest.publish(store.path, snapshot, links)
    assert store.current() == snapshot

    won, lost, start = [], [], threading.Barrier(8)

    def publish(number: int) -> None:
        own = store.path / "tmp" / f"own{number}"
        (own / "a").mkdir(parents=True)
        for file in snapshot.directory("a").iterdir():
            manifest.link_file(file, own / "a" / file.name)
        mine = msgspec.structs.replace(snapshot, number=2, facts={"by": number})
        start.wait()
        try:
            manifest.publish(store.path, mine, own)
            won.append(number)
        except StoreError:
            lost.append(number)

    threads = [threading.Thread(target=publish, args=(n,)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 7)
    assert store.current().facts == {"by": won[0]}


def test_clean_keeps_what_is_read_and_what_is_named(store):
    for n in range(2):
        put(store, a=numbers(n), b=numbers(0))
    with store.pin() as old:
        for n in range(2, 6):
            put(store, a=numbers(n), b=numbers(0))
        with store.lock():
            store.clean(keep=2)
        assert manifest.numbers(store.path / "snapshots") == [2, 5, 6]
        assert read(old, "a")["n"].to_pylist() == [1]
        assert len(list((store.path / "tables" / "a").glob("*.parquet"))) == 3
    with store.lock():
        store.clean(keep=1)
    assert sorted(os.listdir(store.path / "snapshots")) == ["6", "6.json"]
    assert os.listdir(store.path / "readers") == []
    for name in "ab":
        assert len(list((store.path / "tables" / name).glob("*.parquet"))) == 1
        assert DeltaTable(store.path / "tables" / name).to_pyarrow_table().num_rows == 1


def test_a_pin_taken_while_clean_runs_keeps_its_files(store, monkeypatch):
    for n in range(3):
        put(store, a=numbers(n))
    snapshot = manifest.load(store.path / "snapshots", 1)
    unlink = Path.unlink
    held = []

    def pin_first(path: Path, missing_ok: bool = False) -> None:
        if path.name == "1.json" and not held:  # a reader slips in between the look and the cut
            held.append(reader_pin(store.path / "readers", 1))
            held[0].__enter__()
        unlink(path, missing_ok)

    monkeypatch.setattr(Path, "unlink", pin_first)
    with store.lock():
        store.clean(keep=1)
    [pin] = held
    assert read(snapshot, "a")["n"].to_pylist() == [0]
    pin.__exit__(None, None, None)
    with store.lock():
        store.clean(keep=1)
    assert not snapshot.directory("a").exists()


def test_a_dead_readers_pin_is_free(store):
    put(store, a=numbers(1))
    code = (
        "import os; from codeanatomy.engine.store import Store\n"
        f"pin = Store({str(store.path)!r}).pin(); pin.__enter__(); os.abort()"
    )
    subprocess.run([sys.executable, "-c", code], capture_output=True, check=False)
    assert len(os.listdir(store.path / "readers")) == 1
    put(store, a=numbers(2))
    with store.lock():
        store.clean(keep=1)
    assert manifest.numbers(store.path / "snapshots") == [2]


def test_a_folder_that_cannot_be_written_can_be_read(store, monkeypatch):
    put(store, a=numbers(1))
    real = os.open

    def read_only(path, flags, *mode):
        if flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT):
            raise OSError(30, "Read-only file system", str(path))
        return real(path, flags, *mode)

    monkeypatch.setattr(os, "open", read_only)
    with store.pin() as snapshot:
        assert os.listdir(store.path / "readers") == []
    monkeypatch.undo()
    assert read(snapshot, "a").num_rows == 1
    monkeypatch.setattr(os, "open", read_only)
    with pytest.raises(StoreError, match="cannot be written"):
        put(store, a=numbers(1))


def test_without_hard_links_files_are_copied(store, monkeypatch):
    def refuse(*_: object) -> None:
        raise OSError(95, "Operation not supported")

    monkeypatch.setattr(os, "link", refuse)
    put(store, a=numbers(1))
    assert read(put(store, a=numbers(1), b=numbers(2)), "a")["n"].to_pylist() == [1]


@pytest.mark.parametrize("where", ["write_parquet", "_placed", "_links", "publish", "after"])
def test_an_interrupt_leaves_no_mess(store, monkeypatch, where):
    put(store, a=numbers(1), b=numbers(1))
    before = sorted(p for p in store.path.rglob("*") if "_delta_log" not in p.parts)
    home = {"publish": manifest, "after": manifest, "write_parquet": delta}.get(where, commits)
    name = "publish" if where == "after" else where
    real, calls = getattr(home, name), []

    def interrupted(*args: object, **named: object) -> object:
        calls.append(args)
        if where == "after":
            real(*args, **named)
        if len(calls) == 2 or home is manifest or where == "_links":
            raise KeyboardInterrupt
        return real(*args, **named)

    monkeypatch.setattr(home, name, interrupted)
    with pytest.raises(KeyboardInterrupt):
        put(store, a=numbers(2), b=numbers(2))
    monkeypatch.undo()
    number = 2 if where == "after" else 1  # already public: then it stays
    assert store.current().number == number
    for table in "ab":
        kept = DeltaTable(store.path / "tables" / table).to_pyarrow_table()
        assert kept["n"].to_pylist() == [number]
    if where != "after":
        assert before == sorted(p for p in store.path.rglob("*") if "_delta_log" not in p.parts)
    assert put(store, a=numbers(3), b=numbers(3)).number == number + 1


def test_a_manifest_is_plain_json_without_absolute_paths(store):
    put(store, {"n": 1}, a=numbers(1))
    text = (store.path / "snapshots" / "1.json").read_text()
    assert json.loads(text)["snapshot"]["tables"]["a"]["rows"] == 1
    assert str(store.path) not in text


@pytest.mark.parametrize("name", ["tmp", "tables", "snapshots", "readers", "lock", ".gitignore"])
def test_links_in_a_store_that_came_with_a_repository_are_refused(store, tmp_path, name):
    put(store, a=numbers(1))
    precious = tmp_path / "precious"
    if name in ("lock", ".gitignore"):
        precious.write_text("mine")
    else:
        precious.mkdir()
        (precious / "thesis.txt").write_text("mine")
    entry = store.path / name
    shutil.rmtree(entry) if entry.is_dir() else entry.unlink()
    entry.symlink_to(precious)
    for use in (store.open, store.create, lambda: put(store, a=numbers(2))):
        with pytest.raises(StoreError, match="symbolic link"):
            use()
    assert (precious / "thesis.txt" if precious.is_dir() else precious).read_text() == "mine"
    (tmp_path / "whole").symlink_to(precious)
    with pytest.raises(StoreError, match="symbolic link"):
        Store(tmp_path / "whole").create()


def test_links_inside_its_folders_are_removed_not_followed(store, tmp_path):
    put(store, a=numbers(1), b=numbers(1))
    precious = tmp_path / "precious"
    precious.mkdir()
    (precious / "thesis.txt").write_text("mine")
    (precious / "x.parquet").write_text("mine")
    shutil.rmtree(store.path / "tables" / "a")
    shutil.rmtree(store.path / "tables" / "b" / "_delta_log")
    for place in ("tables/a", "tables/other", "tables/b/_delta_log", "tmp/x", "snapshots/77"):
        (store.path / place).symlink_to(precious)
    put(store, a=numbers(2), b=numbers(1))
    with store.lock():
        store.clean(keep=1)
    assert sorted(os.listdir(precious)) == ["thesis.txt", "x.parquet"]
    assert DeltaTable(store.path / "tables" / "a").to_pyarrow_table()["n"].to_pylist() == [2]


@pytest.mark.parametrize("way", ["../../x", "/etc/passwd", ""])
def test_a_manifest_that_names_ways_out_is_damaged(store, way):
    snapshot = put(store, a=numbers(1))
    table = msgspec.structs.replace(snapshot.tables["a"], files=(way,), bytes=0)
    for number, tables in ((2, {"a": table}), (3, {way: snapshot.tables["a"]})):
        raw = msgspec.json.encode(
            msgspec.structs.replace(snapshot, number=number, tables=tables, folder="")
        )
        signed = manifest.Manifest(digest(raw), msgspec.Raw(raw))
        path = store.path / "snapshots" / f"{number}.json"
        path.write_bytes(msgspec.json.encode(signed))
    assert store.current() == snapshot
