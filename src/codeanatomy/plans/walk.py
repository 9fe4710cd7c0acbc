"""Walks an optimised plan from its root to its scans and back, with a rule per kind of node.

Plans are made over stubs (`planning_session`), so every scan is a table or a view by name.
"""

from collections import Counter
from collections.abc import Collection, Sequence

from datafusion.plan import LogicalPlan

from codeanatomy.plans.lineage import Column, Relation, Source, with_global_leaves, without_reach
from codeanatomy.plans.notes import Leaf, Notes, Scan, scans
from codeanatomy.plans.reach import ALL, Path, hops
from codeanatomy.plans.rules import RULES, Variant, unknown


def walk(plan: LogicalPlan, notes: Notes) -> Relation:
    """What the plan's output is; everything else that was learnt goes into the notes.

    Every scan in the plan's text must have been met and still be a leaf of the output; otherwise
    the output depends on all columns of the tables that were missed, and no column keeps its reach.
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
    notes.influence |= notes.every_source()
    return without_reach(with_global_leaves(relation, missed))


def _visit(plan: LogicalPlan, notes: Notes) -> Relation:
    """The relation of one node, with the scans of subqueries that its expressions hold."""
    try:
        variant = plan.to_variant()
        kind = type(variant).__name__
    except (RuntimeError, ValueError):  # the bindings have no class for this node
        variant, kind = None, plan.display().split(":")[0].strip()
    notes.nodes[kind] += 1
    if kind == "RecursiveQuery":
        relation = _recursive(variant, plan, notes)
    else:
        inputs = [_visit(i, notes) for i in plan.inputs()]
        relation = RULES.get(kind, unknown)(variant, plan, inputs, notes)
    return _with_subqueries(relation, plan, notes) if notes.subqueries else relation


def _with_subqueries(relation: Relation, plan: LogicalPlan, notes: Notes) -> Relation:
    """Scans printed for this node but for none of its inputs: plans inside its expressions.

    Their rows decide about every row of this node.
    """
    text = plan.display_indent()
    below = sum((scans(i.display_indent()) for i in plan.inputs()), Counter[Scan]())
    inside = scans(text) - below
    if not plan.inputs() or not inside:
        return relation
    leaves = _read_whole(inside, notes)
    if "outer_ref(" in text:  # which of this node's columns it reads is not shown
        notes.influence |= notes.every_source()
    notes.lost.append("a subquery inside an expression is read as a whole")
    return with_global_leaves(relation, leaves)


def _read_whole(found: Counter[Scan], notes: Notes) -> frozenset[int]:
    """Leaves for scans of which only the text is known; whether a row exists may hang on each."""
    leaves = frozenset[int]()
    for table, printed in sorted(found.elements(), key=repr):
        every = notes.schemas[table].names if table in notes.schemas else []
        columns = every if printed is None else [c for c in printed.split(", ") if c]
        columns = [] if table in notes.recursive else columns
        read = notes.scan(Leaf(table, tuple(columns), hidden=True), columns)
        notes.influence |= read.every_source()
        leaves |= read.leaves
    return leaves


def _recursive(variant: Variant, plan: LogicalPlan, notes: Notes) -> Relation:
    """The relation of a recursive query; its second term reads the query's own working table.

    Sources are the least fixpoint over the working table. A column that the second term passes on
    unchanged keeps its reach, a path through the working table becomes `ALL`.
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
    closed = _closure(fields, base, term, working)
    notes.influence = _expanded(notes.influence, working, closed)
    if "is_distinct=true" in plan.display():
        notes.influence |= set().union(*closed.values())
    leaves = base.leaves | term.leaves - working
    columns = []
    for field, first, later in zip(fields, base.columns, term.columns, strict=True):
        sources = frozenset(closed[field])
        same = bool(working) and all(later.direct.get(n) == field for n in working)
        if not same or first.reach is None or later.reach is None:
            notes.lost.append("a recursive query changes the column from step to step")
            columns.append(Column(first.name, sources))
            continue
        reach: dict[int, Path] = dict(first.reach)
        for leaf in sorted(term.leaves - working):
            path = later.reach[leaf]
            reach[leaf] = ALL if any(h.leaf in working for h in hops(path)) else path
        columns.append(Column(first.name, sources, first.direct, reach))
    return Relation(tuple(columns), leaves)


def _closure(
    fields: Sequence[str], base: Relation, term: Relation, working: frozenset[int]
) -> dict[str, set[Source]]:
    """Sources of the working table's columns: those of the first term and all the steps add."""
    closed = {f: set(c.sources) for f, c in zip(fields, base.columns, strict=True)}
    while True:
        size = sum(map(len, closed.values()))
        for field, column in zip(fields, term.columns, strict=True):
            closed[field] |= _expanded(column.sources, working, closed)
        if size == sum(map(len, closed.values())):
            return closed


def _expanded(
    sources: Collection[Source], working: frozenset[int], closed: dict[str, set[Source]]
) -> set[Source]:
    """Sources with the working table's columns replaced by what they come from."""
    found = {s for s in sources if s[0] not in working}
    return found.union(*(closed[c] for n, c in sources if n in working))
