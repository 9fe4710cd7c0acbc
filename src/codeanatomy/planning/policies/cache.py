"""Where a view's rows are kept: nowhere, in memory, or as a final table."""

from codeanatomy.planning.tasks import Decision, Task
from codeanatomy.plans.facts import PlanFacts

VALUES = ("output", "memory", "none")
COSTLY = ("Aggregate", "Join", "Sort", "WindowExpr")  # kinds of plan nodes


def decide(task: Task, facts: PlanFacts, output: bool) -> Decision:
    """output for final tables; memory for costly views that several read; none for the rest.

    A view without joins, aggregates, windows or sorts is a projection: running it once per
    consumer, over the few columns that each needs, costs less than keeping all of its columns.
    """
    work = sum(facts.nodes.get(kind, 0) for kind in COSTLY)
    readers = len(task.consumers)
    value, reason = "none", "one view reads it"
    if output:
        value, reason = "output", "declared as a final table"
    elif readers > 1 and work:
        value, reason = "memory", f"{readers} views read it and it costs {work} operators"
    elif readers > 1:
        value, reason = "none", "several views read it, but it only projects"
    return Decision(
        subject=task.view,
        value=value,
        reason=reason,
        evidence={"consumers": readers, "costly operators": work, "output": output},
        refused=tuple(v for v in VALUES if v != value),
        confidence=1.0 if output or readers < 2 else 0.7,
    )
