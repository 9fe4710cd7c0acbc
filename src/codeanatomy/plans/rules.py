"""What each kind of plan node makes of its inputs: one rule per kind, in one table at the end.

What the bindings hide is read off the node's text; a node of unknown kind makes every output depend
on every input.
"""

import re
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

from datafusion.expr import Expr
from datafusion.plan import LogicalPlan
from msgspec.structs import replace

from codeanatomy.plans.coupling import joined, partitioned
from codeanatomy.plans.expressions import Place, passed, place, reads, unaliased
from codeanatomy.plans.lineage import Column, Relation, Source, moved, pick, renamed, without_reach
from codeanatomy.plans.notes import Aggregate, Join, JoinKey, Leaf, Notes, Sort, Window

Variant: TypeAlias = Any  # the engine's node classes come without types
Inputs: TypeAlias = Sequence[Relation]
Rule: TypeAlias = Callable[[Variant, LogicalPlan, Inputs, Notes], Relation]

_SAME_VALUE = {"first_value", "last_value", "min", "max"}  # of a group key: that key
_UNNESTED = re.compile(r"^Unnest: lists\[(.*)\] structs\[(.*)\]$", re.DOTALL)


def unknown(variant: Variant, plan: LogicalPlan, inputs: Inputs, notes: Notes) -> Relation:
    """The relation of a node without a rule: every column from every input, no reach."""
    kind = plan.display().split(":")[0].strip()
    notes.opaque.append(f"node {kind}")
    notes.lost.append(f"{kind} is not understood")
    every = frozenset[Source]().union(*(r.every_source() for r in inputs))
    notes.influence |= every
    names = variant.schema().field_names() if hasattr(variant, "schema") else None
    names = names or [c.name for r in inputs for c in r.columns]
    leaves = frozenset[int]().union(*(r.leaves for r in inputs))
    return Relation(tuple(Column(n, every) for n in names), leaves)


def _sources(expr: Expr, relation: Relation, notes: Notes) -> frozenset[Source]:
    return relation.sources(reads(expr, relation, notes))


def _scan(variant: Variant, plan: LogicalPlan, inputs: Inputs, notes: Notes) -> Relation:
    table, names = variant.table_name(), variant.schema().field_names()
    read, every = variant.projection(), enumerate(n.removeprefix(f"{table}.") for n in names)
    columns = dict(every if read is None else read)  # by place in the table
    if table in notes.recursive:
        notes.recursive[table] |= columns
    if variant.fetch() is not None:
        notes.lost.append("limit: any row may decide")
    return notes.scan(Leaf(table, tuple(columns.values()), fetch=variant.fetch()), names)


def _filter(variant: Variant, plan: LogicalPlan, inputs: Inputs, notes: Notes) -> Relation:
    relation = inputs[0]
    predicate = variant.predicate()
    notes.influence |= _sources(predicate, relation, notes)
    leaf = min(relation.leaves, default=-1)
    if len(relation.leaves) == 1 and leaf >= 0 and plan.inputs()[0].display().startswith("Table"):
        old = notes.leaves[leaf]
        notes.leaves[leaf] = replace(old, filters=(*old.filters, predicate.canonical_name()))
    return relation


def _projection(variant: Variant, plan: LogicalPlan, inputs: Inputs, notes: Notes) -> Relation:
    return _project(variant.projections(), variant.schema().field_names(), inputs[0], notes)


def _project(
    exprs: Sequence[Expr], names: Sequence[str], relation: Relation, notes: Notes
) -> Relation:
    """Columns passed on keep what is known of them; computed ones have sources only."""
    columns, where = [], dict[int, int]()
    for i, (expr, name) in enumerate(zip(exprs, names, strict=True)):
        at = place(expr, relation, notes)
        sources = _sources(expr, relation, notes)
        column = passed(at, relation) or Column(name)
        columns.append(replace(column, name=name, sources=sources))
        if isinstance(at, int):
            where.setdefault(at, i)
    return Relation(tuple(columns), relation.leaves, moved(relation, where))


def _aggregate(variant: Variant, plan: LogicalPlan, inputs: Inputs, notes: Notes) -> Relation:
    relation = inputs[0]
    keys, aggregates = variant.group_by_exprs(), variant.aggregate_exprs()
    names = variant.schema().field_names()
    functions = [unaliased(a) for a in aggregates]
    distinct = any(
        f.variant_name() == "AggregateFunction" and f.to_variant().is_distinct() for f in functions
    )
    notes.aggregates.append(
        Aggregate(
            tuple(k.canonical_name() for k in keys),
            tuple(a.canonical_name() for a in aggregates),
            distinct and bool(keys) and len(aggregates) > 1,
        )
    )
    for key in keys:
        notes.influence |= _sources(key, relation, notes)
    if any(k.variant_name() == "GroupingSet" for k in keys):
        notes.lost.append("grouping sets: key columns are NULL in some rows")
        known = {c.name: c.sources for c in relation.columns}
        last = names[len(names) - len(aggregates) :]
        known |= {n: _sources(a, relation, notes) for n, a in zip(last, aggregates, strict=True)}
        of_keys = frozenset[Source]().union(*(_sources(k, relation, notes) for k in keys))
        return Relation(tuple(Column(n, known.get(n, of_keys)) for n in names), relation.leaves)
    grouped = _project(keys, names[: len(keys)], relation, notes)
    if not keys:
        notes.lost.append("an aggregate without group keys reads every row")
    columns = list(grouped.columns)
    places = [place(key, relation, notes) for key in keys]
    kept = dict(zip(reversed(places), reversed(columns), strict=True))  # of equal keys the first
    for name, function, aggregate in zip(names[len(keys) :], functions, aggregates, strict=True):
        same = _same_key(function, kept, relation, notes) or Column(name)
        sources = _sources(aggregate, relation, notes)
        columns.append(replace(same, name=name, sources=sources))
    return Relation(tuple(columns), relation.leaves, grouped.merged)


def _same_key(
    function: Expr, kept: dict[Place | None, Column], relation: Relation, notes: Notes
) -> Column | None:
    """The group key that an aggregate returns unchanged (DISTINCT ON is made of these)."""
    if function.variant_name() != "AggregateFunction":
        return None
    name = function.to_variant().aggregate_type()
    if name not in _SAME_VALUE or " FILTER " in function.canonical_name():
        return None
    at = place(function.rex_call_operands()[0], relation, notes)
    return None if at is None else kept.get(at)


def _window(variant: Variant, plan: LogicalPlan, inputs: Inputs, notes: Notes) -> Relation:
    relation = inputs[0]
    windows, names = variant.get_window_expr(), variant.schema().field_names()
    partitions: dict[tuple[str, ...], list[Column]] = {}
    for window in windows:
        keys = variant.get_partition_exprs(window)
        function = variant.window_func_name(window)
        order = tuple(s.expr().canonical_name() for s in variant.get_sort_exprs(window))
        texts = tuple(k.canonical_name() for k in keys)
        notes.functions.add(function)
        notes.windows.append(Window(function, texts, order))
        found = [passed(place(k, relation, notes), relation) for k in keys]
        partitions[texts] = [c for c in found if c is not None]
        if not partitions[texts]:
            notes.lost.append("a window without a plain partition column reads every row")
    widened = relation
    for key_columns in partitions.values():
        widened = partitioned(widened, key_columns)
    kept = tuple(replace(c, name=n) for c, n in zip(widened.columns, names, strict=False))
    added = tuple(
        Column(n, _sources(w, relation, notes))
        for n, w in zip(names[len(kept) :], windows, strict=True)
    )
    return Relation(kept + added, relation.leaves, widened.merged)


def _join(variant: Variant, plan: LogicalPlan, inputs: Inputs, notes: Notes) -> Relation:
    left, right = inputs
    how = str(variant.join_type())
    null_aware = plan.display().endswith(" null_aware")  # the bindings do not show it
    both = Relation(left.columns + right.columns)
    keys, pairs, sources = [], [], frozenset[Source]()
    for a, b in variant.on():
        of_left, of_right = _sources(a, left, notes), _sources(b, right, notes)
        sources |= of_left | of_right
        keys.append(JoinKey(notes.texts(of_left), notes.texts(of_right)))
        at = place(a, left, notes), place(b, right, notes)
        if isinstance(at[0], int) and isinstance(at[1], int):
            pairs.append((at[0], at[1]))
    predicate = variant.filter()
    if predicate is not None:
        sources |= _sources(predicate, both, notes)
    notes.influence |= sources
    null_equals_null = bool(variant.null_equals_null())
    text = None if predicate is None else predicate.canonical_name()
    notes.joins.append(Join(how, tuple(keys), text, null_aware, null_equals_null))
    notes.unprinted.append(f"null_equals_null={null_equals_null}")
    if null_aware:  # one NULL or an empty right side decides about every row
        notes.lost.append("NOT IN: one NULL decides about every row (NOT EXISTS keeps locality)")
        pairs = []
    elif not pairs:
        notes.lost.append("a join without equal plain columns pairs every row with every row")
    if how == "Full" or (how in ("Left", "Right") and left.leaves and right.leaves):
        notes.lost.append(
            f"a {how.lower()} join pads a side with NULLs, which keeps no file or key"
        )
    every = joined(left, right, how, pairs)
    if how.endswith(("Semi", "Anti", "Mark")):  # these have the columns of one side
        width = len(left.columns)
        one = range(width) if how.startswith("Left") else range(width, len(every.columns))
        every = pick(every, one)
    names = variant.schema().field_names()
    if how.endswith("Mark"):
        mark = Column(names[-1], sources)
        every = replace(every, columns=(*every.columns, mark))
    return renamed(every, names)


def _union(variant: Variant, plan: LogicalPlan, inputs: Inputs, notes: Notes) -> Relation:
    leaves = frozenset[int]().union(*(b.leaves for b in inputs))
    columns = []
    for name, *parts in zip(
        variant.schema().field_names(), *(b.columns for b in inputs), strict=True
    ):
        sources = frozenset[Source]().union(*(c.sources for c in parts))
        if any(c.reach is None and b.leaves for c, b in zip(parts, inputs, strict=True)):
            columns.append(Column(name, sources))
            continue
        reach = {n: p for c in parts for n, p in (c.reach or {}).items()}
        direct = {n: d for c in parts for n, d in c.direct.items()}
        whole = all(c.direct for c in parts)  # a branch of constants is owned by no leaf
        columns.append(Column(name, sources, direct if whole else {}, reach))
    return Relation(tuple(columns), leaves)


def _sort(variant: Variant, plan: LogicalPlan, inputs: Inputs, notes: Notes) -> Relation:
    relation = inputs[0]
    keys = [s.expr() for s in variant.sort_exprs()]
    fetch = variant.get_fetch_val()
    notes.sorts.append(Sort(tuple(k.canonical_name() for k in keys), fetch))
    sources = frozenset[Source]().union(*(_sources(k, relation, notes) for k in keys))
    if fetch is None:
        return relation
    notes.influence |= sources
    notes.lost.append("limit: any row may decide")
    return without_reach(relation)


def _limit(variant: Variant, plan: LogicalPlan, inputs: Inputs, notes: Notes) -> Relation:
    if not plan.inputs()[0].display().startswith("Sort"):  # which rows come first is open
        notes.influence |= inputs[0].every_source()
    notes.lost.append("limit: any row may decide")
    return without_reach(inputs[0])


def _distinct(variant: Variant, plan: LogicalPlan, inputs: Inputs, notes: Notes) -> Relation:
    if not plan.display().startswith("Distinct:"):  # DISTINCT ON: its expressions are not shown
        return unknown(variant, plan, inputs, notes)
    notes.influence |= inputs[0].every_source()
    return inputs[0]


def _unnest(variant: Variant, plan: LogicalPlan, inputs: Inputs, notes: Notes) -> Relation:
    """Unnested columns are new; their length decides how many rows there are."""
    relation = inputs[0]
    text = _UNNESTED.match(plan.display())
    if text is None:
        return unknown(variant, plan, inputs, notes)
    lists, structs = text[1], text[2]
    of_structs = structs.split(", ")
    opened = {
        c.name: c.sources
        for c in relation.columns
        if f"{c.name}|depth=" in lists or c.name in of_structs
    } or {c.name: c.sources for c in relation.columns}
    every = frozenset[Source]().union(*opened.values())
    notes.influence |= every
    closed = {c.name: c for c in relation.columns if c.name not in opened}
    columns = []
    for name in variant.schema().field_names():
        of = [s for n, s in opened.items() if name.startswith(n.removesuffix(")"))]
        sources = frozenset[Source]().union(*of) if of else every
        columns.append(closed.get(name) or Column(name, sources))
    return Relation(tuple(columns), relation.leaves)


def _constant(variant: Variant, plan: LogicalPlan, inputs: Inputs, notes: Notes) -> Relation:
    names = variant.schema().field_names()
    if hasattr(variant, "values"):  # the plan's text shows the first five rows only
        notes.unprinted += [str([e.canonical_name() for e in r]) for r in variant.values()]
    return Relation(tuple(Column(n, reach={}) for n in names))


RULES: dict[str, Rule] = {
    "TableScan": _scan,
    "SubqueryAlias": lambda node, _, inputs, __: renamed(inputs[0], node.schema().field_names()),
    "Projection": _projection,
    "Filter": _filter,
    "Join": _join,
    "Aggregate": _aggregate,
    "Distinct": _distinct,
    "WindowExpr": _window,
    "Union": _union,
    "Sort": _sort,
    "Limit": _limit,
    "Unnest": _unnest,
    "Values": _constant,
    "EmptyRelation": _constant,
    "Repartition": lambda _, __, inputs, ___: inputs[0],
}
