"""What is decided follows from plans and numbers, never from a view's name; and what is decided is
what happens."""

from pathlib import Path

import msgspec
import pyarrow as pa
import pytest
from deltalake import DeltaTable

from codeanatomy.compiled import Compiled, compile_graph, evidence_schemas
from codeanatomy.engine.events import Events, Recorder
from codeanatomy.engine.execute import execute
from codeanatomy.engine.execution import Execution
from codeanatomy.engine.serialised import frame_of
from codeanatomy.engine.session import register, session, settings_of
from codeanatomy.engine.store import Store
from codeanatomy.facts.errors import EngineError, PlanError
from codeanatomy.planned import decide
from codeanatomy.planning.estimate import Past, Size
from codeanatomy.planning.policy import ExecutionPolicy, compile_policy
from codeanatomy.planning.schedule import schedule
from codeanatomy.planning.signals import Machine
from codeanatomy.planning.workload import BATCH, PROFILES, QUERY, REPLAY, UPDATE, classify, named
from tests.planning.views import PLANS, ROWS, SCHEMA, VIEWS, signals

LARGE = {"t": Size(2_000_000, 32_000_000), "u": Size(500_000, 8_000_000)}


def run(policy: ExecutionPolicy, **more: object) -> tuple[dict[str, pa.Table], Recorder, Execution]:
    """The views of `signals`, run as the policy says."""
    known, recorder = signals(), Recorder()
    ctx = session(policy.section("session"))
    one = Execution("test", {}, ctx)
    with one.only():
        for name in ("t", "u"):
            register(ctx, name, ROWS, int(policy.section("scan")[name]))
        made = execute(
            one,
            known.tasks,
            plans=PLANS,
            schemas=dict.fromkeys(VIEWS, SCHEMA),
            policy=policy,
            planned=schedule(
                known.tasks, known.estimates, policy.section("cache"), Machine(**more)
            ),
            events=Events(recorder),
        )
    return made, recorder, one


def test_order_follows_the_plans() -> None:
    tasks = signals(
        {"z": "SELECT a, b FROM t", "y": "SELECT * FROM z", "x": "SELECT * FROM y"}
    ).tasks
    assert [(t.view, t.generation) for t in tasks] == [("z", 0), ("y", 1), ("x", 2)]
    assert tasks[0].consumers == ("y",)
    assert tasks[0].reads == {"t": ("a", "b")}


def test_a_circle_is_named() -> None:
    with pytest.raises(PlanError, match=r"circle: \w -> \w"):
        signals({"x": "SELECT * FROM y", "y": "SELECT * FROM x"})


def test_kept_is_what_several_read_and_what_costs_more_to_make_again() -> None:
    expected = {"j": "memory", "p": "none", "w": "output", "x": "output"}
    assert compile_policy(signals()).section("cache") == expected
    assert compile_policy(signals(sizes=LARGE)).section("cache") == expected
    cheap = {"j": Past(base_rows=2.5e6, rows=1e6, bytes=5e8, milliseconds=1.0)}
    dear = compile_policy(signals(sizes=LARGE, past=cheap))
    assert dear.section("cache")["j"] == "none"
    [decision] = [d for d in dear.decisions if (d.section, d.subject) == ("cache", "j")]
    assert decision.evidence["bytes"] == 5e8 and decision.confidence == 0.95


def test_what_the_memory_has_no_room_for_goes_to_disk() -> None:
    small = Machine(cores=2, memory=64 << 20, used=60 << 20)
    policy = compile_policy(signals(sizes=LARGE, machine=small))
    assert policy.section("cache")["j"] == "staging"
    for other in (QUERY, REPLAY):  # these write nothing
        policy = compile_policy(signals(sizes=LARGE, machine=small, workload=named(other)))
        assert policy.section("cache")["j"] == "memory"


@pytest.mark.parametrize(("view", "value"), [("j", "none"), ("j", "staging"), ("p", "memory")])
def test_cache_is_followed(view: str, value: str) -> None:
    policy = compile_policy(signals())
    before, recorder, _ = run(policy)
    after, changed, _ = run(policy.edited("cache", view, value))
    assert sorted(before) == sorted(after) == ["w", "x"]
    assert all(before[name].equals(after[name]) for name in before)
    assert sorted(recorder.ran()) == ["j", "w", "x"]
    assert sorted(changed.ran()) == sorted(
        ({*recorder.ran()} | {view}) - ({view} if value == "none" else set())
    )


def test_an_output_is_what_is_kept_as_one() -> None:
    made, _, _ = run(compile_policy(signals()).edited("cache", "j", "output"))
    assert sorted(made) == ["j", "w", "x"]


def test_output_is_followed() -> None:
    policy = compile_policy(signals())
    assert policy.section("output") == {"w": "b", "x": "a"}
    assert run(policy)[0]["w"]["b"].to_pylist() == [3, 4]
    assert run(policy.edited("output", "w", "a"))[0]["w"]["b"].to_pylist() == [4, 3]


def test_scan_is_followed() -> None:
    known = signals(sizes={**LARGE, "u": Size(10, 160)})
    policy = compile_policy(known)
    assert policy.section("scan") == {"t": "2", "u": "1"}
    ctx = session({})
    rows = pa.table({"a": pa.array(range(1 << 18)), "b": pa.array(range(1 << 18))})
    for parts in ("1", "2"):
        followed = policy.edited("scan", "t", parts).section("scan")["t"]
        register(ctx, f"t{parts}", rows, int(followed))
        assert ctx.sql(f"SELECT a FROM t{parts}").execution_plan().partition_count == int(parts)


def test_session_is_followed() -> None:
    key = "datafusion.execution.batch_size"
    policy = compile_policy(signals())
    held = settings_of(run(policy)[2].session)
    assert {k: held[k] for k in policy.section("session")} == policy.section("session")
    assert settings_of(run(policy.edited("session", key, "1024"))[2].session)[key] == "1024"
    with pytest.raises(EngineError, match=r"datafusion\.execution\.no_such"):
        session({"datafusion.execution.no_such": "1"})


def test_diagnostics_are_followed() -> None:
    policy = compile_policy(signals())
    assert {m.scope for m in run(policy)[1].measured} == {"task", "pruning"}
    off = policy.edited("diagnostics", "operators", "off")
    assert {m.scope for m in run(off)[1].measured} == {"task"}
    unable = compile_policy(signals(capabilities={"operator metrics": "no"}))
    assert unable.section("diagnostics") == {"operators": "off"}


def test_joins_are_followed() -> None:
    compiled = compile_graph(evidence_schemas())
    policy = decided(compiled)
    view, ways = next((v, w[0]) for v, w in compiled.ways().items() if len(w[0]) > 1)
    plans, other = (
        compiled.followed(p) for p in (policy, policy.edited("join", view, ways[1].text))
    )
    texts = [
        {
            v: frame_of(plan, compiled.inferred.session).logical_plan().display_indent()
            for v, plan in one.items()
        }
        for one in (plans, other)
    ]
    assert {v for v in texts[0] if texts[0][v] != texts[1][v]} == {view}


def test_maintenance_is_followed(tmp_path: Path) -> None:
    policy = compile_policy(signals(versions={"w": 9, "x": 4, "decided": 3}))
    assert policy.section("maintenance") == {
        "decided": "none",
        "snapshots": "2",
        "w": "checkpoint",
        "x": "none",
    }
    store = Store(tmp_path / "s").create()
    with store.lock():
        for number in range(4):
            store.commit({"w": pa.table({"n": [number]}), "x": ROWS}, {})
            store.maintain(policy.section("maintenance"))
    kept = sorted(p.name for p in (tmp_path / "s/snapshots").glob("*.json"))
    assert kept == ["3.json", "4.json"]
    assert list((tmp_path / "s/tables/w/_delta_log").glob("*.checkpoint.parquet"))
    assert not list((tmp_path / "s/tables/x/_delta_log").glob("*.checkpoint.parquet"))
    assert DeltaTable(tmp_path / "s/tables/w").to_pyarrow_table()["n"].to_pylist() == [3]


def decided(compiled: Compiled) -> ExecutionPolicy:
    return decide(compiled, classify(), {}, None, Machine()).policy


def test_the_fingerprint_is_that_of_what_is_decided() -> None:
    one, two = (decided(compile_graph(evidence_schemas())) for _ in range(2))
    assert one == two and one.fingerprint == two.fingerprint
    seen = {one.fingerprint}
    for section in sorted({d.section for d in one.decisions}):
        subject = next(d.subject for d in one.decisions if d.section == section)
        seen.add(one.edited(section, subject, "else").fingerprint)
    assert len(seen) == 1 + len({d.section for d in one.decisions})
    why = tuple(msgspec.structs.replace(d, reason="else") for d in one.decisions)
    assert msgspec.structs.replace(one, decisions=why).fingerprint == one.fingerprint


def test_the_class_of_a_run_has_a_reason() -> None:
    assert classify().value == BATCH
    few, many = (classify(files=100, changed=n, stored=True) for n in (3, 60))
    assert (few.value, many.value) == (UPDATE, BATCH)
    assert few.reason == "3 of 100 files changed since the last graph"
    assert many.evidence["changed"] == 60
    assert few.refused == (BATCH, QUERY, REPLAY)
    assert named(REPLAY).value == REPLAY


def test_classes_differ_where_their_rules_do_and_nowhere_else() -> None:
    policies = {
        name: compile_policy(signals(sizes=LARGE, workload=named(name)))
        for name in (BATCH, QUERY, REPLAY)
    }
    told = {n: {(d.section, d.subject): d.value for d in p.decisions} for n, p in policies.items()}
    for name in (QUERY, REPLAY):
        ours, other = told[BATCH], told[name]
        differing = {section for section, subject in ours.keys() | other.keys()
                     if ours.get((section, subject)) != other.get((section, subject))}  # fmt: skip
        assert differing <= {"workload", "session", "diagnostics"}
        assert "session" in differing
    assert {k: v for k, v in told[REPLAY].items() if k[0] == "session"} == {
        ("session", key): value for key, value in PROFILES[REPLAY].items()
    }
