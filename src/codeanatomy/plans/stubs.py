"""A session for planning only: tables and views are empty stubs, so plans are one view deep."""

from collections.abc import Mapping

import pyarrow as pa
from datafusion import SessionContext

from codeanatomy.facts.errors import PlanError


def planning_session(schemas: Mapping[str, pa.Schema]) -> SessionContext:
    """A session in which each name is an empty table with its schema, field metadata included."""
    ctx = SessionContext()
    for name, schema in schemas.items():
        add_stub(ctx, name, schema)
    return ctx


def add_stub(ctx: SessionContext, name: str, schema: pa.Schema) -> None:
    """Register one more empty table. Raises PlanError when the name is taken."""
    if ctx.table_exist(name):
        raise PlanError(f"there is already a table or view called {name!r}; choose another name")
    empty = pa.RecordBatch.from_pylist([], schema=schema)
    ctx.register_record_batches(name, [[empty]])
