"""What the last run measured, for those who plan the next one."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.parquet as pq

from codeanatomy.engine.manifest import Snapshot
from codeanatomy.facts.authority import aligned, authority
from codeanatomy.facts.errors import StoreError
from codeanatomy.facts.schema import schema_from_struct
from codeanatomy.facts.tables.artifacts import Measurement
from codeanatomy.planning.estimate import Past, Size

MEASUREMENTS = "measurements"
Numbers = Mapping[tuple[str, str], dict[str, float]]  # by scope and subject


def past(measured: Numbers) -> dict[str, Past]:
    """What each task made and took, and what it rested on."""
    return {
        view: Past(expected["base_rows"], task["rows"], task["bytes"], task["milliseconds"])
        for (scope, view), task in measured.items()
        if scope == "task" and (expected := measured.get(("estimate", view))) is not None
    }


def sizes_of(measured: Numbers) -> dict[str, Size]:
    """Rows and bytes of each table of evidence."""
    return {
        name: Size(int(table["rows"]), int(table["bytes"]))
        for (scope, name), table in measured.items()
        if scope == "table"
    }


def rows(snapshot: Snapshot, name: str) -> pa.Table:
    """A stored table, whole; StoreError where a file of it is damaged."""
    files = [snapshot.directory(name) / file for file in snapshot.tables[name].files]
    try:
        return pa.concat_tables(map(pq.read_table, files))
    except (OSError, pa.ArrowInvalid) as error:
        raise StoreError(f"table {name} cannot be read ({error}); build again") from error


def measured(snapshot: Snapshot | None) -> Numbers:
    """What was measured when the snapshot was made; nothing where an older version stored other
    things, or there is none."""
    if snapshot is None or MEASUREMENTS not in snapshot.tables:
        return {}
    stored, wanted = rows(snapshot, MEASUREMENTS), schema_from_struct(Measurement)
    told = authority(MEASUREMENTS, observed=stored.schema, contract=wanted)
    if any(finding.severity == "error" for finding in told.findings):
        return {}
    found: dict[tuple[str, str], dict[str, float]] = {}
    columns = aligned(stored, wanted).to_pydict().values()
    for scope, subject, what, value in zip(*columns, strict=True):
        found.setdefault((scope, subject), {})[what] = value
    return found
