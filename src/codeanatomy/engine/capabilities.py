"""What this installation and machine can do, probed once, with what follows where it cannot."""

import functools
import importlib.metadata
import importlib.util
import os
import platform
from pathlib import Path

import datafusion
from datafusion import ExecutionPlan, SessionContext

from codeanatomy.engine.memory import memory_limit
from codeanatomy.facts.tables.artifacts import Part

_VERSIONED = ("datafusion", "deltalake", "pyarrow", "numpy", "rustworkx", "msgspec")


@functools.cache
def capabilities() -> tuple[Part, ...]:
    """Name, value and consequence of each capability, the versions first."""
    found = [("python", platform.python_version(), "decides which grammar `ast` reads")]
    found += [(name, importlib.metadata.version(name), "") for name in _VERSIONED]
    found += [
        ("operator metrics", _yes(_metrics()), "without them no run measures what scans left out"),
        ("plan statistics", _yes(hasattr(ExecutionPlan, "statistics")),
         "without them rows are estimated from counts of the evidence and earlier runs"),
        ("proportional memory", _yes(Path("/proc/self/smaps_rollup").exists()),
         "without it the peak is that of one process, not of all"),
        ("processors", str(os.cpu_count()), ""),
        ("memory", f"{(memory_limit() or 0) >> 20} MiB", "what a build may use unless told"),
        ("pandas", _yes(importlib.util.find_spec("pandas") is not None),
         "where it is installed, loading the engine takes twice as long"),
    ]  # fmt: skip
    return tuple(Part("capability", *one) for one in found)


def decisive() -> dict[str, str]:
    """The capabilities that can change what a run gives: versions and what can be measured."""
    kept = ("python", *_VERSIONED, "operator metrics", "plan statistics")
    return {part.name: part.value for part in capabilities() if part.name in kept}


def functions(ctx: SessionContext) -> set[str]:
    """Names of all functions of the session; it must have an information schema."""
    rows = ctx.sql("SELECT DISTINCT routine_name FROM information_schema.routines")
    return set(rows.to_pydict()["routine_name"])


def _yes(found: bool) -> str:
    return "yes" if found else "no"


def _metrics() -> bool:
    """Whether a plan that has run tells what its operators counted."""
    frame = SessionContext().sql("SELECT 1")
    frame.collect()
    plan = frame.execution_plan()
    return hasattr(plan, "collect_metrics") and bool(datafusion.__version__)
