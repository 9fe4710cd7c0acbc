"""Running the tasks of a policy, in order, on one session."""

from collections.abc import Mapping, Sequence

import pyarrow as pa
from datafusion import DataFrame, SessionContext

from codeanatomy.engine.border import engine_errors
from codeanatomy.engine.content import in_order
from codeanatomy.engine.session import register
from codeanatomy.planning.tasks import Decision, Task


def execute(
    ctx: SessionContext,
    tasks: Sequence[Task],
    sql: Mapping[str, str],
    schemas: Mapping[str, pa.Schema],
    cache: Mapping[str, Decision],
    *,
    sort: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, pa.Table]:
    """The output tables, in the order of the columns that `sort` names. Views that the policy keeps
    are run once; the others become part of the plans that read them. What no later task reads
    leaves the session at once. Raises EngineError naming the task that failed."""
    outputs: dict[str, pa.Table] = {}
    last = {read: task.view for task in tasks for read in task.reads}
    for task in tasks:
        kept = cache[task.view].value
        with engine_errors(f"view {task.view}"):
            if kept == "none":
                ctx.register_view(task.view, ctx.sql(sql[task.view]))
            else:
                made = [_rows(ctx.sql(sql[task.view]), schemas[task.view])]
            for read in (read for read in task.reads if last[read] == task.view):
                ctx.deregister_table(read)
            if kept == "none":
                continue
            # popped, so that unsorted columns are let go one by one
            table = (
                in_order(made.pop(), sort[task.view]) if kept == "output" and sort else made.pop()
            )
            register(ctx, task.view, table)
        if kept == "output":
            outputs[task.view] = table
    return outputs


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
