"""A DataFusion session that runs with exactly the settings it was given, and its Arrow tables."""

from collections.abc import Mapping

import pyarrow as pa
from datafusion import SessionConfig, SessionContext

from codeanatomy.engine.border import engine_errors
from codeanatomy.facts.errors import EngineError


def session(settings: Mapping[str, str | int | bool]) -> SessionContext:
    """A session with these settings, applied and read back; EngineError for one that is not."""
    ctx = SessionContext(SessionConfig().with_information_schema(True))
    texts = {k: str(v).lower() if isinstance(v, bool) else str(v) for k, v in settings.items()}
    for key, text in texts.items():
        with engine_errors(f"setting {key}"):
            ctx.sql(f"SET {key} = '{text}'")
    found = settings_of(ctx) if settings else {}
    for key, text in texts.items():
        held = found.get(key)
        if held is None or held.lower() != text.lower():
            raise EngineError(f"setting {key}: set to {text!r} but the engine holds {held!r}")
    return ctx


def settings_of(ctx: SessionContext) -> dict[str, str | None]:
    """All settings in force, sorted by name."""
    rows = ctx.sql("SELECT name, value FROM information_schema.df_settings ORDER BY name")
    return dict(zip(*rows.to_pydict().values(), strict=True))


def register(ctx: SessionContext, name: str, table: pa.Table, partitions: int = 2) -> None:
    """Registers an Arrow table, cut so that every partition has something to do; for one partition
    as it is."""
    cut_up = table.to_batches(max_chunksize=1 << 17 if partitions > 1 else max(1, len(table)))
    batches = cut_up or [pa.RecordBatch.from_pylist([], table.schema)]
    cut = -(-len(batches) // partitions)
    ctx.register_record_batches(name, [batches[i : i + cut] for i in range(0, len(batches), cut)])
