"""Tasks and plans of SQL views over two small tables, and the signals made of them."""

import pyarrow as pa

from codeanatomy.engine.serialised import serialised
from codeanatomy.facts.tables.artifacts import Decision
from codeanatomy.planning.signals import Signals
from codeanatomy.planning.tasks import task_graph
from codeanatomy.planning.workload import classify
from codeanatomy.plans.facts import plan_facts, planning_session

SCHEMA = pa.schema([("a", pa.int64()), ("b", pa.int64())])
ROWS = pa.table({"a": [1, 2], "b": [4, 3]}, schema=SCHEMA)
# j is costly and read twice, p only projects, w and x are final tables
VIEWS = {
    "j": "SELECT t.a, u.b FROM t JOIN u ON t.a = u.a",
    "p": "SELECT a, b FROM t",
    "w": "SELECT j.a, abs(p.b) AS b FROM j JOIN p ON j.a = p.a",
    "x": "SELECT j.b AS a, p.b FROM j JOIN p ON j.a = p.a",
}
_STUBS = planning_session({"t": SCHEMA, "u": SCHEMA, **dict.fromkeys(VIEWS, SCHEMA)})
PLANS = {view: serialised(_STUBS.sql(sql), _STUBS) for view, sql in VIEWS.items()}
OUTPUTS = {"w": ("b",), "x": ("a",)}


def signals(
    views: dict[str, str] = VIEWS,
    outputs: dict[str, tuple[str, ...]] = OUTPUTS,
    workload: Decision | None = None,
    **more: object,
) -> Signals:
    """What is known of these views over the tables t and u."""
    names = {"t": SCHEMA, "u": SCHEMA, **dict.fromkeys(views, SCHEMA)}
    ctx = planning_session(names)
    facts = {v: plan_facts(ctx.sql(sql), names) for v, sql in views.items()}
    return Signals(
        tasks=task_graph(facts, frozenset({"t", "u"})),
        facts=facts,
        schemas=dict.fromkeys(views, SCHEMA),
        outputs=outputs,
        workload=workload or classify(),
        **more,
    )
