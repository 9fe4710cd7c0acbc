"""Opening a graph, its freshness, and the package's public names."""

import importlib
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

import codeanatomy
from codeanatomy.engine.store import Store
from codeanatomy.facts.errors import StoreError
from codeanatomy.facts.ids import LOW_BITS
from codeanatomy.query.about import about_of, sentence, with_freshness
from codeanatomy.query.graph import nearest_store
from codeanatomy.query.tables import MOST_RANGES, within
from tests.query.handmade import Handmade


def real(tmp_path: Path) -> Handmade:
    """A graph of two files."""
    hand = Handmade(tmp_path)
    hand.file("a.py", "def f(): pass\n")
    hand.file("b.py", "x = 1\n")
    return hand


def test_fresh_then_changed(tmp_path: Path) -> None:
    hand = real(tmp_path)
    graph = hand.open()
    assert not graph.freshness()
    about = about_of(graph.sql("SELECT * FROM files"))
    assert "no file changed since" in sentence(with_freshness(about, graph.freshness()))
    (hand.repo / "a.py").write_text("def g(): pass\n")
    (hand.repo / "b.py").unlink()
    (hand.repo / "c.py").write_text("")
    fresh = graph.freshness()
    assert (fresh.changed, fresh.deleted, fresh.added) == (("a.py",), ("b.py",), ("c.py",))
    assert "3 files changed since: a.py, b.py, c.py;" in sentence(with_freshness(about, fresh))


def test_repository_gone(tmp_path: Path) -> None:
    hand = real(tmp_path)
    graph = hand.open()
    hand.repo.rename(tmp_path / "elsewhere")
    fresh = graph.freshness()
    assert fresh
    assert "no longer at" in fresh.unknown


def test_open_graph_keeps_its_snapshot(tmp_path: Path) -> None:
    hand = real(tmp_path)
    with hand.open() as old:
        for n in range(3):
            hand.file(f"new{n}.py", "")
            hand.commit()
            store = Store(hand.store)
            with store.lock():
                store.clean(1)
        assert old.sql("SELECT count(*) AS n FROM files")["n"].to_pylist() == [2]
        with codeanatomy.open_graph(hand.store) as new:
            assert new.sql("SELECT count(*) AS n FROM files")["n"].to_pylist() == [5]
            assert new.snapshot.id != old.snapshot.id


def test_nearest_store(tmp_path: Path) -> None:
    inner = tmp_path / "repo" / "a" / "b"
    inner.mkdir(parents=True)
    with pytest.raises(StoreError, match="codeanatomy build"):
        nearest_store(inner)
    (tmp_path / "repo" / ".codeanatomy").mkdir()
    assert nearest_store(inner) == tmp_path / "repo" / ".codeanatomy"


def test_no_graph(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="codeanatomy build"):
        codeanatomy.open_graph(tmp_path)


def test_snapshot_without_a_build(tmp_path: Path) -> None:
    store = Store(tmp_path / "store").create()
    with store.lock():
        store.commit({"roots": pa.table({"path": [""]})}, {"ref": "main"})
    with pytest.raises(StoreError, match="build"):
        codeanatomy.open_graph(tmp_path / "store")


def test_build_is_a_function_whatever_was_imported() -> None:
    module = importlib.import_module("codeanatomy.build")
    assert codeanatomy.build is module.build
    assert callable(codeanatomy.build)


def test_public_names() -> None:
    assert all(getattr(codeanatomy, name) for name in codeanatomy.__all__)
    with pytest.raises(AttributeError):
        codeanatomy.nothing  # noqa: B018  # reading it is the test


def test_ranges_hold_their_ids() -> None:
    one, two = 5 << LOW_BITS, 9 << LOW_BITS
    assert within("k", np.array([one + 7, two + 1, one + 3])) == (
        f"(k BETWEEN {one + 3} AND {one + 7} OR k BETWEEN {two + 1} AND {two + 2})"
    )
    assert within("k", np.array([], np.int64)) == "false"
    many = np.arange(MOST_RANGES + 1, dtype=np.int64) << LOW_BITS
    assert within("k", many) == "true"
