"""Workload classes: for what a session is used, and the engine's settings that follow."""

from collections.abc import Mapping

from codeanatomy.facts.errors import UsageError
from codeanatomy.facts.tables.artifacts import Decision

WORKLOAD = "workload"
BATCH, UPDATE = "batch_ingest", "incremental_update"
QUERY, REPLAY = "interactive_query", "compile_replay"
_COMMON = {"datafusion.execution.collect_statistics": "false"}  # rows are counted already
_WRITES = {
    **_COMMON,
    "datafusion.execution.batch_size": "65536",  # few, long batches: columns, not rows
    "datafusion.sql_parser.enable_ident_normalization": "false",  # names stay as declared
}
PROFILES: Mapping[str, Mapping[str, str]] = {
    BATCH: _WRITES,
    UPDATE: _WRITES,
    QUERY: {
        **_COMMON,  # and joins stay in the order written
        "datafusion.execution.parquet.pushdown_filters": "true",  # look-ups read few rows
    },
    REPLAY: {
        **_WRITES,
        "datafusion.execution.target_partitions": "1",  # measured without neighbours
    },
}
_FEW = 0.3  # share of files above which a change costs no less than a build from nothing


def classify(files: int = 0, changed: int = 0, stored: bool = False) -> Decision:
    """The class of a build by what it finds: files in all, files that were read anew, and whether
    there is a graph already. Questions are always of the class `interactive_query`."""
    numbers = {"files in all": float(files), "changed": float(changed), "stored": float(stored)}
    value = BATCH
    if stored and changed <= _FEW * files:
        value, reason = UPDATE, f"{changed} of {files} files changed since the last graph"
    elif stored:
        reason = f"{changed} of {files} files changed: as much work as anew"
    else:
        reason = "there is no graph yet"
    return _decision(value, reason, numbers)


def named(value: str) -> Decision:
    """The class of that name, chosen by hand; UsageError where there is none."""
    if value not in PROFILES:
        raise UsageError(f"no workload class {value!r}; there are {', '.join(PROFILES)}")
    return _decision(value, "chosen by hand", {})


def _decision(value: str, reason: str, numbers: dict[str, float]) -> Decision:
    return Decision(
        section=WORKLOAD,
        subject="run",
        value=value,
        reason=reason,
        evidence=numbers,
        refused=tuple(name for name in PROFILES if name != value),
    )
