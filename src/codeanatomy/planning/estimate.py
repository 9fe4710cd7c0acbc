"""What each task will make and cost, before it runs: measured in an earlier run of this store and
scaled by what it reads now, else assumed from its plan, else unknown."""

from collections.abc import Mapping, Sequence
from math import ceil, prod

import msgspec
import pyarrow as pa

from codeanatomy.planning.tasks import Task
from codeanatomy.plans.facts import PlanFacts

# microseconds, CPU of two cores of 2026; assumed only until this store has measured its own
_PER_ROW_READ, _PER_ROW_MADE, _TASK = 0.05, 0.15, 1000.0
_PER_ROW_OF = {"Join": 0.1, "Aggregate": 0.3, "WindowExpr": 0.4, "Sort": 0.3}  # plan nodes
_KEPT_BY = {"Filter": 0.25, "Aggregate": 0.25}  # share of the rows, wherever such a node stands
_TEXT, _NESTED = 24, 64  # bytes of a value without a width of its own


class Size(msgspec.Struct, frozen=True):
    """Rows and bytes of a table."""

    rows: int
    bytes: int


class Past(msgspec.Struct, frozen=True):
    """What a task made and took in an earlier run, and rows of evidence that it rested on."""

    base_rows: float
    rows: float
    bytes: float
    milliseconds: float


class Estimate(msgspec.Struct, frozen=True):
    """What a task will read, make and take, and how that is known: measured, assumed, unknown.
    `base_rows`: rows of the tables below it, each as often as it is read."""

    base_rows: int
    rows_read: int
    rows: int
    bytes: int
    milliseconds: float
    basis: str

    @property
    def confidence(self) -> float:
        """How much a decision that rests on this may claim."""
        return {"measured": 0.95, "assumed": 0.7}.get(self.basis, 0.5)


def estimates(
    tasks: Sequence[Task],
    facts: Mapping[str, PlanFacts],
    schemas: Mapping[str, pa.Schema],
    sizes: Mapping[str, Size],
    past: Mapping[str, Past],
) -> dict[str, Estimate]:
    """An estimate per task. `sizes` are those of the evidence; without one nothing is known of the
    tasks that read it."""
    found: dict[str, Estimate] = {}
    rows_of = {name: size.rows for name, size in sizes.items()}  # what is known
    below = dict(rows_of)
    for task in tasks:
        fact = facts[task.view]
        read = [leaf.table for leaf in fact.leaves]
        known = [rows_of[table] for table in read if table in rows_of]
        total, base = sum(known), sum(below.get(table, 0) for table in read)
        below[task.view] = base
        if len(known) < len(read):
            found[task.view] = Estimate(base, total, 0, 0, 0.0, "unknown")
        elif (before := past.get(task.view)) is not None:
            grown = base / before.base_rows if before.base_rows else 1.0
            made = (round(grown * before.rows), round(grown * before.bytes))
            took = grown * before.milliseconds
            rows_of[task.view] = made[0]
            found[task.view] = Estimate(base, total, *made, took, "measured")
        else:
            rows = total if fact.nodes.get("Union") else max(known, default=1)
            rows = ceil(rows * prod(kept for k, kept in _KEPT_BY.items() if k in fact.nodes))
            work = sum(fact.nodes.get(kind, 0) * cost for kind, cost in _PER_ROW_OF.items())
            took = _PER_ROW_READ * total + _PER_ROW_MADE * rows + work * max(known, default=0)
            size = rows * row_bytes(schemas[task.view])
            rows_of[task.view] = rows
            found[task.view] = Estimate(base, total, rows, size, (_TASK + took) / 1000, "assumed")
    return found


def row_bytes(schema: pa.Schema) -> int:
    """Bytes of a row, with texts and nested values as long as they are on average."""

    def width(kind: pa.DataType) -> int:
        if pa.types.is_dictionary(kind):
            return width(kind.index_type)
        if pa.types.is_nested(kind):
            return _NESTED
        return -(-kind.bit_width // 8) if pa.types.is_primitive(kind) else _TEXT

    return sum(width(field.type) for field in schema)
