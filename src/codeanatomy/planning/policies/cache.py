"""Where a view's rows are kept: nowhere, in memory, on disk until the end, or as a final table."""

from collections.abc import Iterator

from codeanatomy.facts.tables.artifacts import Decision
from codeanatomy.planning.estimate import Estimate
from codeanatomy.planning.signals import Signals
from codeanatomy.planning.tasks import Task
from codeanatomy.planning.tiers import streamed
from codeanatomy.planning.workload import BATCH, UPDATE

VALUES = ("output", "memory", "staging", "none")
COSTLY = ("Aggregate", "Join", "Sort", "WindowExpr")  # kinds of plan nodes
_MEMORY, _DISK = 0.2e-6, 4e-6  # milliseconds per byte to keep and read again


def decide(known: Signals) -> Iterator[Decision]:
    """One decision per view. Kept is what several read and what costs more to make again than to
    keep; in memory as far as that goes, then on disk.

    A view without joins, aggregates, windows or sorts is a projection: running it once per
    consumer, over the few columns that each needs, costs less than keeping all of its columns.
    """
    machine = known.machine
    made = sum(known.estimates[name].bytes for name in known.outputs if name in known.estimates)
    room = machine.memory - machine.used - made if machine.memory is not None else None
    for task in known.tasks:
        decision = _decided(task, known, known.estimates[task.view], room)
        if decision.value == "memory" and room is not None:
            room -= known.estimates[task.view].bytes
        yield decision


def _decided(task: Task, known: Signals, expected: Estimate, room: int | None) -> Decision:
    nodes, readers = known.facts[task.view].nodes, len(task.consumers)
    work = sum(nodes.get(kind, 0) for kind in COSTLY)
    again = expected.milliseconds * max(0, readers - 1)
    keeping = {"memory": _MEMORY * expected.bytes, "staging": _DISK * expected.bytes * readers}
    confidence = 1.0
    if task.view in known.outputs:
        value, reason = "output", "declared as a final table"
    elif readers < 2:
        value, reason = "none", "one view reads it"
    elif not work:
        value, reason, confidence = "none", "several views read it, but it only projects", 0.7
    else:
        fits = room is None or expected.bytes <= room or expected.basis == "unknown"
        on_disk = known.workload.value in (BATCH, UPDATE)
        value = "memory" if fits or not on_disk or not streamed(expected.rows) else "staging"
        reason = f"{readers} views read it and it costs {work} operators"
        confidence = expected.confidence
        if expected.basis != "unknown" and again < keeping[value]:
            value, reason = "none", "it costs less to make again than to keep"
        elif value == "staging":
            reason += ", more than the memory has room for"
    told: dict[str, float] = {"consumers": readers, "costly operators": work, "rows": expected.rows}
    told |= {"bytes": expected.bytes, "milliseconds to make again": round(again, 3)}
    return Decision(
        section="cache",
        subject=task.view,
        value=value,
        reason=reason,
        evidence=told,
        refused=tuple(v for v in VALUES if v != value),
        confidence=confidence,
    )
