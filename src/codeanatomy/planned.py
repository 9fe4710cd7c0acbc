"""Front door: what is compiled and what is known of data and machine to a policy and a schedule,
without running anything."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from codeanatomy.compiled import Compiled, compile_build, join_text
from codeanatomy.engine.capabilities import decisive
from codeanatomy.engine.history import measured, past, sizes_of
from codeanatomy.engine.manifest import Snapshot
from codeanatomy.engine.memory import memory_limit
from codeanatomy.engine.store import Store
from codeanatomy.extract.foreman import usable_cpus
from codeanatomy.facts.errors import StoreError
from codeanatomy.facts.tables.artifacts import Decision, Measurement
from codeanatomy.planning.estimate import Size
from codeanatomy.planning.policy import ExecutionPolicy, compile_policy
from codeanatomy.planning.schedule import Schedule, schedule
from codeanatomy.planning.signals import Machine, Signals
from codeanatomy.planning.workload import classify


class Planned(msgspec.Struct, frozen=True):
    """A policy, the schedule that follows from it, what it was decided from; and for a run, the
    plans that it executes."""

    known: Signals
    policy: ExecutionPolicy
    schedule: Schedule
    plans: dict[str, bytes] = {}

    def expected(self) -> list[Measurement]:
        """What the run is expected to take, in numbers."""
        tasks = [(one.view, msgspec.structs.asdict(one)) for one in self.schedule.tasks]
        run = {"milliseconds": self.schedule.milliseconds, "peak bytes": self.schedule.peak}
        return [
            Measurement("estimate", view, what, float(value))
            for view, numbers in [*tasks, ("run", run)]
            for what, value in numbers.items()
            if what != "view"
        ]


def decide(
    compiled: Compiled,
    workload: Decision,
    sizes: Mapping[str, Size],
    snapshot: Snapshot | None,
    machine: Machine,
) -> Planned:
    """The policy and schedule of a run over evidence of these sizes, by a store's last graph."""
    known = Signals(
        tasks=compiled.tasks,
        facts=compiled.facts,
        schemas=compiled.inferred.schemas,
        outputs=compiled.outputs,
        workload=workload,
        joins=compiled.ways(),
        sizes=sizes,
        past=past(measured(snapshot)),
        versions={n: t.version for n, t in snapshot.tables.items()} if snapshot else {},
        machine=machine,
        capabilities=decisive(),
    )
    policy = compile_policy(known)
    return following(policy, known)


def following(policy: ExecutionPolicy, known: Signals) -> Planned:
    """The policy with the schedule that follows from it."""
    cache = policy.section("cache")
    return Planned(known, policy, schedule(known.tasks, known.estimates, cache, known.machine))


def machine(memory: int | None = None, used: int = 0) -> Machine:
    """The processors and bytes that a run may use here; `memory` is what it was given, None: what
    the machine and its control group leave it."""
    return Machine(usable_cpus(), memory or memory_limit(), used)


class PlannedView(msgspec.Struct, frozen=True):
    """One view as `codeanatomy plan` shows it."""

    view: str
    kind: str  # of the six
    generation: int  # views of one generation do not wait for each other
    cache: str  # where its rows are kept: output, memory, staging, none
    reason: str
    reads: dict[str, tuple[str, ...]]  # table or view -> required columns
    grain: str
    grain_reason: str
    joins: tuple[str, ...]
    fingerprint: str
    rows: int | None  # None: nobody knows
    milliseconds: float | None
    critical: bool


class Plan(msgspec.Struct, frozen=True):
    """What a build would do, in order, and the fingerprint of its policy."""

    workload: str
    witnesses: tuple[str, ...]
    tables: tuple[str, ...]
    views: tuple[PlannedView, ...]
    critical_path: tuple[str, ...]
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
        name: tuple(tuple(join_text(j, c) for c in (j.chosen, *j.refused)) for j in found)
        for name, found in sorted(compiled.inferred.joins.items())
        if found
    }
    views = {v.name: (v.kind, v.inputs) for v in compiled.inferred.views}
    return Phases(views, joins, compiled.left_out, compiled.sql)


def plan(
    repo: str | Path = ".", layers: Sequence[str] = (), witnesses: Mapping[str, str] | None = None
) -> Plan:
    """The plan of a build of the repository with these arguments, by what its last build measured,
    if there was one; nothing is read of it or run."""
    compiled = compile_build(layers, witnesses or {})
    try:
        snapshot = Store(Path(repo) / ".codeanatomy").open().current()
    except StoreError:
        snapshot = None
    sizes = sizes_of(measured(snapshot))
    # everywhere the same: processors and memory are those of a build, not of a plan
    workload = classify(stored=snapshot is not None)
    planned = decide(compiled, workload, sizes, snapshot, Machine())
    kept = {d.subject: d for d in planned.policy.decisions if d.section == "cache"}
    kinds = {v.name: v.kind for v in compiled.views}
    views = []
    for task in compiled.tasks:
        name, facts = task.view, compiled.facts[task.view]
        expected = planned.known.estimates[name] if sizes else None
        described = PlannedView(
            view=name,
            kind=kinds[name],
            generation=task.generation,
            cache=kept[name].value,
            reason=kept[name].reason,
            reads=task.reads,
            grain=facts.grain.absolute,
            grain_reason=facts.grain.reason,
            joins=tuple(map(join_text, compiled.inferred.joins.get(name, ()))),
            fingerprint=facts.fingerprint,
            rows=expected.rows if expected else None,
            milliseconds=round(expected.milliseconds, 3) if expected else None,
            critical=expected is not None and name in planned.schedule.critical_path,
        )
        views.append(described)
    read = {table for t in compiled.tasks for table in t.reads} - kinds.keys()
    return Plan(
        workload=workload.value,
        witnesses=tuple(sorted(w.name for w in compiled.witnesses)),
        tables=tuple(sorted(read)),
        views=tuple(views),
        critical_path=planned.schedule.critical_path if sizes else (),
        policy=planned.policy.fingerprint,
    )
