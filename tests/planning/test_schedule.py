"""The order of tasks, what runs at once, and how much memory that may take."""

import threading

import pytest

from codeanatomy.engine.execution import Execution
from codeanatomy.engine.session import session
from codeanatomy.facts.errors import EngineError
from codeanatomy.planning.estimate import Estimate, Past, Size, estimates
from codeanatomy.planning.schedule import Schedule, schedule
from codeanatomy.planning.signals import Machine
from codeanatomy.planning.tasks import Task
from codeanatomy.planning.tiers import streamed, tier
from tests.planning.views import signals

# a (10 ms) -> c (20) -> e (5);  b (1) -> d (2) -> e
TOOK = {"a": 10.0, "b": 1.0, "c": 20.0, "d": 2.0, "e": 5.0}
READS = {"a": (), "b": (), "c": ("a",), "d": ("b",), "e": ("c", "d")}


def planned(machine: Machine, size: int = 1 << 20, cache: dict[str, str] | None = None) -> Schedule:
    consumers = {v: tuple(o for o, r in READS.items() if v in r) for v in READS}
    tasks = [Task(v, dict.fromkeys(r, ("x",)), 0, consumers[v]) for v, r in READS.items()]
    expected = {v: Estimate(0, 0, 10, size, ms, "measured") for v, ms in TOOK.items()}
    return schedule(tasks, expected, {**dict.fromkeys(READS, "memory"), **(cache or {})}, machine)


def test_levels_slack_and_critical_path() -> None:
    found = planned(Machine())
    assert {t.view: t.bottom_level for t in found.tasks} == {
        "a": 35.0, "b": 8.0, "c": 25.0, "d": 7.0, "e": 5.0
    }  # fmt: skip
    assert {t.view: t.slack for t in found.tasks} == {"a": 0, "b": 27, "c": 0, "d": 27, "e": 0}
    assert found.critical_path == ("a", "c", "e")
    assert found.milliseconds == 35.0
    assert [t.view for t in found.tasks] == ["a", "c", "b", "d", "e"]


def test_views_that_are_not_kept_run_with_those_that_read_them() -> None:
    found = planned(Machine(), cache={"c": "none"})
    assert [t.view for t in found.tasks] == ["a", "b", "d", "e"]
    assert {t.view: t.bottom_level for t in found.tasks}["a"] == 15.0  # e is measured with its c


def test_memory_decides_what_runs_at_once() -> None:
    found = planned(Machine(2, None), 100 << 20)
    needs, last = found.tasks[0].needs, 4 * (100 << 20) + (128 << 20)
    assert found.peak == last + needs  # the last task, beside what the others made
    assert found.admits(0, [needs], needs)
    assert not found.admits(0, [needs], found.peak)
    assert not found.admits(0, [1, 1], 1)  # two processors
    narrow = planned(Machine(2, needs), 100 << 20)
    assert not narrow.admits(0, [needs], needs)
    assert narrow.admits(1 << 40, [], needs)  # alone it must run


def test_estimates_are_measured_before_assumed_before_unknown() -> None:
    known = signals()
    assert {e.basis for e in known.estimates.values()} == {"unknown"}
    sizes = {"t": Size(1000, 16_000), "u": Size(10, 160)}
    assumed = estimates(known.tasks, known.facts, known.schemas, sizes, {})
    assert (assumed["j"].basis, assumed["j"].rows) == ("assumed", 1000)
    assert assumed["j"].confidence > known.estimates["j"].confidence
    past = {"j": Past(base_rows=505, rows=7, bytes=112, milliseconds=3.0)}
    measured = estimates(known.tasks, known.facts, known.schemas, sizes, past)["j"]
    assert (measured.basis, measured.rows, measured.bytes) == ("measured", 14, 224)
    assert measured.milliseconds == 6.0


@pytest.mark.parametrize(
    ("rows", "named"),
    [(0, "small"), (9_999, "small"), (10_000, "medium"), (1_000_000, "medium"),
     (1_000_001, "large"), (None, "medium")],
)  # fmt: skip
def test_size_tiers(rows: int | None, named: str) -> None:
    assert tier(rows) == named
    assert streamed(rows) == (rows is not None and rows >= 100_000)


def test_a_run_goes_through_with_one_execution() -> None:
    one, two = (Execution(name * 8, {}, session({})) for name in ("one", "two"))
    with one.only():
        assert one.passes("scan") is one
        with pytest.raises(EngineError, match=r"staging was given the execution of twotwo.*oneone"):
            two.passes("staging")
        caught: list[str] = []

        def elsewhere() -> None:  # a thread that did not copy the context belongs to no run
            try:
                one.passes("worker")
            except EngineError as error:
                caught.append(str(error))

        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        assert "began with none" in caught[0]
    with pytest.raises(EngineError, match="none"):
        one.passes("scan")
