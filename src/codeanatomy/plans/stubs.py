"""A session for planning only: tables and views are empty stubs, so plans are one view deep."""

from collections.abc import Mapping

import pyarrow as pa
from datafusion import SessionContext


def planning_session(schemas: Mapping[str, pa.Schema]) -> SessionContext:
    """A session in which each name is an empty table with its schema, field metadata included."""
    ctx = SessionContext()
    for name, schema in schemas.items():
        ctx.register_record_batches(name, [[pa.RecordBatch.from_pylist([], schema=schema)]])
    return ctx
