"""The artifacts: what a run says of itself, each by name. Those of one shape share a stored table
(a struct of `facts.tables.artifacts`); `codeanatomy show NAME` prints them."""

from typing import NamedTuple


class Artifact(NamedTuple):
    """Rows of one stored table: its name, which rows (SQL), what they say, the columns to print."""

    name: str
    table: str
    where: str
    doc: str
    columns: str = "*"
    order: str = "1, 2"

    @property
    def sql(self) -> str:
        """The query for its rows."""
        return f"SELECT {self.columns} FROM {self.table} WHERE {self.where} ORDER BY {self.order}"


def _decided(section: str, doc: str) -> Artifact:
    columns = "subject, value, confidence, reason, evidence, refused"
    return Artifact(section, "decisions", f"section = '{section}'", doc, columns)


_TIMES = ("seconds", "milliseconds", "bottom_level", "slack")
_SCHEDULE = "order generation milliseconds bottom_level slack critical rows bytes"
_PRUNING = """file_ranges file_ranges_kept row_groups row_groups_kept pages pages_kept bytes filters
statistics_available"""


def _number(scope: str, what: str, name: str) -> str:
    """SQL of one number of a group of measurements: times exact, all others whole."""
    value = f"max(value) FILTER (WHERE scope = '{scope}' AND what = '{what}')"
    whole = f"round({value}, 3)" if what in _TIMES else f"CAST({value} AS BIGINT)"
    return f'{whole} AS "{name}"'


def _pivot(name: str, scope: str, numbers: str, doc: str, order: str = "1") -> Artifact:
    """Measurements of a scope, a row per subject and a column per number."""
    columns = ", ".join(("subject", *(_number(scope, n, n) for n in numbers.split())))
    where = f"scope = '{scope}' GROUP BY subject"
    return Artifact(name, "measurements", where, doc, columns, order)


_OUTCOME = ", ".join(
    _number(scope, what, what + told)
    for what in ("rows", "bytes", "milliseconds")
    for scope, told in (("estimate", " expected"), ("task", ""))
)

_FOUND = "code, severity, subject, message, remedy, confidence"
_ALL = (
    Artifact("policy", "decisions", "true", "every decision of the execution policy"),
    _decided("workload", "for what the engine was set up, and why"),
    _decided("session", "the engine's settings"),
    _decided("cache", "where the rows of each view were kept"),
    _decided("scan", "in how many parts each table of evidence was read"),
    _decided("join", "along which columns views join, and the ways refused"),
    _decided("functions", "the engine's functions that each view needs"),
    _decided("output", "how each final table is sorted"),
    _decided("maintenance", "what was done to the stored tables"),
    _decided("diagnostics", "what was measured"),
    Artifact("validation", "findings", "stage = 'policy'", "objections to the policy", _FOUND),
    Artifact("schemas", "findings", "stage = 'schema'", "tables unlike their declaration", _FOUND),
    Artifact("lineage", "lineage", "true", "the columns that a view's columns and rows come from"),
    _pivot("schedule", "estimate", _SCHEDULE, "the tasks as they were planned", '"order", 1'),
    Artifact("tasks", "measurements", "scope IN ('estimate', 'task') GROUP BY subject",
             "expected and measured, task by task", f"subject, {_OUTCOME}"),
    _pivot("witnesses", "witness", "files rows problems seconds",
           "who was asked: CPU of extractors, wall time of surveys, nothing for cached rows"),
    _pivot("evidence", "table", "rows bytes", "the tables that the views were made from"),
    _pivot("pruning", "pruning", _PRUNING, "what the scans of each view left unread"),
    Artifact("run", "measurements", "scope IN ('run', 'phase')", "seconds and bytes of the run",
             "scope, subject, what, value"),
    Artifact("manifest", "parts", "\"whole\" = 'manifest'", "the views and their plans",
             "name, value AS fingerprint"),
    Artifact("plans", "parts", "\"whole\" = 'plan'", "joins, sorts and filters of each view's plan",
             "name AS view, consequence AS what, value AS text", "1, 2, 3"),
    Artifact("capabilities", "parts", "\"whole\" = 'capability'", "what the engine could do",
             "name, value, consequence"),
)  # fmt: skip
ARTIFACTS = {artifact.name: artifact for artifact in _ALL}
