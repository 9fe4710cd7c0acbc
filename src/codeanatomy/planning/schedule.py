"""In which order tasks run, which of them at once, and how much memory that takes at most."""

from collections.abc import Mapping, Sequence

import msgspec

from codeanatomy.planning.estimate import Estimate
from codeanatomy.planning.signals import Machine
from codeanatomy.planning.tasks import Task

_COPIES = 2  # a result, and the sorted or encoded copy that takes its place
_PER_ROW_READ = 8  # bytes of hash tables, buffers and batches on their way
_PER_TASK, _ENGINE = 8 << 20, 128 << 20  # threads and plans of a task; of the engine and the store


class Scheduled(msgspec.Struct, frozen=True):
    """One task that makes rows, in the order in which tasks start when they are ready.

    `bottom_level`: milliseconds from its start to the end of all that waits for it; `slack`: by how
    much it may start later without delaying the run; `needs`: bytes while it runs; `bytes`: what it
    makes and keeps to the end of the run; `base_rows`: rows of the tables that it rests on.
    """

    view: str
    order: int
    generation: int
    milliseconds: float
    bottom_level: float
    slack: float
    critical: bool
    needs: int
    bytes: int
    rows: int
    base_rows: int


class Schedule(msgspec.Struct, frozen=True):
    """The tasks, the critical path, and what is expected of the run: milliseconds with nothing to
    wait for but inputs, and bytes of the process at its peak, which is an upper bound. Nothing is
    counted as given back: allocators keep what they were given."""

    tasks: tuple[Scheduled, ...]
    critical_path: tuple[str, ...]
    milliseconds: float
    peak: int
    held: int  # bytes before the first task
    machine: Machine

    def admits(self, held: int, running: Sequence[int], needs: int) -> bool:
        """Whether a task may start beside those that run: within the memory, and the peak that one
        task after the other would have anyway. Alone it always may."""
        most = min(self.peak, self.machine.memory or self.peak)
        free = len(running) < self.machine.cores and held + sum(running) + needs <= most
        return free or not running


def schedule(
    tasks: Sequence[Task],
    expected: Mapping[str, Estimate],
    cache: Mapping[str, str],
    machine: Machine,
) -> Schedule:
    """The schedule of all tasks whose rows are kept; the others are part of those that read them.

    `cache` says where each view is kept, `tasks` are in an order in which they could run.
    """
    waits: dict[str, set[str]] = {}  # view -> kept views that it needs, directly or through others
    took: dict[str, float] = {}
    read: dict[str, int] = {}
    for task in tasks:
        inlined = [r for r in task.reads if r in took and cache[r] == "none"]
        own = {r for r in task.reads if r in took and cache[r] != "none"}
        waits[task.view] = own.union(*(waits[r] for r in inlined))
        own_ms, measured = expected[task.view].milliseconds, expected[task.view].basis == "measured"
        took[task.view] = own_ms + (0.0 if measured else sum(took[r] for r in inlined))
        read[task.view] = expected[task.view].rows_read + sum(read[r] for r in inlined)
    kept = [task for task in tasks if cache[task.view] != "none"]
    bottom: dict[str, float] = {}
    for task in reversed(kept):
        after = [bottom[other] for other in bottom if task.view in waits[other]]
        bottom[task.view] = took[task.view] + max(after, default=0.0)
    length = max(bottom.values(), default=0.0)
    start: dict[str, float] = {}
    for task in kept:
        ends = [start[other] + took[other] for other in waits[task.view]]
        start[task.view] = max(ends, default=0.0)
    path = _critical_path([t.view for t in kept], waits, bottom)
    slack = {t.view: max(0.0, length - start[t.view] - bottom[t.view]) for t in kept}
    ranked = sorted(kept, key=lambda t: (-bottom[t.view], slack[t.view], t.view))
    begun = held = machine.used + _ENGINE
    peak = 0
    found: list[Scheduled] = []
    for order, task in enumerate(ranked):
        made = expected[task.view].bytes
        one = Scheduled(
            view=task.view,
            order=order,
            generation=task.generation,
            milliseconds=round(took[task.view], 3),
            bottom_level=round(bottom[task.view], 3),
            slack=round(slack[task.view], 3),
            critical=task.view in path,
            needs=_COPIES * made + _PER_ROW_READ * read[task.view] + _PER_TASK,
            bytes=made,
            rows=expected[task.view].rows,
            base_rows=expected[task.view].base_rows,
        )
        found.append(one)
        peak, held = max(peak, held + one.needs), held + one.bytes
    return Schedule(tuple(found), path, round(length, 3), peak, begun, machine)


def _critical_path(
    views: Sequence[str], waits: Mapping[str, set[str]], bottom: Mapping[str, float]
) -> tuple[str, ...]:
    """The tasks that the run cannot end before, first to last; ties go to the earlier name."""
    path: list[str] = []
    ready = [view for view in views if not waits[view]]
    while ready:
        path.append(min(ready, key=lambda view: (-bottom[view], view)))
        ready = [view for view in views if path[-1] in waits[view]]
    return tuple(path)
