"""Front door: declarations to everything that a run follows, without running anything."""

from collections.abc import Mapping
from graphlib import CycleError, TopologicalSorter

import msgspec
import pyarrow as pa

from codeanatomy.cpg.model import model
from codeanatomy.facts.errors import DeclarationError
from codeanatomy.facts.schema import schema_from_struct, structs_of, table_name
from codeanatomy.facts.tables import constraints, graph, views
from codeanatomy.facts.tables.all import SCHEMAS
from codeanatomy.facts.tables.graph import Problem
from codeanatomy.facts.tables.source import SourceText
from codeanatomy.planning.policy import SESSION, ExecutionPolicy, compile_policy
from codeanatomy.planning.tasks import Task, task_graph
from codeanatomy.plans.facts import PlanFacts, plan_facts, planning_session
from codeanatomy.semantic.compile import ViewNode, compile_views
from codeanatomy.semantic.declare import Model
from codeanatomy.semantic.emit import emit
from codeanatomy.semantic.infer import infer
from codeanatomy.semantic.joins import JoinDecision
from codeanatomy.semantic.optimize import optimize

SCAN_PROBLEMS = "scan_problem"  # problems of the scan, in the shape of the final table


SOLVER_TABLES = frozenset(map(table_name, structs_of(constraints)))  # the solver alone reads these
_MADE = {table_name(struct) for module in (graph, views) for struct in structs_of(module)}
_NOT_EVIDENCE = SOLVER_TABLES | _MADE | {table_name(SourceText)}


class Compiled(msgspec.Struct, frozen=True):
    """What a run follows: views, their SQL, schemas, plan facts, tasks in order, policy."""

    views: tuple[ViewNode, ...]
    sql: dict[str, str]
    schemas: dict[str, pa.Schema]
    facts: dict[str, PlanFacts]
    tasks: tuple[Task, ...]
    joins: dict[str, tuple[JoinDecision, ...]]
    policy: ExecutionPolicy


def compile_graph(tables: Mapping[str, pa.Schema], declared: Model | None = None) -> Compiled:
    """Compiles the declarations against the schemas of the evidence tables."""
    declared = declared or model()
    inferred = infer(compile_views(declared, tables), tables)
    views = optimize(inferred.views, declared.outputs)
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
    return Compiled(views, sql, inferred.schemas, facts, tasks, inferred.joins, policy)


def _inputs_first(views: tuple[ViewNode, ...]) -> list[str]:
    """Names of the views, each after the views it reads."""
    names = {v.name for v in views}
    sorter = TopologicalSorter({v.name: [i for i in v.inputs if i in names] for v in views})
    try:
        return list(sorter.static_order())
    except CycleError as e:
        raise DeclarationError(f"views read each other in a circle: {e.args[1]}") from None


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

    tables: tuple[str, ...]
    views: tuple[PlannedView, ...]
    policy: str


def plan() -> Plan:
    """The plan of a build over the declared tables; nothing is read or run."""
    tables = evidence_schemas()
    compiled = compile_graph(tables)
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
    return Plan(tuple(sorted(tables)), tuple(views), compiled.policy.fingerprint)


def evidence_schemas() -> dict[str, pa.Schema]:
    """Schemas of all tables that views may read, by name."""
    own = {n: s for n, s in SCHEMAS.items() if n not in _NOT_EVIDENCE}
    return {**own, SCAN_PROBLEMS: schema_from_struct(Problem)}


def _join_text(join: JoinDecision) -> str:
    keys = " and ".join(f"{join.left}.{k.left} = {join.right}.{k.right}" for k in join.chosen.keys)
    return f"{join.chosen.strategy}: {keys} ({join.chosen.confidence:.2f}: {join.chosen.evidence})"
