"""What is kept follows from consumers and work, never from a view's name."""

import msgspec
import pyarrow as pa
import pytest

from codeanatomy.compiled import compile_graph, evidence_schemas
from codeanatomy.engine.execute import execute, register
from codeanatomy.engine.session import session
from codeanatomy.facts.errors import PlanError
from codeanatomy.planning.policies import cache
from codeanatomy.planning.policy import compile_policy
from codeanatomy.planning.tasks import task_graph
from codeanatomy.plans.facts import plan_facts, planning_session

SCHEMA = pa.schema([("a", pa.int64()), ("b", pa.int64())])


def graph(**views: str) -> tuple[object, ...]:
    """(tasks, facts) of SQL views over the tables t and u."""
    names = {"t": SCHEMA, "u": SCHEMA, **dict.fromkeys(views, SCHEMA)}
    ctx = planning_session(names)
    facts = {v: plan_facts(ctx.sql(sql), names) for v, sql in views.items()}
    return task_graph(facts, frozenset({"t", "u"})), facts


def test_order_follows_the_plans() -> None:
    tasks, _ = graph(z="SELECT a, b FROM t", y="SELECT * FROM z", x="SELECT * FROM y")
    assert [(t.view, t.generation) for t in tasks] == [("z", 0), ("y", 1), ("x", 2)]
    assert tasks[0].consumers == ("y",)
    assert tasks[0].reads == {"t": ("a", "b")}


def test_a_circle_is_named() -> None:
    with pytest.raises(PlanError, match=r"circle: \w -> \w"):
        graph(x="SELECT * FROM y", y="SELECT * FROM x")


def test_cache_follows_consumers_and_work() -> None:
    tasks, facts = graph(
        j="SELECT t.a, u.b FROM t JOIN u ON t.a = u.a",
        p="SELECT a, b FROM t",
        c1="SELECT j.a, p.b FROM j JOIN p ON j.a = p.a",
        c2="SELECT j.b AS a, p.b FROM j JOIN p ON j.a = p.a",
    )
    found = {t.view: cache.decide(t, facts[t.view], t.view == "c2").value for t in tasks}
    assert found == {"j": "memory", "p": "none", "c1": "none", "c2": "output"}


def test_the_executor_follows_the_policy_and_nothing_else() -> None:
    tasks, facts = graph(v="SELECT a, b FROM t", w="SELECT * FROM v")
    policy = compile_policy(tasks, facts, frozenset({"w"}), {})
    sql = {"v": "SELECT a, b FROM t", "w": "SELECT * FROM v"}
    rows = pa.table({"a": [1, 2], "b": [3, 4]}, schema=SCHEMA)

    def run(decisions: object) -> list[str]:
        ctx = session(policy.session)
        register(ctx, "t", rows)
        return sorted(execute(ctx, tasks, sql, {"v": SCHEMA, "w": SCHEMA}, decisions))

    assert run(policy.cache) == ["w"]
    kept = msgspec.structs.replace(policy.cache["v"], value="output")
    assert run({**policy.cache, "v": kept}) == ["v", "w"]


def test_the_fingerprint_is_that_of_its_sections() -> None:
    one = compile_graph(evidence_schemas()).policy
    two = compile_graph(evidence_schemas()).policy
    assert one == two
    tasks, facts = graph(v="SELECT a, b FROM t")
    as_output = compile_policy(tasks, facts, frozenset({"v"}), {})
    as_view = compile_policy(tasks, facts, frozenset(), {})
    assert as_output.fingerprint != as_view.fingerprint
