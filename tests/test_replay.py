"""A run is kept with what it was made of and by; it can be repeated from the store alone."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import msgspec
import pyarrow as pa
import pytest

import codeanatomy
from codeanatomy import artifacts, steps
from codeanatomy.artifacts import SHAPES, filled
from codeanatomy.compiled import compile_build
from codeanatomy.cpg.artifacts import ARTIFACTS
from codeanatomy.doctor import examine
from codeanatomy.engine.history import rows
from codeanatomy.engine.manifest import Snapshot
from codeanatomy.engine.store import Store
from codeanatomy.facts.errors import (
    CodeAnatomyError,
    DeclarationError,
    PlanError,
    StoreError,
    UsageError,
)
from codeanatomy.facts.tables.artifacts import Decision, Lineage
from codeanatomy.planned import machine, plan
from codeanatomy.replay import replay
from codeanatomy.report import Run
from codeanatomy.sources.scan import scan

SHOP = """
class Item:
    def price(self): return 1

class Gift(Item):
    def price(self): return super().price() * 2

def total(items: list[Item]) -> int:
    return sum(item.price() for item in items)

print(total([Gift()]))
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    repo = tmp_path_factory.mktemp("shop")
    (repo / "shop.py").write_text(SHOP)
    (repo / "broken.py").write_text("def f(:\n  pass\n")
    (repo / "latin.py").write_bytes(b"# -*- coding: latin-1 -*-\nx = '\xe9'\n")
    codeanatomy.build(repo, workers=1, cache=False)
    return repo


def graph(repo: Path) -> Path:
    return repo / ".codeanatomy"


def test_every_artifact_can_be_shown_and_most_say_something(shop: Path) -> None:
    with codeanatomy.open_graph(graph(shop)) as opened:
        rows = {name: opened.artifact(name).num_rows for name in ARTIFACTS}
        package = dict(zip(*opened.package().to_pydict().values(), strict=True))
    assert {name for name, count in rows.items() if not count} <= {"validation", "schemas"}
    assert rows["policy"] == sum(rows[d] for d in ("workload", "session", "cache", "scan", "join",
                                 "functions", "output", "maintenance", "diagnostics"))  # fmt: skip
    assert {"id", "manifest", "policy", "nodes", "edges"} <= package.keys()
    assert "measurements" not in package


def test_the_run_is_as_it_was_planned(shop: Path) -> None:
    with codeanatomy.open_graph(graph(shop)) as opened:
        tasks = opened.artifact("tasks").to_pylist()
        [peak] = opened.sql(
            "SELECT max(value) FILTER (WHERE scope = 'estimate') AS expected, "
            "max(value) FILTER (WHERE scope = 'run') AS measured "
            "FROM measurements WHERE what = 'peak bytes'"
        ).to_pylist()
        assert not opened.artifact("validation").num_rows
    ran = [task for task in tasks if task["subject"] != "run"]
    assert all(task["rows"] is not None and task["rows expected"] is not None for task in ran)
    assert peak["measured"] <= peak["expected"] <= 3 * peak["measured"]


def test_a_later_plan_knows_what_was_measured(shop: Path) -> None:
    known, blind = plan(shop), plan(shop / "nowhere")
    assert {view.rows for view in blind.views} == {None} and not blind.critical_path
    assert known.critical_path and all(view.rows is not None for view in known.views)
    again = {view.view: view.rows for view in known.views}
    with codeanatomy.open_graph(graph(shop)) as opened:
        assert again["edges"] == opened.sql("SELECT count(*) AS n FROM edges")["n"][0].as_py()


def test_a_repeated_run_gives_the_same_graph(shop: Path) -> None:
    before = sorted(p.stat().st_mtime_ns for p in graph(shop).rglob("*.parquet"))
    (shop / "shop.py").rename(shop / "gone.txt")  # the repository is not read
    try:
        found = replay(graph(shop), cache=False, workers=1)
    finally:
        (shop / "gone.txt").rename(shop / "shop.py")
    assert found.equal and found.policy == found.followed
    assert {t.table for t in found.tables} >= {"nodes", "edges", "problems", "spans", "files"}
    assert before == sorted(p.stat().st_mtime_ns for p in graph(shop).rglob("*.parquet"))


@pytest.mark.parametrize(
    ("section", "subject", "value"),
    [
        ("cache", "syntax_norm", "staging"),
        ("cache", "syntax_norm", "none"),
        ("session", "datafusion.execution.batch_size", "512"),
        ("scan", "syntax", "4"),
        ("workload", "run", "compile_replay"),
    ],
)
def test_another_policy_gives_the_same_graph(
    shop: Path, section: str, subject: str, value: str
) -> None:
    found = replay(graph(shop), changes={(section, subject): value}, workers=1)
    assert found.equal and found.policy != found.followed


def test_an_older_run_is_repeated_while_others_build(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module = tmp_path / "m.py"
    module.write_text("def f(): pass\n")
    codeanatomy.build(tmp_path, workers=1)
    first = replay(graph(tmp_path), workers=1)
    module.write_text("def g(): pass\ng()\n")
    codeanatomy.build(tmp_path, workers=1)
    real = steps.gather

    def meanwhile(*args: object, **kwargs: object) -> steps.Evidence:
        monkeypatch.setattr(steps, "gather", real)
        for count in range(4):  # more than are kept
            module.write_text(f"x = {count}\n")
            codeanatomy.build(tmp_path, workers=1)
        return real(*args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(steps, "gather", meanwhile)
    again = replay(graph(tmp_path), package=first.package[:8], workers=1)
    assert again.equal and again.package == first.package
    module.write_text("y = 1\n")
    codeanatomy.build(tmp_path, workers=1)  # nobody reads the first one any more
    with pytest.raises(UsageError, match=f"no package '{first.package[:8]}'"):
        replay(graph(tmp_path), package=first.package[:8])
    with pytest.raises(StoreError, match="run `codeanatomy build`"):
        replay(tmp_path / "nothing")


def test_a_wrong_join_is_followed_too(shop: Path) -> None:
    with codeanatomy.open_graph(graph(shop)) as opened:
        [join] = [j for j in opened.artifact("join").to_pylist() if j["subject"] == "rel_inherits"]
    changes = {("join", "rel_inherits"): join["refused"][0]}
    found = replay(graph(shop), changes=changes, workers=1, validation="off")
    assert "edges" in {t.table for t in found.tables if not t.equal}


def test_what_cannot_be_repeated_says_why(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match=r"no package 'zzz', only \w{12}"):
        replay(graph(shop), package="zzz")
    with pytest.raises(UsageError, match=r"decides nothing about cache\.nothing"):
        replay(graph(shop), changes={("cache", "nothing"): "none"})
    with pytest.raises(UsageError, match="no workload class 'batch'; there are batch_ingest"):
        replay(graph(shop), changes={("workload", "run"): "batch"}, workers=1)
    compiled = compile_build(["syntax"], {})
    monkeypatch.setattr("codeanatomy.replay.compile_build", lambda *_: compiled)
    with pytest.raises(PlanError, match="makes other plans"):
        replay(graph(shop))
    monkeypatch.undo()
    store = Store(graph(shop)).open()
    monkeypatch.setattr("codeanatomy.replay.rows", tampered)
    with pytest.raises(StoreError, match="decisions are not those"):
        replay(store.path)


def tampered(snapshot: Snapshot, name: str) -> pa.Table:
    """A stored table; of the decisions all but the first."""
    return rows(snapshot, name).slice(1) if name == "decisions" else rows(snapshot, name)


def test_what_is_repeated_are_the_stored_plans(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "gives.py").write_text("def f():\n    yield 1\n")
    codeanatomy.build(tmp_path, workers=1)
    stored = rows(Store(graph(tmp_path)).open().current(), "plans")
    plans = dict(zip(*stored.to_pydict().values(), strict=True))
    said: dict[str, bytes] = {}

    def other(snapshot: Snapshot, name: str) -> pa.Table:
        both = plans | said
        told = pa.table({"view": list(both), "plan": list(both.values())})
        return told if name == "plans" else rows(snapshot, name)

    monkeypatch.setattr("codeanatomy.replay.rows", other)
    assert replay(graph(tmp_path), workers=1).equal
    said["rel_yields"] = plans["rel_awaits"]
    found = replay(graph(tmp_path), workers=1)
    assert [t.table for t in found.tables if not t.equal] == ["edges", "edges_by_dst"]
    for damaged in (b"", b"no plan", plans["rel_cfg"][:99]):
        said["rel_cfg"] = damaged
        with pytest.raises(StoreError, match="stored plan of rel_cfg is damaged"):
            replay(graph(tmp_path), workers=1)
    said["no_view"] = b""
    with pytest.raises(StoreError, match="not those of the graph's views"):
        replay(graph(tmp_path), workers=1)


@pytest.mark.parametrize("path", ["/tmp/outside.py", "../outside.py", "a\0b.py"])
def test_a_hostile_store_writes_nowhere_else(
    shop: Path, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    def hostile(snapshot: Snapshot, name: str) -> pa.Table:
        stored = rows(snapshot, name)
        if name != "inputs":
            return stored
        found = dict(zip(*stored.to_pydict().values(), strict=True))
        files = pa.ipc.open_stream(found["files"]).read_all()
        paths = pa.array([path, *files["path"].to_pylist()[1:]])
        files = files.set_column(files.schema.get_field_index("path"), "path", paths)
        sink = pa.BufferOutputStream()
        with pa.ipc.new_stream(sink, files.schema) as writer:
            writer.write_table(files)
        found["files"] = sink.getvalue().to_pybytes()
        return pa.table({"table": list(found), "rows": list(found.values())})

    monkeypatch.setattr("codeanatomy.replay.rows", hostile)
    with pytest.raises(StoreError, match=r"outside of the repository|scan is damaged"):
        replay(graph(shop), workers=1)


def test_unknown_or_ill_typed_artifacts_are_refused() -> None:
    with pytest.raises(DeclarationError, match="'rumours'"):
        filled("rumours", [])
    with pytest.raises(DeclarationError, match="decisions"):
        filled("decisions", [Lineage("v", "c", "t.c")])
    wrong = Decision(section="cache", subject="v", value=3, reason="")  # type: ignore[arg-type]
    with pytest.raises(DeclarationError, match="decisions"):
        filled("decisions", [wrong])
    assert {a.table for a in ARTIFACTS.values()} == SHAPES.keys() - {"inputs", "plans"}


def test_a_drifting_table_is_a_finding_and_a_problem(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "m.py").write_text("x = 1\n")
    real = steps.gather

    def drifting(*args: object, **kwargs: object) -> steps.Evidence:
        evidence = real(*args, **kwargs)  # type: ignore[arg-type]
        comments = pa.table({"file_id": ["no number"]})
        tables = {**evidence.tables, "comment": comments}
        return msgspec.structs.replace(evidence, tables=tables)

    monkeypatch.setattr(steps, "gather", drifting)
    codeanatomy.build(tmp_path, workers=1, cache=False)
    with codeanatomy.open_graph(graph(tmp_path)) as opened:
        found = {row["code"] for row in opened.artifact("schemas").to_pylist()}
        problems = opened.listed("problems").to_pylist()
    assert {"TYPE_DIFFERS", "COLUMN_MISSING"} <= found
    assert [p["code"] for p in problems] == ["witness-failed"]
    (tmp_path / "m.py").write_text("x = 2\n")
    with pytest.raises(UsageError, match="validation cannot be 'strict', only off, warn, error"):
        codeanatomy.build(tmp_path, validation="strict")
    with pytest.raises(PlanError, match="comment"):
        codeanatomy.build(tmp_path, workers=1, cache=False, validation="error")


def wider(table: pa.Table) -> pa.Table:
    return table.append_column("mood", pa.nulls(table.num_rows, pa.string()))


def bare(table: pa.Table) -> pa.Table:
    return table.cast(pa.schema([field.remove_metadata() for field in table.schema]))


@pytest.mark.parametrize(
    ("made", "told", "columns"),
    [
        (wider, ("COLUMN_ADDED", "info", 1.0), {"mood"}),
        (bare, ("MEANING_BY_NAME", "info", 0.5), {"file_id", "node", "bstart", "bend", "text"}),
    ],
)
def test_a_table_that_brings_more_or_no_meanings_passes_with_a_record(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    made: Callable[[pa.Table], pa.Table],
    told: tuple[str, str, float],
    columns: set[str],
) -> None:
    (tmp_path / "m.py").write_text("x = 1  # one\n")
    real = steps.gather

    def other(*args: object, **kwargs: object) -> steps.Evidence:
        evidence = real(*args, **kwargs)  # type: ignore[arg-type]
        changed = made(evidence.tables["comment"])
        return msgspec.structs.replace(evidence, tables={**evidence.tables, "comment": changed})

    monkeypatch.setattr(steps, "gather", other)
    codeanatomy.build(tmp_path, workers=1, cache=False, validation="error")
    with codeanatomy.open_graph(graph(tmp_path)) as opened:
        found = opened.artifact("schemas").to_pylist()
        kinds = dict(opened.sql("SELECT kind, count(*) AS n FROM nodes GROUP BY 1").to_pydict())
    assert {(x["code"], x["severity"], x["confidence"]) for x in found} == {told}
    assert {x["subject"].removeprefix("comment.") for x in found} >= columns
    assert "COMMENT" in kinds["kind"]


def test_what_has_no_room_is_staged_in_the_store(tmp_path: Path) -> None:
    (tmp_path / "m.py").write_text("x = 1\n")
    staged: list[str] = []
    real = tempfile.TemporaryDirectory

    def folder(**where: object) -> tempfile.TemporaryDirectory[str]:
        staged.append(str(where["dir"]))
        return real(**where)  # type: ignore[call-overload,no-any-return]

    with mock.patch("codeanatomy.engine.execute.tempfile.TemporaryDirectory", folder):
        codeanatomy.build(tmp_path, workers=1, cache=False)
    assert str(graph(tmp_path) / "tmp") in staged
    assert not list((graph(tmp_path) / "tmp").iterdir())


def test_measurements_make_no_snapshot(shop: Path) -> None:
    store = Store(graph(shop)).open()
    current = store.current()
    assert current is not None
    again = codeanatomy.build(shop, workers=1)
    assert (again.number, again.new_snapshot) == (current.number, False)


def test_the_schedule_of_a_run_is_validated_before_it(
    shop: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = compile_build([], {})
    with Run(None) as run:
        evidence = steps.gather(scan(shop), compiled, run, workers=1, cache=False)
        evidence = steps.resolve(evidence, compiled)
        planned, evidence, _ = steps.prepare(compiled, evidence, None, machine(), "warn")
        policy = planned.policy.edited("session", "datafusion.execution.batch_size", "none")
        planned = msgspec.structs.replace(planned, policy=policy)
        with pytest.raises(CodeAnatomyError, match="batch_size"):
            steps.run_views(compiled, evidence, planned, "warn", run)
    assert artifacts.SHAPES


def test_the_doctor_looks_at_everything() -> None:
    found = {(part["whole"], part["name"]) for part in examine().to_pylist()}
    assert {("capability", "datafusion"), ("machine", "usable processors")} <= found
