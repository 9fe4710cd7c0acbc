"""What this installation and machine can do, probed once, with what follows where it cannot."""

import functools
import importlib.metadata
import importlib.util
import platform
from pathlib import Path

from datafusion import ExecutionPlan, SessionContext

from codeanatomy.engine.memory import memory_limit
from codeanatomy.facts.tables.artifacts import Part

_VERSIONED = ("datafusion", "deltalake", "pyarrow", "numpy", "rustworkx", "msgspec")


@functools.cache
def capabilities() -> tuple[Part, ...]:
    """Name and value of each capability, the versions first; what follows where one is missing."""
    found = [Part("capability", "python", platform.python_version())]
    found += [Part("capability", name, importlib.metadata.version(name)) for name in _VERSIONED]
    for name, there, otherwise in (
        ("operator metrics", hasattr(ExecutionPlan, "collect_metrics"),
         "no run measures what scans left out"),
        ("plan statistics", hasattr(ExecutionPlan, "statistics"),
         "rows are estimated from counts of the evidence and from earlier runs"),
        ("proportional memory", Path("/proc/self/smaps_rollup").exists(),
         "the peak is that of one process, not of all"),
        ("lean imports", importlib.util.find_spec("pandas") is None,
         "pandas is installed: loading the engine takes twice as long"),
    ):  # fmt: skip
        found.append(Part("capability", name, *(("yes",) if there else ("no", otherwise))))
    memory = f"{(memory_limit() or 0) >> 20} MiB"
    return (*found, Part("capability", "memory", memory, "what a build may use unless told"))


def decisive() -> dict[str, str]:
    """The capabilities that can change what a run gives: versions and what can be measured."""
    kept = ("python", *_VERSIONED, "operator metrics", "plan statistics")
    return {part.name: part.value for part in capabilities() if part.name in kept}


def functions(ctx: SessionContext) -> set[str]:
    """Names of all functions of the session; it must have an information schema."""
    rows = ctx.sql("SELECT DISTINCT routine_name FROM information_schema.routines")
    return set(rows.to_pydict()["routine_name"])
