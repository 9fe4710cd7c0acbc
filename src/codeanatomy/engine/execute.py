"""Running the tasks of a policy, in order, on one session."""

from collections.abc import Mapping, Sequence

import pyarrow as pa
from datafusion import SessionContext

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
    are run once; the others become part of the plans that read them. Raises EngineError naming the
    task that failed."""
    outputs: dict[str, pa.Table] = {}
    for task in tasks:
        with engine_errors(f"view {task.view}"):
            frame = ctx.sql(sql[task.view])
            kept = cache[task.view].value
            if kept == "none":
                ctx.register_view(task.view, frame)
                continue
            # partition after partition: a projection keeps the order it reads
            batches = [batch for part in frame.collect_partitioned() for batch in part]
            table = pa.Table.from_batches(batches, frame.schema())
            table = _coded(table.cast(schemas[task.view]))
            if kept == "output" and sort:
                table = in_order(table, sort[task.view])
            register(ctx, task.view, table)
        if kept == "output":
            outputs[task.view] = table
    return outputs


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
