"""Front door: declarations to everything that a run follows, without running anything."""

from collections.abc import Mapping, Sequence
from itertools import chain

import msgspec
import pyarrow as pa
from datafusion import DataFrame

from codeanatomy.cpg.kinds import COLUMNS, EDGE_KINDS, selected
from codeanatomy.cpg.model import model
from codeanatomy.engine.serialised import serialised
from codeanatomy.extract.witness import Extractor, Survey
from codeanatomy.extract.witnesses import witnesses
from codeanatomy.facts.canonical import fingerprint
from codeanatomy.facts.errors import UsageError, nearest
from codeanatomy.facts.schema import (
    columns_of,
    schema_from_struct,
    semantic_type,
    structs_of,
    table_name,
)
from codeanatomy.facts.tables import constraints, graph, resolution, views
from codeanatomy.facts.tables.all import SCHEMAS
from codeanatomy.facts.tables.graph import Problem
from codeanatomy.facts.tables.source import SourceText
from codeanatomy.planning.policy import ExecutionPolicy
from codeanatomy.planning.signals import Way
from codeanatomy.planning.tasks import Task, generations, task_graph
from codeanatomy.planning.workload import BATCH, PROFILES
from codeanatomy.plans.facts import PlanFacts, plan_facts
from codeanatomy.semantic.compile import DIAGNOSTIC, ViewNode, compile_views
from codeanatomy.semantic.declare import Model, Relation
from codeanatomy.semantic.emit import emit
from codeanatomy.semantic.infer import Candidate, Inferred, JoinDecision, infer
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
    """What a run follows, whatever it finds: views, SQL, plans, their facts, tasks in order; which
    columns of evidence these read; and whether anybody needs the solver's answers."""

    views: tuple[ViewNode, ...]
    sql: dict[str, str]
    frames: dict[str, DataFrame]
    facts: dict[str, PlanFacts]
    tasks: tuple[Task, ...]
    inferred: Inferred  # schemas and joins, and the views before the optimiser
    left_out: dict[str, tuple[str, ...]]  # by its rules
    outputs: dict[str, tuple[str, ...]]  # with the columns that each is sorted by
    wanted: dict[str, frozenset[str]]
    witnesses: dict[Extractor | Survey, str]  # those needed, each with the text it was asked with
    solves: bool
    without: frozenset[str]  # kinds of edges that were not asked for

    @property
    def manifest(self) -> str:
        """Fingerprint of what is followed."""
        views = {v.name: (v.kind, self.facts[v.name].fingerprint) for v in self.views}
        return fingerprint([views, self.outputs, {t: sorted(c) for t, c in self.wanted.items()}])

    def ways(self) -> dict[str, tuple[tuple[Way, ...], ...]]:
        """By view, the ways of each of its joins, the best one first."""
        return {
            v.name: tuple(tuple(_way(j, c) for c in (j.chosen, *j.refused)) for j in found)
            for v in self.views
            if (found := self.inferred.joins.get(v.name))
        }

    def followed(self, policy: ExecutionPolicy) -> dict[str, bytes]:
        """The plan of every view, joined as the policy says."""
        chosen, session = policy.section("join"), self.inferred.session
        plans = {}
        for view in self.views:
            joins = self.inferred.joins.get(view.name, ())
            subjects = (f"{view.name} {n}" if n else view.name for n in range(len(joins)))
            said = (chosen.get(subject, "") for subject in subjects)
            taken = tuple(map(_taken, joins, said))
            frame = self.frames[view.name]
            if taken != joins:
                others = {**self.inferred.joins, view.name: taken}
                other = emit(view, msgspec.structs.replace(self.inferred, joins=others))
                frame = session.sql(other)
            plans[view.name] = serialised(frame, session)
        return plans

    def relations(self) -> list[dict[str, object]]:
        """What each view that relates was made of, for those who ask why an edge is there."""
        related = ((v, v.made_of) for v in self.views if isinstance(v.made_of, Relation))
        return [
            {"name": v.name, "kind": r.kind, "tables": v.inputs, "adds": r.adds, "trust": r.trust}
            | {"joins": [*map(join_text, self.inferred.joins.get(v.name, ()))]}
            for v, r in related
        ]


def _way(join: JoinDecision, way: Candidate) -> Way:
    keys = " and ".join(f"{join.left}.{k.left} = {join.right}.{k.right}" for k in way.keys)
    return Way(f"{way.strategy}: {keys}", way.confidence, way.evidence)


def _taken(join: JoinDecision, said: str) -> JoinDecision:
    """The decision with the way that a policy names; as it is where it names none of them."""
    ways = (join.chosen, *join.refused)
    chosen = next((way for way in ways if _way(join, way).text == said), join.chosen)
    others = tuple(way for way in ways if way is not chosen)
    return msgspec.structs.replace(join, chosen=chosen, refused=others)


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
    facts: dict[str, PlanFacts] = {}
    ordered = chain.from_iterable(generations({v.name: v.inputs for v in views}))
    frames = {name: inferred.session.sql(sql[name]) for name in ordered}
    for name, frame in frames.items():
        grains = {n: f.grain for n, f in facts.items()}
        facts[name] = plan_facts(frame, inferred.schemas, upstream=grains, settings=PROFILES[BATCH])
    tasks = task_graph(facts, frozenset(tables))
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
        frames=frames,
        facts=facts,
        tasks=tasks,
        inferred=inferred,
        left_out=left_out,
        outputs={
            o.name: tuple(columns_of(schema_from_struct(o.struct), m)[0] for m in o.sort)
            for o in declared.outputs.values()
        },
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


def compile_build(layers: Sequence[str], witnesses: Mapping[str, str]) -> Compiled:
    """What a build with these arguments of `build` follows."""
    return compile_graph(evidence_schemas(), None, Asked(selected(layers), dict(witnesses)))


def evidence_schemas() -> dict[str, pa.Schema]:
    """Schemas of all tables that views may read, by name; those of plug-ins, too."""
    structs = {s for witness in witnesses().values() for s in witness.tables}
    known = {**SCHEMAS, **{table_name(s): schema_from_struct(s) for s in structs}}
    own = {n: known[n] for n in sorted(known) if n not in _NOT_EVIDENCE}
    return {**own, SCAN_PROBLEMS: schema_from_struct(Problem)}


def join_text(join: JoinDecision, way: Candidate | None = None) -> str:
    """A way to join, the chosen one if none is given, with its confidence and the evidence."""
    told = _way(join, way or join.chosen)
    return f"{told.text} ({told.confidence:.2f}: {told.evidence})"
