"""Walks an optimised plan from its root to its scans and back, with a rule per kind of node.

Plans are made over stubs (`planning_session`), so every scan is a table or a view by name. What the
bindings hide is read off the node's text; a node of unknown kind makes every output depend on every
input, and no column keeps its reach.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from itertools import chain
from typing import Any, TypeAlias

from datafusion.expr import Expr
from datafusion.plan import LogicalPlan
from msgspec.structs import replace

from codeanatomy.plans.expressions import Known, Place, known, named, passed, place, reads
from codeanatomy.plans.reach import ALL, Path, hops
from codeanatomy.plans.relation import (
    Column,
    Leaf,
    Notes,
    Relation,
    Scan,
    Source,
    joined,
    moved,
    partitioned,
    renamed,
    scans,
    together,
    with_global_leaves,
    without_reach,
)

Variant: TypeAlias = Any  # the engine's node classes come without types
Inputs: TypeAlias = Sequence[Relation]
Rule: TypeAlias = Callable[[Variant, LogicalPlan, Inputs, Notes], Relation]

_SAME_VALUE = {"first_value", "last_value", "min", "max"}  # of a group key: that key
_SORT_KEY = re.compile(r"(.+? (?:ASC|DESC) NULLS (?:FIRST|LAST))(?:, |$)", re.DOTALL)
_UNNESTED = re.compile(r"^Unnest: lists\[(.*)\] structs\[(.*)\]$", re.DOTALL)


def walk(plan: LogicalPlan, notes: Notes) -> Relation:
    """What the plan's output is; everything else that was learnt goes into the notes.

    Every scan in the plan's text must have been met and still be a leaf of the output; otherwise
    the tables that were missed are read whole, every column read decides, and none keeps its reach.
    """
    text = plan.display_indent()
    notes.subqueries = "Subquery:" in text
    relation = _visit(plan, notes)
    met = Counter(notes.leaves[n].table for n in relation.leaves) + Counter(notes.working.values())
    printed = Counter(table for table, _ in scans(text).elements())
    if met == printed:
        return relation
    odd = sorted((printed - met) | (met - printed))
    notes.opaque.append(f"scans of {', '.join(odd)} in the plan's text differ from those read")
    notes.lost.append("the plan has scans that could not be followed")
    missed = _read_whole(Counter((t, None) for t in (printed - met).elements()), notes)
    notes.influence |= notes.sources(range(len(notes.leaves)))
    return without_reach(with_global_leaves(relation, missed))


def _visit(plan: LogicalPlan, notes: Notes) -> Relation:
    """The relation of one node, with the scans of subqueries that its expressions hold."""
    try:
        variant = plan.to_variant()
        kind = type(variant).__name__
    except (RuntimeError, ValueError):  # the bindings have no class for this node
        variant, kind = None, plan.display().split(":")[0].strip()
    notes.nodes[kind] += 1
    inputs: Inputs = ()
    if kind == "RecursiveQuery":
        relation = _recursive(variant, plan, notes)
    else:
        inputs = [_visit(i, notes) for i in plan.inputs()]
        relation = RULES.get(kind, _unknown)(variant, plan, inputs, notes)
    deciding, others = EXPRESSIONS.get(kind, lambda _: ((), ()))(variant)
    if not (deciding or others or notes.subqueries):
        return relation
    columns = known(inputs or [relation])
    if notes.subqueries:
        relation = _with_subqueries(relation, plan, columns, notes)
    sources = [reads(e, columns, notes) for e in (*deciding, *others)]
    influence = together(sources[: len(deciding)])
    notes.influence |= influence
    if kind == "Join" and str(variant.join_type()).endswith("Mark"):
        return _made(relation, [influence])
    return _made(relation, sources) if kind in MADE else relation


def _made(relation: Relation, sources: Sequence[frozenset[Source]]) -> Relation:
    """The relation whose last columns are computed from these sources."""
    kept = len(relation.columns) - len(sources)
    made = zip(relation.columns[kept:], sources, strict=True)
    columns = (*relation.columns[:kept], *(replace(c, sources=s) for c, s in made))
    return replace(relation, columns=columns)


def _with_subqueries(
    relation: Relation, plan: LogicalPlan, columns: Known, notes: Notes
) -> Relation:
    """The relation with what is printed for this node but for none of its inputs: plans inside its
    expressions. Their rows decide about every row of it, and so does what they read of its columns.
    """
    texts = (plan.display_indent(), *(i.display_indent() for i in plan.inputs()))
    lines, *below = ([line.strip() for line in text.split("\n")] for text in texts)
    inside = "\n".join((Counter(lines[1:]) - Counter(chain(*below))).elements())
    found = scans(inside)
    if not found:
        return relation
    leaves = _read_whole(found, notes)
    columns["<subquery>"] = named(inside, columns) | notes.sources(leaves)
    notes.influence |= columns["<subquery>"]
    notes.lost.append("a subquery inside an expression is read as a whole")
    return with_global_leaves(relation, leaves)


def _read_whole(found: Counter[Scan], notes: Notes) -> frozenset[int]:
    """Leaves for scans of which only the text is known."""
    leaves = frozenset[int]()
    for table, printed in sorted(found.elements(), key=repr):
        every = notes.schemas[table].names if table in notes.schemas else []
        columns = every if printed is None else [c for c in printed.split(", ") if c]
        columns = [] if table in notes.recursive else columns
        leaves |= notes.scan(Leaf(table, tuple(columns)), columns).leaves
    return leaves


def _recursive(variant: Variant, plan: LogicalPlan, notes: Notes) -> Relation:
    """The relation of a recursive query; its second term reads the query's own working table.

    Sources of its columns are those of the first term and all that the steps add. A column that the
    second term passes on unchanged keeps its reach, a path through the working table becomes `ALL`.
    """
    start, step = plan.inputs()
    base = _visit(start, notes)
    seen: dict[int, str] = {}
    before, outer = set(notes.working), notes.recursive
    notes.recursive = {**outer, variant.name(): seen}
    term = _visit(step, notes)
    notes.recursive = outer
    working = frozenset(n for n in notes.working if n not in before)
    fields = [seen.get(i, f"#{i}") for i in range(len(base.columns))]
    closed = {f: c.sources for f, c in zip(fields, base.columns, strict=True)}

    def expanded(sources: Iterable[Source]) -> frozenset[Source]:
        return together(closed[c] if n in working else {(n, c)} for n, c in sources)

    for _ in fields:  # no source passes more columns than there are
        for field, column in zip(fields, term.columns, strict=True):
            closed[field] |= expanded(column.sources)
    notes.influence = {*expanded(notes.influence)}
    if notes.subqueries or "is_distinct=true" in plan.display():
        notes.influence |= together(closed.values())
    columns = []
    for field, first, later in zip(fields, base.columns, term.columns, strict=True):
        first = replace(first, sources=closed[field])
        same = bool(working) and all(later.direct.get(n) == field for n in working)
        if not same or first.reach is None or later.reach is None:
            notes.lost.append("a recursive query changes the column from step to step")
            columns.append(first.alone())
            continue
        reach: dict[int, Path] = dict(first.reach)
        for leaf in sorted(term.leaves - working):
            path = later.reach[leaf]
            reach[leaf] = ALL if any(h.leaf in working for h in hops(path)) else path
        columns.append(replace(first, reach=reach))
    return Relation(tuple(columns), base.leaves | term.leaves - working)


def _unknown(variant: Variant, plan: LogicalPlan, inputs: Inputs, notes: Notes) -> Relation:
    """The relation of a node without a rule: every column from every input, no reach."""
    kind = plan.display().split(":")[0].strip()
    notes.opaque.append(f"node {kind}")
    notes.lost.append(f"{kind} is not understood")
    names = variant.schema().field_names() if hasattr(variant, "schema") else None
    names = names or [c.name for r in inputs for c in r.columns]
    leaves = frozenset[int]().union(*(r.leaves for r in inputs))
    every = together(known(inputs).values())
    notes.influence |= every
    return Relation(tuple(Column(n, sources=every) for n in names), leaves)


def _scan(variant: Variant, plan: LogicalPlan, inputs: Inputs, notes: Notes) -> Relation:
    table, names = variant.table_name(), variant.schema().field_names()
    every = enumerate(n.removeprefix(f"{table}.") for n in names)
    columns = dict(variant.projection() or every)  # by place in the table
    if table in notes.recursive:
        notes.recursive[table] |= columns
    if variant.fetch() is not None:
        notes.lost.append("limit: any row may decide")
    return notes.scan(Leaf(table, tuple(columns.values()), fetch=variant.fetch()), names)


def _filter(variant: Variant, plan: LogicalPlan, inputs: Inputs, notes: Notes) -> Relation:
    if plan.inputs()[0].display().startswith("TableScan: "):  # where the optimiser puts it
        for table in (notes.leaves[n].table for n in inputs[0].leaves if n >= 0):
            notes.filters.setdefault(table, []).append(variant.predicate().canonical_name())
    return inputs[0]


def _project(
    exprs: Sequence[Expr], names: Sequence[str], relation: Relation, notes: Notes
) -> Relation:
    """Columns passed on keep what is known of their changes; of computed ones nothing is."""
    columns, where = [], dict[int, int]()
    for i, (expr, name) in enumerate(zip(exprs, names, strict=True)):
        at = place(expr, relation, notes)
        columns.append(replace(passed(at, relation) or Column(name), name=name))
        if isinstance(at, int):
            where.setdefault(at, i)
    return Relation(tuple(columns), relation.leaves, moved(relation, where))


def _aggregate(variant: Variant, plan: LogicalPlan, inputs: Inputs, notes: Notes) -> Relation:
    relation = inputs[0]
    keys, aggregates = variant.group_by_exprs(), variant.aggregate_exprs()
    names = variant.schema().field_names()
    distinct = any(a.canonical_name().startswith("count(DISTINCT ") for a in aggregates)
    notes.slow_distinct |= distinct and len(aggregates) > 1
    if any(k.variant_name() == "GroupingSet" for k in keys):
        notes.lost.append("grouping sets: key columns are NULL in some rows")
        sources = known(inputs)
        of_keys = reads(keys[0], sources, notes)
        made = (Column(n, sources=sources.get(n, of_keys)) for n in names)
        return Relation(tuple(made), relation.leaves)
    grouped = _project(keys, names[: len(keys)], relation, notes)
    if not keys:
        notes.lost.append("an aggregate without group keys reads every row")
    columns = list(grouped.columns)
    places = [place(key, relation, notes) for key in keys]
    kept = dict(zip(reversed(places), reversed(columns), strict=True))  # of equal keys the first
    for name, aggregate in zip(names[len(keys) :], aggregates, strict=True):
        same = _same_key(aggregate, kept, relation, notes) or Column(name)
        columns.append(replace(same, name=name))
    return Relation(tuple(columns), relation.leaves, grouped.merged)


def _same_key(
    function: Expr, kept: dict[Place | None, Column], relation: Relation, notes: Notes
) -> Column | None:
    """The group key that an aggregate returns unchanged (DISTINCT ON is made of these)."""
    while function.variant_name() == "Alias":
        function = function.rex_call_operands()[0]
    if function.variant_name() != "AggregateFunction":
        return None
    name = function.to_variant().aggregate_type()
    if name not in _SAME_VALUE or " FILTER " in function.canonical_name():
        return None
    at = place(function.rex_call_operands()[0], relation, notes)
    return None if at is None else kept.get(at)


def _window(variant: Variant, plan: LogicalPlan, inputs: Inputs, notes: Notes) -> Relation:
    relation = inputs[0]
    partitions: dict[tuple[str, ...], list[Column]] = {}
    for window in variant.get_window_expr():
        keys = variant.get_partition_exprs(window)
        texts = tuple(k.canonical_name() for k in keys)
        found = [passed(place(k, relation, notes), relation) for k in keys]
        partitions[texts] = [c for c in found if c is not None]
        if not partitions[texts]:
            notes.lost.append("a window without a plain partition column reads every row")
    widened = relation
    for key_columns in partitions.values():
        widened = partitioned(widened, key_columns)
    names = variant.schema().field_names()
    kept = tuple(replace(c, name=n) for c, n in zip(widened.columns, names, strict=False))
    added = tuple(map(Column, names[len(kept) :]))
    return Relation(kept + added, relation.leaves, widened.merged)


def _join(variant: Variant, plan: LogicalPlan, inputs: Inputs, notes: Notes) -> Relation:
    left, right = inputs
    how = str(variant.join_type())
    null_aware = plan.display().endswith(" null_aware")  # the bindings do not show it
    pairs = []
    for a, b in variant.on():
        at = place(a, left, notes), place(b, right, notes)
        if isinstance(at[0], int) and isinstance(at[1], int):
            pairs.append((at[0], at[1]))
    keys = (f"{a.canonical_name()} = {b.canonical_name()}" for a, b in variant.on())
    notes.joins.append((how, *keys))
    notes.unprinted.append(f"null_equals_null={bool(variant.null_equals_null())}")
    if null_aware:  # one NULL or an empty right side decides about every row
        notes.lost.append("NOT IN: one NULL decides about every row (NOT EXISTS keeps locality)")
        pairs = []
    elif not pairs:
        notes.lost.append("a join without equal plain columns pairs every row with every row")
    if how == "Full" or (how in ("Left", "Right") and left.leaves and right.leaves):
        padded = f"a {how.lower()} join pads a side with NULLs"
        notes.lost.append(f"{padded}, which keeps no file or key")
    every = joined(left, right, how, pairs)
    if how.endswith(("Semi", "Anti", "Mark")):  # these have the columns of one side
        width = len(left.columns)
        one = range(width) if how.startswith("Left") else range(width, len(every.columns))
        merged = moved(every, {p: i for i, p in enumerate(one)})
        every = Relation(tuple(every.columns[p] for p in one), every.leaves, merged)
    names = variant.schema().field_names()
    if how.endswith("Mark"):
        every = replace(every, columns=(*every.columns, Column(names[-1])))
    return renamed(every, names)


def _union(variant: Variant, plan: LogicalPlan, inputs: Inputs, notes: Notes) -> Relation:
    leaves = frozenset[int]().union(*(b.leaves for b in inputs))
    names, columns = variant.schema().field_names(), []
    for name, *parts in zip(names, *(b.columns for b in inputs), strict=True):
        made = Column(name, sources=together(c.sources for c in parts))
        if any(c.reach is None and b.leaves for c, b in zip(parts, inputs, strict=True)):
            columns.append(made)
            continue
        reach = {n: p for c in parts for n, p in (c.reach or {}).items()}
        direct = {n: d for c in parts for n, d in c.direct.items()}
        whole = all(c.direct for c in parts)  # a branch of constants is owned by no leaf
        columns.append(replace(made, direct=direct if whole else {}, reach=reach))
    return Relation(tuple(columns), leaves)


def _sort(variant: Variant, plan: LogicalPlan, inputs: Inputs, notes: Notes) -> Relation:
    notes.sorts += _SORT_KEY.findall(plan.display().removeprefix("Sort: "))
    return inputs[0] if variant.get_fetch_val() is None else _limit(variant, plan, inputs, notes)


def _limit(variant: Variant, plan: LogicalPlan, inputs: Inputs, notes: Notes) -> Relation:
    if not any(p.display().startswith("Sort: ") for p in (plan, *plan.inputs())):
        notes.influence |= together(known(inputs).values())  # which rows come first is open
    notes.lost.append("limit: any row may decide")
    return without_reach(inputs[0])


def _unnest(variant: Variant, plan: LogicalPlan, inputs: Inputs, notes: Notes) -> Relation:
    """Unnested columns are new, and their lengths decide; the others are passed on."""
    text = _UNNESTED.match(plan.display())
    if text is None:
        return _unknown(variant, plan, inputs, notes)
    lists, structs = text[1], text[2].split(", ")
    before = {c.name: c for c in inputs[0].columns}
    opened = {n: c.sources for n, c in before.items() if f"{n}|depth=" in lists or n in structs}
    opened = opened or known(inputs)  # which ones are opened is not understood
    every = together(opened.values())
    notes.influence |= every
    columns = []
    for name in variant.schema().field_names():
        of = [s for n, s in opened.items() if name.startswith(n.removesuffix(")"))]
        made = Column(name, sources=together(of) if of else every)
        columns.append(made if name in opened else before.get(name, made))
    return Relation(tuple(columns), inputs[0].leaves)


def _constant(variant: Variant, plan: LogicalPlan, inputs: Inputs, notes: Notes) -> Relation:
    names = variant.schema().field_names()
    if hasattr(variant, "values"):  # the plan's text shows the first five rows only
        notes.unprinted += [str([e.canonical_name() for e in r]) for r in variant.values()]
    return Relation(tuple(Column(n, reach={}) for n in names))


RULES: dict[str, Rule] = {
    "TableScan": _scan,
    "SubqueryAlias": lambda node, _, inputs, __: renamed(inputs[0], node.schema().field_names()),
    "Projection": lambda node, _, inputs, notes: _project(
        node.projections(), node.schema().field_names(), inputs[0], notes
    ),
    "Filter": _filter,
    "Join": _join,
    "Aggregate": _aggregate,
    "WindowExpr": _window,
    "Union": _union,
    "Sort": _sort,
    "Limit": _limit,
    "Unnest": _unnest,
    "Values": _constant,
    "EmptyRelation": _constant,
    "Repartition": lambda _, __, inputs, ___: inputs[0],
}

# expressions of a node: those that decide which rows there are, then the others
EXPRESSIONS: dict[str, Callable[[Variant], tuple[Sequence[Expr], Sequence[Expr]]]] = {
    "TableScan": lambda node: (node.filters(), ()),
    "Filter": lambda node: ((node.predicate(),), ()),
    "Join": lambda node: ([e for e in (*chain(*node.on()), node.filter()) if e is not None], ()),
    "Sort": lambda node: (
        [k.expr() for k in node.sort_exprs() if node.get_fetch_val() is not None],
        [k.expr() for k in node.sort_exprs() if node.get_fetch_val() is None],
    ),
    "Projection": lambda node: ((), node.projections()),
    "Aggregate": lambda node: (node.group_by_exprs(), node.aggregate_exprs()),
    "WindowExpr": lambda node: ((), node.get_window_expr()),
    "Values": lambda node: ((), [*chain(*node.values())]),
}
MADE = {"Projection", "Aggregate", "WindowExpr"}  # their last columns are these expressions
