"""Front door: declarations to everything that a run follows, without running anything."""

from collections.abc import Mapping, Sequence
from graphlib import CycleError, TopologicalSorter

import msgspec
import pyarrow as pa

from codeanatomy.cpg.kinds import COLUMNS, EDGE_KINDS, selected
from codeanatomy.cpg.model import model
from codeanatomy.extract.witness import Extractor, Survey
from codeanatomy.extract.witnesses import witnesses
from codeanatomy.facts.errors import DeclarationError, UsageError, nearest
from codeanatomy.facts.schema import schema_from_struct, semantic_type, structs_of, table_name
from codeanatomy.facts.tables import constraints, graph, resolution, views
from codeanatomy.facts.tables.all import SCHEMAS
from codeanatomy.facts.tables.graph import Problem
from codeanatomy.facts.tables.source import SourceText
from codeanatomy.planning.policy import SESSION, ExecutionPolicy, compile_policy
from codeanatomy.planning.tasks import Task, task_graph
from codeanatomy.plans.facts import PlanFacts, plan_facts, planning_session
from codeanatomy.semantic.compile import DIAGNOSTIC, ViewNode, compile_views
from codeanatomy.semantic.declare import Model, Relation
from codeanatomy.semantic.emit import emit
from codeanatomy.semantic.infer import Candidate, JoinDecision, infer
from codeanatomy.semantic.optimize import Selection, optimize

SCAN_PROBLEMS = "scan_problem"  # problems of the scan, in the shape of the final table
SOLVER_TABLES = frozenset(map(table_name, structs_of(constraints)))  # the solver alone reads these
ANSWERS = {table_name(struct): struct for struct in structs_of(resolution)}  # it alone fills these
_MADE = {table_name(struct) for module in (graph, views) for struct in structs_of(module)}
_NOT_EVIDENCE = SOLVER_TABLES | _MADE | {table_name(SourceText)}


class Asked(msgspec.Struct, frozen=True):
    """What a build is asked for other than what it does by itself: kinds, as `kinds.selected` has
    them, and witnesses on demand, each with the text that came with it."""

    kinds: dict[type, frozenset[str]] = {}
    witnesses: dict[str, str] = {}

    def chosen(self) -> list[Extractor | Survey]:
        """The witnesses of the build: all that need no asking, and those asked for. UsageError for
        one that there is not."""
        known = witnesses()
        for name in self.witnesses:
            if name not in known:
                told = f"there is no witness {name!r}{nearest(name, known)}"
                raise UsageError(f"{told}; plug-ins bring more: `pip install ./plugins/scip`")
        return [w for name, w in known.items() if name in self.witnesses or not w.on_demand]

    def unfilled(self) -> frozenset[str]:
        """The tables that only other witnesses fill."""
        filled, known = (
            {table_name(struct) for one in those for struct in one.tables}
            for those in (self.chosen(), witnesses().values())
        )
        return frozenset(known - filled)


class Compiled(msgspec.Struct, frozen=True):
    """What a run follows: views, their SQL, schemas, plan facts, tasks in order, policy; which
    columns of evidence these read; and whether anybody needs the solver's answers."""

    views: tuple[ViewNode, ...]
    sql: dict[str, str]
    schemas: dict[str, pa.Schema]
    facts: dict[str, PlanFacts]
    tasks: tuple[Task, ...]
    joins: dict[str, tuple[JoinDecision, ...]]
    inferred: tuple[ViewNode, ...]  # before the optimiser
    left_out: dict[str, tuple[str, ...]]  # by its rules
    policy: ExecutionPolicy
    wanted: dict[str, frozenset[str]]
    witnesses: dict[Extractor | Survey, str]  # those needed, each with the text it was asked with
    solves: bool
    without: frozenset[str]  # kinds of edges that were not asked for

    def relations(self) -> list[dict[str, object]]:
        """What each view that relates was made of, for those who ask why an edge is there."""
        related = ((v, v.made_of) for v in self.views if isinstance(v.made_of, Relation))
        return [
            {"name": v.name, "kind": r.kind, "tables": v.inputs, "adds": r.adds, "trust": r.trust}
            | {"joins": [*map(_join_text, self.joins.get(v.name, ()))]}
            for v, r in related
        ]


def compile_graph(
    tables: Mapping[str, pa.Schema], declared: Model | None = None, asked: Asked | None = None
) -> Compiled:
    """Compiles the declarations against the schemas of all evidence tables that are known."""
    declared, asked = declared or model(), asked or Asked()
    tables = _asked_columns(tables, declared, asked)
    inferred = infer(compile_views(declared, tables), tables)
    filled = frozenset(tables) - asked.unfilled()
    selection = Selection(frozenset(declared.outputs), asked.kinds, filled)
    views, left_out = optimize(inferred.views, selection)
    sql = {v.name: emit(v, inferred) for v in views}
    ctx = planning_session(inferred.schemas)
    facts: dict[str, PlanFacts] = {}
    for name in _inputs_first(views):
        grains = {n: f.grain for n, f in facts.items()}
        frame = ctx.sql(sql[name])
        facts[name] = plan_facts(frame, inferred.schemas, upstream=grains, settings=SESSION)
    tasks = task_graph(facts, frozenset(tables))
    joins = {v.name: msgspec.to_builtins(list(inferred.joins.get(v.name, ()))) for v in views}
    policy = compile_policy(tasks, facts, frozenset(declared.outputs), joins)
    solves = any(v.kind != DIAGNOSTIC and not ANSWERS.keys().isdisjoint(v.inputs) for v in views)
    wanted: dict[str, frozenset[str]] = {}
    for table, columns in (read for task in tasks for read in task.reads.items()):
        if table in tables:
            wanted[table] = wanted.get(table, frozenset()).union(columns)
    if solves:
        wanted |= {name: frozenset(SCHEMAS[name].names) for name in SOLVER_TABLES}
    needed = [w for w in asked.chosen() if not wanted.keys().isdisjoint(map(table_name, w.tables))]
    edges = frozenset(k.kind for k in EDGE_KINDS)
    return Compiled(
        views=views,
        sql=sql,
        schemas=inferred.schemas,
        facts=facts,
        tasks=tasks,
        joins=inferred.joins,
        inferred=inferred.views,
        left_out=left_out,
        policy=policy,
        wanted=wanted,
        witnesses={w: asked.witnesses.get(w.name, "") for w in needed},
        solves=solves,
        without=edges - asked.kinds.get(Relation, edges),
    )


def _asked_columns(
    tables: Mapping[str, pa.Schema], declared: Model, asked: Asked
) -> dict[str, pa.Schema]:
    """The schemas without columns that only stand for edges of kinds that are not asked for."""
    idle_kinds = COLUMNS.keys() - asked.kinds.get(Relation, COLUMNS.keys())
    idle = {r.src for r in declared.relations.values() if r.kind in idle_kinds}
    return {
        name: pa.schema([f for f in schema if semantic_type(f) not in idle], schema.metadata)
        for name, schema in tables.items()
    }


def _inputs_first(views: tuple[ViewNode, ...]) -> list[str]:
    """Names of the views, each after the views it reads."""
    names = {v.name for v in views}
    sorter = TopologicalSorter({v.name: [i for i in v.inputs if i in names] for v in views})
    try:
        return list(sorter.static_order())
    except CycleError as e:
        raise DeclarationError(f"views read each other in a circle: {e.args[1]}") from None


def compile_build(layers: Sequence[str], witnesses: Mapping[str, str]) -> Compiled:
    """What a build with these arguments of `build` follows."""
    return compile_graph(evidence_schemas(), None, Asked(selected(layers), dict(witnesses)))


class PlannedView(msgspec.Struct, frozen=True):
    """One view as `codeanatomy plan` shows it."""

    view: str
    kind: str  # of the six
    generation: int  # views of one generation do not wait for each other
    cache: str  # where its rows are kept: output, memory, none
    reason: str
    reads: dict[str, tuple[str, ...]]  # table or view -> required columns
    grain: str
    grain_reason: str
    joins: tuple[str, ...]
    fingerprint: str


class Plan(msgspec.Struct, frozen=True):
    """What a build would do, in order, and the fingerprint of its policy."""

    witnesses: tuple[str, ...]
    tables: tuple[str, ...]
    views: tuple[PlannedView, ...]
    policy: str


class Phases(msgspec.Struct, frozen=True):
    """What each phase of the compiler makes of the declarations, by view or rule."""

    compiled: dict[str, tuple[str, tuple[str, ...]]]  # kind and inputs
    inferred: dict[str, tuple[tuple[str, ...], ...]]  # each join, and the ways that were refused
    optimized: dict[str, tuple[str, ...]]  # the views that the rule leaves out
    emitted: dict[str, str]  # SQL


def phases(layers: Sequence[str] = (), witnesses: Mapping[str, str] | None = None) -> Phases:
    """The phases of a build with these arguments; nothing is run."""
    compiled = compile_build(layers, witnesses or {})
    joins = {
        name: tuple(tuple(_join_text(j, c) for c in (j.chosen, *j.refused)) for j in found)
        for name, found in sorted(compiled.joins.items())
        if found
    }
    views = {v.name: (v.kind, v.inputs) for v in compiled.inferred}
    return Phases(views, joins, compiled.left_out, compiled.sql)


def plan(layers: Sequence[str] = (), witnesses: Mapping[str, str] | None = None) -> Plan:
    """The plan of a build with these arguments; nothing is read or run."""
    compiled = compile_build(layers, witnesses or {})
    kinds = {v.name: v.kind for v in compiled.views}
    views = []
    for task in compiled.tasks:
        name, kept, facts = task.view, compiled.policy.cache[task.view], compiled.facts[task.view]
        described = PlannedView(
            view=name,
            kind=kinds[name],
            generation=task.generation,
            cache=kept.value,
            reason=kept.reason,
            reads=task.reads,
            grain=facts.grain.absolute,
            grain_reason=facts.grain.reason,
            joins=tuple(map(_join_text, compiled.joins.get(name, ()))),
            fingerprint=facts.fingerprint,
        )
        views.append(described)
    read = {table for t in compiled.tasks for table in t.reads} - kinds.keys()
    names = tuple(sorted(w.name for w in compiled.witnesses))
    return Plan(names, tuple(sorted(read)), tuple(views), compiled.policy.fingerprint)


def evidence_schemas() -> dict[str, pa.Schema]:
    """Schemas of all tables that views may read, by name; those of plug-ins, too."""
    structs = {s for witness in witnesses().values() for s in witness.tables}
    known = {**SCHEMAS, **{table_name(s): schema_from_struct(s) for s in structs}}
    own = {n: known[n] for n in sorted(known) if n not in _NOT_EVIDENCE}
    return {**own, SCAN_PROBLEMS: schema_from_struct(Problem)}


def _join_text(join: JoinDecision, way: Candidate | None = None) -> str:
    way = way or join.chosen
    keys = " and ".join(f"{join.left}.{k.left} = {join.right}.{k.right}" for k in way.keys)
    return f"{way.strategy}: {keys} ({way.confidence:.2f}: {way.evidence})"
