"""All that the rest of the system knows about a view's plan, read off the plan."""

import re
from collections.abc import Mapping

import datafusion
import msgspec
import pyarrow as pa
from datafusion import DataFrame, SessionContext

from codeanatomy.facts.canonical import fingerprint
from codeanatomy.facts.schema import semantic_type
from codeanatomy.plans.grain import Grain, grain, no_grain
from codeanatomy.plans.notes import Aggregate, Join, Leaf, Notes, Sort, Window
from codeanatomy.plans.walk import walk

# Volatility is not exposed; now() and its kin are folded into constants while planning, so the plan
# as written is searched.
_VOLATILE = re.compile(
    r"\b(current_date|current_time|current_timestamp|now|random|today|uuid)\(", re.IGNORECASE
)
RESULT_SETTINGS = (  # all others change how fast an answer comes, or are visible in the plan's text
    "datafusion.execution.enable_ansi_mode",
    "datafusion.execution.time_zone",
)


class PlanFacts(msgspec.Struct, frozen=True):
    """What is known of one plan.

    Columns of tables are written `table.column`; expressions as the engine prints them.

    `tables`: the columns required per table, sorted. `lineage`: per output column the base columns
    that its values are computed from. `influence`: the base columns that decide which rows there
    are. An output column can change only if a column of one of the two changes. `opaque`: what the
    walk did not understand; it was taken to depend on every input. `nodes`: plan nodes by kind.

    `fingerprint`: plans with one fingerprint give equal rows for equal inputs. 32 hex digits over
    the optimised plan's text and what the text leaves out; names, types and semantic types of the
    required columns; the engine's version; the settings that change results. Left out: unused
    columns, other tables, data, table versions. Neither the text nor the bindings show
    `preserve_nulls` of the DataFrame's `unnest_columns`; unnest in SQL instead.
    """

    columns: tuple[str, ...]
    tables: dict[str, tuple[str, ...]]
    leaves: tuple[Leaf, ...]
    joins: tuple[Join, ...]
    aggregates: tuple[Aggregate, ...]
    windows: tuple[Window, ...]
    sorts: tuple[Sort, ...]
    functions: tuple[str, ...]
    volatile: tuple[str, ...]
    slow_distinct: bool
    lineage: dict[str, tuple[str, ...]]
    influence: tuple[str, ...]
    grain: Grain
    opaque: tuple[str, ...]
    nodes: dict[str, int]
    fingerprint: str


def planning_session(schemas: Mapping[str, pa.Schema]) -> SessionContext:
    """A session in which each name is an empty table with its schema, field metadata included.

    Tables and views are stubs, so plans are one view deep.
    """
    ctx = SessionContext()
    for name, schema in schemas.items():
        ctx.register_record_batches(name, [[pa.RecordBatch.from_pylist([], schema=schema)]])
    return ctx


def plan_facts(
    df: DataFrame,
    schemas: Mapping[str, pa.Schema],
    *,
    upstream: Mapping[str, Grain] | None = None,
    settings: Mapping[str, str] | None = None,
) -> PlanFacts:
    """The facts of a plan made over stubs of `schemas` (see `planning_session`).

    `upstream` gives the grain of those stubs that are views; without it a view counts as a table
    whose file is its column of type `file.owner`. `settings` are the session settings under which
    the plan will run.

    Raises PlanError when the plan reads a table that is not among the schemas.
    """
    notes = Notes(schemas)
    plan = df.optimized_logical_plan()
    relation = walk(plan, notes)
    names = tuple(df.schema().names)
    volatile = {m.lower() for m in _VOLATILE.findall(df.logical_plan().display_indent())}
    if volatile:
        found = no_grain(notes, f"{', '.join(sorted(volatile))}: another answer each time")
    else:
        found = grain(relation, names, notes, upstream or {})
    lineage: dict[str, set[str]] = {}
    for name, column in zip(names, relation.columns, strict=True):
        lineage.setdefault(name, set()).update(notes.texts(column.sources))
    required: dict[str, set[str]] = {}
    for leaf in notes.leaves:
        required.setdefault(leaf.table, set()).update(leaf.columns)
    tables = {t: tuple(sorted(required[t])) for t in sorted(required)}
    printed = {
        "plan": plan.display_indent(),
        "unprinted": notes.unprinted,
        "tables": {t: [_column(schemas[t].field(c)) for c in tables[t]] for t in tables},
        "engine": datafusion.__version__,
        "settings": {k: v for k, v in (settings or {}).items() if k in RESULT_SETTINGS},
    }
    return PlanFacts(
        columns=names,
        tables=tables,
        leaves=tuple(notes.leaves),
        joins=tuple(notes.joins),
        aggregates=tuple(notes.aggregates),
        windows=tuple(notes.windows),
        sorts=tuple(notes.sorts),
        functions=tuple(sorted(notes.functions)),
        volatile=tuple(sorted(volatile)),
        slow_distinct=any(a.slow_distinct for a in notes.aggregates),
        lineage={n: tuple(sorted(lineage[n])) for n in lineage},
        influence=notes.texts(notes.influence),
        grain=found,
        opaque=tuple(dict.fromkeys(notes.opaque)),
        nodes=dict(sorted(notes.nodes.items())),
        fingerprint=fingerprint(printed),
    )


def _column(field: pa.Field) -> tuple[str, str, str]:
    meaning = semantic_type(field)
    return field.name, str(field.type), meaning.name if meaning else ""
