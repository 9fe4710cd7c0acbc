"""What scans left unread, from the counters of plans that have run."""

import re

import msgspec
from datafusion import ExecutionPlan

_MATCHED = re.compile(r"(\d+) total → (\d+) matched")
_PREDICATE = re.compile(r"[, ]predicate=(.*?)(?:, pruning_predicate=|, required_guarantees=|$)")
_COUNTERS = {  # the engine's names
    "files_ranges_pruned_statistics": "file_ranges",
    "row_groups_pruned_statistics": "row_groups",
    "page_index_pages_pruned": "pages",
}


class Pruning(msgspec.Struct):
    """Ranges of files, row groups and pages that scans had before them and that they kept; bytes
    that they read; filters that were pushed into them. Tables in memory count nothing: then there
    are no statistics, and all of it is 0."""

    file_ranges: int = 0
    file_ranges_kept: int = 0
    row_groups: int = 0
    row_groups_kept: int = 0
    pages: int = 0
    pages_kept: int = 0
    bytes: int = 0
    filters: int = 0
    statistics_available: bool = False

    def __str__(self) -> str:
        """What was read, for people; empty where nothing was counted."""
        counted = f"{self.row_groups_kept} of {self.row_groups} row groups read"
        return counted if self.row_groups else ""


def pruning(plan: ExecutionPlan) -> Pruning:
    """The counters of all scans of a plan that has run, added up."""
    found = Pruning()
    for operator, metrics in plan.collect_metrics():
        if "file_type=parquet" not in operator or metrics is None:
            continue
        found.statistics_available = True
        found.bytes += metrics.sum_by_name("bytes_scanned") or 0
        if predicate := _PREDICATE.search(operator):
            found.filters += predicate[1].count(" AND ") + 1
        for metric in metrics.metrics():
            # the bindings show the two halves of these as text only
            if metric.name in _COUNTERS and (halves := _MATCHED.search(repr(metric))):
                name = _COUNTERS[metric.name]
                setattr(found, name, getattr(found, name) + int(halves[1]))
                setattr(found, f"{name}_kept", getattr(found, f"{name}_kept") + int(halves[2]))
    return found
