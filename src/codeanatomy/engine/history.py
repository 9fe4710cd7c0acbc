"""What the last run measured, for those who plan the next one."""

from collections.abc import Mapping

import pyarrow as pa
import pyarrow.parquet as pq

from codeanatomy.engine.manifest import Snapshot, schema_of
from codeanatomy.facts.authority import aligned, authority
from codeanatomy.facts.errors import StoreError
from codeanatomy.facts.schema import schema_from_struct
from codeanatomy.facts.tables.artifacts import Measurement
from codeanatomy.planning.estimate import Past, Size

MEASUREMENTS = "measurements"


def past(snapshot: Snapshot) -> dict[str, Past]:
    """What each task read, made and took when the snapshot was made."""
    found = _numbers(snapshot)
    return {
        view: Past(expected["evidence rows"], task["rows"], task["bytes"], task["ms"])
        for (scope, view), task in found.items()
        if scope == "task" and (expected := found.get(("estimate", view))) is not None
    }


def sizes_of(snapshot: Snapshot) -> dict[str, Size]:
    """Rows and bytes of each table of evidence when the snapshot was made."""
    return {
        name: Size(int(table["rows"]), int(table["bytes"]))
        for (scope, name), table in _numbers(snapshot).items()
        if scope == "table"
    }


def _numbers(snapshot: Snapshot) -> Mapping[tuple[str, str], dict[str, float]]:
    """All measurements by scope and subject; none where an older version stored others."""
    if (stored := snapshot.tables.get(MEASUREMENTS)) is None:
        return {}
    wanted = schema_from_struct(Measurement)
    told = authority(MEASUREMENTS, observed=schema_of(stored), struct=wanted)
    if any(finding.severity == "error" for finding in told.findings):
        return {}
    files = [snapshot.directory(MEASUREMENTS) / file for file in stored.files]
    try:
        rows = pa.concat_tables([aligned(pq.read_table(file), wanted) for file in files])
    except (OSError, pa.ArrowInvalid) as error:
        raise StoreError(f"{files[0]} cannot be read ({error}); delete the store") from error
    found: dict[tuple[str, str], dict[str, float]] = {}
    for scope, subject, what, value in zip(*rows.to_pydict().values(), strict=True):
        found.setdefault((scope, subject), {})[what] = value
    return found
