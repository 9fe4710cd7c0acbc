"""All that the rest of the system knows about a view's plan, read off the plan.

Its grain says whether its rows for one file depend on that file alone, and if not, on what.
"""

import re
from collections.abc import Mapping, Sequence

import datafusion
import msgspec
import pyarrow as pa
from datafusion import DataFrame, SessionConfig, SessionContext

from codeanatomy.facts.canonical import fingerprint
from codeanatomy.facts.schema import columns_of, semantic_type
from codeanatomy.facts.types import FILE
from codeanatomy.plans.expressions import calls
from codeanatomy.plans.reach import ALL, All, Col, Path, cost, show
from codeanatomy.plans.relation import Column, Leaf, Notes, Relation, Source
from codeanatomy.plans.walk import walk

_SCAN = re.compile(r"TableScan: (\S+)")
_VOLATILE = {"current_date", "current_time", "now", "random", "uuid"}  # the engine does not tell
RESULT_SETTINGS = (  # all others change how fast an answer comes, or are visible in the plan's text
    "datafusion.execution.enable_ansi_mode",
    "datafusion.execution.time_zone",
)
_Owner = tuple[bool, Sequence[str]]  # grained by file; columns that name it, all equally well


class Grain(msgspec.Struct, frozen=True):
    """How changed input rows reach output rows, measured in values of the output column `column`.

    `kind`: `local` (rows of a file depend on that file's rows only), `coupled` (on other files
    through keys), `keyed` (maintained per value of another column), `global` (any change may touch
    any row), `free` (reads no table that is grained by file). It is relative to the inputs;
    `absolute` takes in how the inputs themselves came about.

    `also`: other columns that name the file as well (the node of a file has its id as its own).

    `paths`: the reach path of each leaf, in order; its hops tell the coupling keys.
    """

    kind: str
    column: str | None
    reason: str
    also: tuple[str, ...] = ()
    paths: tuple[Path, ...] = ()
    absolute: str = ""


class PlanFacts(msgspec.Struct, frozen=True):
    """What is known of one plan; columns of tables are written `table.column`.

    `tables`: the columns required per table, sorted. `lineage`: per output column, in their order,
    the base columns that its values are computed from. `influence`: the base columns that decide
    which rows there are. An output column can change only if a base column of the two changes.

    `functions`: scalar, aggregate and window functions by the names that the engine has them under,
    those too that the optimiser folds. `joins`: type and equal keys of each. `sorts`: keys.
    `filters`: those next to the scans of each table. `slow_distinct`: distinct values are counted
    beside another aggregate; the engine takes thirty times as long as for grouping twice.

    `opaque`: what the walk did not understand; it was taken to depend on every input. `nodes`: plan
    nodes by kind.

    `fingerprint`: plans with one fingerprint give equal rows for equal inputs. 32 hex digits over
    the optimised plan's text and what the text leaves out; names, types and semantic types of the
    required columns; the engine's version; the settings that change results. Left out: unused
    columns, other tables, data, table versions. Neither the text nor the bindings show
    `preserve_nulls` of the DataFrame's `unnest_columns`; unnest in SQL instead.
    """

    tables: dict[str, tuple[str, ...]]
    leaves: tuple[Leaf, ...]
    lineage: dict[str, tuple[str, ...]]
    influence: tuple[str, ...]
    functions: tuple[str, ...]
    joins: tuple[tuple[str, ...], ...]
    sorts: tuple[str, ...]
    filters: dict[str, tuple[str, ...]]
    slow_distinct: bool
    grain: Grain
    opaque: tuple[str, ...]
    nodes: dict[str, int]
    fingerprint: str


def planning_session(schemas: Mapping[str, pa.Schema]) -> SessionContext:
    """A session in which each name is an empty table with its schema, field metadata included.

    Tables and views are stubs, so plans are one view deep. They are optimised in one pass: further
    ones take a sixth of that time to simplify a few conditions, and change no lineage or grain.
    """
    ctx = SessionContext(SessionConfig().set("datafusion.optimizer.max_passes", "1"))
    for name, schema in schemas.items():
        ctx.register_record_batches(name, [[pa.RecordBatch.from_pylist([], schema=schema)]])
    return ctx


def tables_read(df: DataFrame) -> tuple[str, ...]:
    """The tables that a plan over stubs names, sorted; not optimised, so that it costs little."""
    return tuple(sorted({*_SCAN.findall(df.logical_plan().display_indent())}))


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
    functions = notes.functions | calls(df.logical_plan().display_indent())
    volatile = sorted(functions & _VOLATILE)
    if volatile:
        found = _no_grain(notes, f"{', '.join(volatile)}: another answer each time")
    else:
        found = _grain(relation, names, notes, upstream or {})
    lineage: dict[str, set[Source]] = {}
    for name, column in zip(names, relation.columns, strict=True):
        lineage.setdefault(name, set()).update(column.sources)
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
        tables=tables,
        leaves=tuple(notes.leaves),
        lineage={name: notes.texts(sources) for name, sources in lineage.items()},
        influence=notes.texts(notes.influence),
        functions=tuple(sorted(functions)),
        joins=tuple(notes.joins),
        sorts=tuple(notes.sorts),
        filters={t: tuple(dict.fromkeys(notes.filters.get(t, ()))) for t in tables},
        slow_distinct=notes.slow_distinct,
        grain=found,
        opaque=tuple(dict.fromkeys(notes.opaque)),
        nodes=dict(sorted(notes.nodes.items())),
        fingerprint=fingerprint(printed),
    )


def _column(field: pa.Field) -> tuple[str, str, str]:
    meaning = semantic_type(field)
    return field.name, str(field.type), meaning.name if meaning else ""


def _grain(
    relation: Relation, names: Sequence[str], notes: Notes, upstream: Mapping[str, Grain]
) -> Grain:
    """The grain of a walked plan, taken from the output column that tells most.

    The file of a leaf's rows is the column that `upstream` found for a view, and for any other
    table its one column of type `file.owner` that cannot be NULL. A `file.ref` names another file
    and never counts.
    """
    leaves = notes.leaves
    owners = [_owner(leaf, notes.schemas[leaf.table], upstream) for leaf in leaves]
    read = sorted(relation.leaves)
    filed = [n for n in read if owners[n][0]]
    if not filed:
        return _no_grain(notes, "reads no table grained by file", "free")
    found = []
    for i, column in enumerate(relation.columns):
        kind = _kind(column, filed, owners)
        if kind is not None:
            price = sum(cost(path) for path in (column.reach or {}).values())
            found.append((("local", "coupled", "keyed").index(kind), price, i, kind))
    if not found:
        return _no_grain(notes, _why_global(relation, names, filed, notes))
    rank, _, i, kind = min(found)
    column = relation.columns[i]
    reach = column.reach or {}
    equals = [
        names[j]
        for r, _, j, _ in found
        if r == rank and j != i and (kind == "local" or relation.columns[j].direct == column.direct)
    ]
    tables = [leaf.table for leaf in leaves]
    parts = [f"{tables[n]}#{n}: {show(reach[n], tables)}" for n in read]
    # a local view over inputs coupled to other files is coupled, seen from the sources
    spread = any(upstream[t].absolute not in ("local", "free") for t in tables if t in upstream)
    return Grain(
        kind,
        names[i],
        "; ".join(parts),
        () if kind == "keyed" else tuple(equals),
        tuple(reach.get(n, ALL) for n in range(len(leaves))),
        "coupled" if kind == "local" and spread else kind,
    )


def _no_grain(notes: Notes, why: str, kind: str = "global") -> Grain:
    """The grain of a plan in which any change may touch any row."""
    return Grain(kind, None, why, paths=tuple(ALL for _ in notes.leaves), absolute=kind)


def _owner(leaf: Leaf, schema: pa.Schema, upstream: Mapping[str, Grain]) -> _Owner:
    above = upstream.get(leaf.table)
    if above is not None:
        filed = above.kind in ("local", "coupled") and above.column is not None
        return above.kind != "free", (above.column or "", *above.also) if filed else ()
    every = columns_of(schema, FILE)
    found = [c for c in every if not schema.field(c).nullable]
    return bool(every), found if len(found) == 1 else ()


def _kind(column: Column, filed: Sequence[int], owners: Sequence[_Owner]) -> str | None:
    """What the column tells about changes of the leaves grained by file; None for nothing."""
    if column.reach is None:
        return None
    paths = [column.reach[n] for n in filed]
    if any(isinstance(p, All) for p in paths):
        return None
    if all(any(p == Col((c,)) for c in owners[n][1]) for n, p in zip(filed, paths, strict=True)):
        return "local"
    if column.direct and all(c in owners[n][1] for n, c in column.direct.items()):
        return "coupled"
    return "keyed"


def _why_global(
    relation: Relation, names: Sequence[str], filed: Sequence[int], notes: Notes
) -> str:
    """The leaves that the closest column does not reach, and where reach was lost."""
    missing = [
        (sum(isinstance(column.reach[n], All) for n in filed), i)
        for i, column in enumerate(relation.columns)
        if column.reach is not None
    ]
    text = "no output column keeps a file or key"
    if missing:
        _, i = min(missing)
        reach = relation.columns[i].reach or {}
        wide = [f"{notes.leaves[n].table}#{n}" for n in filed if isinstance(reach[n], All)]
        text = f"a change of {', '.join(wide)} may touch any value of {names[i]}"
    return f"{text} ({'; '.join(dict.fromkeys(notes.lost))})" if notes.lost else text
