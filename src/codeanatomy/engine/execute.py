"""Running the tasks of a schedule on one execution, as the policy says: ready ones at once as far
as the memory goes."""

import contextvars
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from functools import partial
from graphlib import TopologicalSorter
from pathlib import Path
from typing import TypeAlias

import msgspec
import pyarrow as pa
import pyarrow.parquet as pq
from datafusion import DataFrame

from codeanatomy.engine.border import engine_errors
from codeanatomy.engine.content import in_order
from codeanatomy.engine.events import Events
from codeanatomy.engine.execution import Execution
from codeanatomy.engine.pruning import pruning
from codeanatomy.engine.serialised import frame_of
from codeanatomy.engine.session import register
from codeanatomy.facts.errors import EngineError
from codeanatomy.planning.policy import ExecutionPolicy
from codeanatomy.planning.schedule import Schedule
from codeanatomy.planning.tasks import Task

Rows: TypeAlias = pa.Table | Path  # in memory, or staged on disk


def execute(
    execution: Execution,
    tasks: Sequence[Task],
    *,
    plans: Mapping[str, bytes],
    schemas: Mapping[str, pa.Schema],
    policy: ExecutionPolicy,
    planned: Schedule,
    events: Events,
) -> dict[str, pa.Table]:
    """The output tables, sorted as the policy says. Views that it keeps are run once, the others
    become part of the plans that read them; what no later task reads leaves the session at once.

    Raises EngineError naming the task that failed, after those beside it have ended."""
    run = _Run(execution.passes("executor"), tasks, policy, events)
    views = {task.view for task in tasks}
    order = {one.view: one for one in planned.tasks}
    events("planned", "run", tasks=len(order))
    waiting = TopologicalSorter({t.view: [r for r in t.reads if r in views] for t in tasks})
    waiting.prepare()
    ready: list[str] = []
    running: dict[Future[Rows], str] = {}
    held = planned.held
    with (
        tempfile.TemporaryDirectory(dir=execution.locations.get("staging")) as folder,
        ThreadPoolExecutor(max(1, planned.machine.cores), "task") as pool,
    ):
        while waiting.is_active():
            while fresh := waiting.get_ready():
                for view in fresh:
                    if run.cache[view] != "none":
                        ready.append(view)
                        continue
                    with engine_errors(f"view {view}"):  # those that are not kept are plans only
                        frame = frame_of(plans[view], execution.session)
                        execution.session.register_view(view, frame)
                    run.release(view)
                    waiting.done(view)
            ready.sort(key=lambda view: order[view].order)
            while ready:
                busy = [order[view].needs for view in running.values()]
                if not planned.admits(held, busy, order[ready[0]].needs):
                    break
                view = ready.pop(0)
                with engine_errors(f"view {view}"):
                    frame = frame_of(plans[view], execution.session)
                run.release(view)
                work = contextvars.copy_context()
                made = partial(_made, run, view, frame, schemas[view], Path(folder))
                running[pool.submit(work.run, made)] = view
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in sorted(done, key=lambda f: order[running[f]].order):
                view = running.pop(future)
                run.keep(view, future.result(), schemas[view])
                held += order[view].bytes
                waiting.done(view)
    return run.outputs


class _Run:
    """What one run of the tasks has made, and who still reads what."""

    def __init__(
        self, execution: Execution, tasks: Sequence[Task], policy: ExecutionPolicy, events: Events
    ) -> None:
        self.execution = execution
        self.events = events
        self.cache = policy.section("cache")
        self.sort = policy.listed("output")
        self.measured = policy.section("diagnostics").get("operators") == "on"
        self.outputs: dict[str, pa.Table] = {}
        self._reads = {task.view: tuple(task.reads) for task in tasks}
        self._readers = Counter(read for task in tasks for read in task.reads)

    def release(self, view: str) -> None:
        """Let go, once the view is planned, of what nobody else will read."""
        for read in self._reads[view]:
            self._readers[read] -= 1
            if not self._readers[read]:
                self.execution.session.deregister_table(read)

    def keep(self, view: str, rows: Rows, schema: pa.Schema) -> None:
        """Make the rows readable to later tasks, and an output's ours."""
        if isinstance(rows, Path):
            self.execution.passes("staging").session.register_parquet(view, rows, schema=schema)
            return
        if self._readers[view]:
            register(self.execution.session, view, rows)
        if self.cache[view] == "output":
            self.outputs[view] = rows


def _made(run: _Run, view: str, frame: DataFrame, schema: pa.Schema, folder: Path) -> Rows:
    """The rows of one view, where the policy wants them."""
    run.execution.passes("worker")
    run.events("started", view)
    try:
        with engine_errors(f"view {view}"):
            rows, numbers = _kept(run, view, frame, schema, folder)
    except EngineError:
        run.events("failed", view)
        raise
    run.events("finished", view, **numbers)
    return rows


def _kept(
    run: _Run, view: str, frame: DataFrame, schema: pa.Schema, folder: Path
) -> tuple[Rows, dict[str, float]]:
    """The rows, and what they took: rows, bytes, milliseconds, and what scans left unread."""
    began = time.perf_counter()
    if run.cache[view] == "staging":
        rows: Rows = folder / f"{view}.parquet"
        count = _staged(frame, schema, rows)
        size = rows.stat().st_size
    else:
        made = [_rows(frame, schema)]
        count, size = made[0].num_rows, made[0].nbytes
        # popped, so that unsorted columns are let go one by one
        keys = run.sort.get(view) if run.cache[view] == "output" else None
        rows = in_order(made.pop(), keys) if keys else made.pop()
    took = 1000 * (time.perf_counter() - began)
    numbers = {"rows": count, "bytes": size, "milliseconds": took}
    if run.measured:
        left = msgspec.to_builtins(pruning(frame.execution_plan()))
        numbers |= {f"pruning {name}": number for name, number in left.items()}
    return rows, numbers


def _staged(frame: DataFrame, schema: pa.Schema, file: Path) -> int:
    """The frame's rows in a file, batch by batch; how many there are."""
    count = 0
    with pq.ParquetWriter(file, schema, compression="lz4") as writer:
        for batch in frame.execute_stream():
            table = _coded(pa.Table.from_batches([batch.to_pyarrow()]).cast(schema))
            writer.write_table(table)
            count += table.num_rows
    return count


def _rows(frame: DataFrame, schema: pa.Schema) -> pa.Table:
    """The frame's rows, partition after partition: a projection keeps the order it reads."""
    batches = [batch for part in frame.collect_partitioned() for batch in part]
    return _coded(pa.Table.from_batches(batches, frame.schema()).cast(schema))


def _coded(table: pa.Table) -> pa.Table:
    """The table with nulls of dictionary columns as nulls: the engine's casts put a null among the
    dictionary's values, which Arrow then cannot unify."""
    for i, field in enumerate(table.schema):
        if pa.types.is_dictionary(field.type) and any(
            chunk.dictionary.null_count for chunk in table.column(i).chunks
        ):
            texts = table.column(i).cast(field.type.value_type)
            table = table.set_column(i, field, texts.dictionary_encode().cast(field.type))
    return table
