"""Front door: the steps of a build that need the engine, one function each."""

import contextlib
import gc
import time
from collections.abc import Mapping
from itertools import chain
from pathlib import Path

import msgspec
import pyarrow as pa

from codeanatomy.compiled import ANSWERS, SCAN_PROBLEMS, SOLVER_TABLES, Compiled
from codeanatomy.cpg.kinds import EDGE_KINDS, NODE_KINDS
from codeanatomy.cpg.model import constants
from codeanatomy.engine import checks
from codeanatomy.engine.capabilities import functions
from codeanatomy.engine.execute import execute
from codeanatomy.engine.execution import Execution
from codeanatomy.engine.manifest import Snapshot
from codeanatomy.engine.session import register, session
from codeanatomy.extract.cache import default_cache
from codeanatomy.extract.run import extract
from codeanatomy.extract.witness import Survey, Surveyed, Trouble
from codeanatomy.extract.witnesses import by_rank
from codeanatomy.facts.authority import aligned, authority
from codeanatomy.facts.collect import declared, plugins
from codeanatomy.facts.errors import GraphError
from codeanatomy.facts.problem import CODES
from codeanatomy.facts.schema import schema_from_struct, table_name, table_of
from codeanatomy.facts.tables.artifacts import ERROR, Finding, Measurement
from codeanatomy.facts.tables.graph import Problem
from codeanatomy.facts.tables.source import SourceText
from codeanatomy.planned import Planned, decide
from codeanatomy.planning.estimate import Size
from codeanatomy.planning.signals import Machine
from codeanatomy.planning.validate import Checked, not_as_planned, refuse, validate
from codeanatomy.planning.workload import classify
from codeanatomy.report import Run, call_sites, graph_facts, witness_facts
from codeanatomy.resolve.solve import solve
from codeanatomy.semantic.declare import Entity, Relation
from codeanatomy.sources.reading import as_scanned
from codeanatomy.sources.scan import Repository

TEXTS = "texts"  # the table of source texts; it is no view
_WHOSE = "a declaration of yours or of a plug-in may be wrong (docs/adding.md); else report this"


class Evidence(msgspec.Struct, frozen=True):
    """All evidence tables by name, how the extraction went, what the snapshot says of it, and what
    each witness gave."""

    tables: dict[str, pa.Table]
    extracted: int
    cached: int
    facts: dict[str, object]
    witnessed: list[Measurement]


def gather(
    scanned: Repository, compiled: Compiled, run: Run, *, workers: int | None, cache: bool
) -> Evidence:
    """What the witnesses say about the files, beside the tables of the scan itself."""
    chosen = compiled.witnesses
    found = extract(
        scanned.files,
        scanned.root,
        by_rank(chosen),
        wanted=compiled.wanted,
        workers=workers,
        cache=default_cache() if cache else None,
        on_progress=lambda done, of: run.on_progress("extract", done, of),
    )
    tables = {
        "source_file": scanned.files,
        "skipped_file": scanned.skipped,
        "source_root": scanned.roots,
        "construct_kind": constants(),
        **found.tables,
    }
    seconds = dict(found.seconds)
    troubles = [_problem_row("plugins", Trouble("plugin-failed", told)) for told in plugins()[1]]
    for survey, asked in chosen.items():
        if isinstance(survey, Survey):
            run.on_progress(f"witness {survey.name}", 0, 0)
            began = time.perf_counter()
            surveyed = _surveyed(survey, scanned, asked)
            seconds[survey.name] = time.perf_counter() - began
            tables |= surveyed.tables
            troubles += [_problem_row(survey.name, problem) for problem in surveyed.problems]
    tables[SCAN_PROBLEMS] = pa.concat_tables([scanned.problems, table_of(Problem, troubles)])
    events = [f"{e.kind}: {e.reason}" for e in found.events]
    troubled = (tables[name]["witness"].to_pylist() for name in ("file_problem", SCAN_PROBLEMS))
    witnessed = witness_facts(chosen, tables, chain.from_iterable(troubled), seconds)
    return Evidence(tables, found.extracted, found.cached, {"events": events}, witnessed)


def _surveyed(survey: Survey, scanned: Repository, asked: str) -> Surveyed:
    """What a survey found; nothing but a problem where it fails."""
    try:
        return survey.read(scanned.root, scanned.files, scanned.roots["path"].to_pylist(), asked)
    except Exception as error:  # noqa: BLE001 - a witness's call, on input that nobody trusts
        problem = Trouble("witness-failed", f"{type(error).__name__}: {error}"[:300])
        empty = {table_name(s): schema_from_struct(s).empty_table() for s in survey.tables}
        return Surveyed(empty, (problem,))


def _problem_row(witness: str, found: Trouble) -> tuple[object, ...]:
    severity = CODES[found.code].severity
    place = (found.path, found.bstart, found.bend, found.line)
    return "extract", witness, found.code, severity, found.message, *place


def resolve(evidence: Evidence, compiled: Compiled) -> Evidence:
    """The evidence with the answers of the resolution solver instead of its constraint rows; none
    where nobody reads them."""
    tables = dict(evidence.tables)
    rows = {name: tables.pop(name) for name in SOLVER_TABLES}
    if not compiled.solves:
        empty = {name: schema_from_struct(s).empty_table() for name, s in ANSWERS.items()}
        facts = evidence.facts | {"call_sites": None}
        return msgspec.structs.replace(evidence, tables=tables | empty, facts=facts)
    answers, effort = solve(rows, tables["source_file"])
    gc.collect()  # the solver's state holds itself, and a build collects nothing by itself
    tables |= answers
    sites = call_sites(tables["call_site"].num_rows, tables["target"])
    facts = evidence.facts | {"call_sites": msgspec.to_builtins(sites), "resolution": effort}
    return msgspec.structs.replace(evidence, tables=tables, facts=facts)


def prepare(
    compiled: Compiled, evidence: Evidence, last: Snapshot | None, machine: Machine, mode: str
) -> tuple[Planned, Evidence, list[Finding]]:
    """What the views will follow, the evidence with exactly the columns that are declared, and what
    was wrong with it. Raises PlanError for what the mode does not let pass."""
    findings: list[Finding] = []
    tables = dict(evidence.tables)
    for name, table in evidence.tables.items():
        declares = compiled.inferred.schemas.get(name)
        if declares is not None and not declares.equals(table.schema, check_metadata=True):
            known = compiled.wanted.get(name, frozenset()).union(table.schema.names)
            struct = pa.schema(f for f in declares if f.name in known)
            findings += authority(name, observed=table.schema, struct=struct).findings
            try:
                tables[name] = aligned(table, declares)
            except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
                tables[name] = declares.empty_table()
                trouble = Trouble("witness-failed", f"{name} is not of its shape: {error}"[:300])
                row = table_of(Problem, [_problem_row("schema", trouble)])
                tables[SCAN_PROBLEMS] = pa.concat_tables([tables[SCAN_PROBLEMS], row])
    if mode == ERROR:
        refuse(findings, mode)
    evidence = msgspec.structs.replace(evidence, tables=tables)
    sizes = {name: Size(t.num_rows, t.nbytes) for name, t in tables.items()}
    files = evidence.extracted + evidence.cached
    workload = classify(files, evidence.extracted, last is not None)
    planned = decide(compiled, workload, sizes, last, machine)
    plans = compiled.followed(planned.policy)
    return msgspec.structs.replace(planned, plans=plans), evidence, findings


def run_views(
    compiled: Compiled,
    evidence: Evidence,
    planned: Planned,
    mode: str,
    run: Run,
    *,
    scratch: Path | None = None,
) -> tuple[dict[str, pa.Table], list[Finding]]:
    """The final tables, and what was found about the policy before they were made; tables of the
    evidence are let go as soon as nothing reads them any more. `scratch` is where views are staged;
    None: where the system keeps such things."""
    policy = planned.policy
    ctx = session(policy.section("session"))
    execution = Execution(compiled.manifest, {"staging": scratch} if scratch else {}, ctx)
    parts = policy.section("scan")
    with execution.only():
        execution.passes("readiness")
        found = validate(Checked(policy, planned.known, planned.schedule, functions(ctx)), mode)
        execution.passes("registration")
        while evidence.tables:
            name, table = evidence.tables.popitem()
            register(ctx, name, table, int(parts.get(name, 1)))
        made = execute(
            execution,
            compiled.tasks,
            plans=planned.plans,
            schemas=compiled.inferred.schemas,
            policy=policy,
            planned=planned.schedule,
            events=run.events,
        )
    pa.default_memory_pool().release_unused()
    differing = not_as_planned(planned.schedule, run.recorder.ran())
    refuse(differing, mode)
    return made, found + differing


def check(tables: Mapping[str, pa.Table]) -> None:
    """Raises GraphError when the graph breaks one of its laws; then nothing is published."""
    relations, entities = declared(Relation, plugins()[0]), declared(Entity, plugins()[0])
    of_edges = {k.kind for k in EDGE_KINDS}.union(r.kind for r in relations.values())
    of_nodes = {k.kind for k in NODE_KINDS}.union(e.kind for e in entities.values() if e.kind)
    broken = checks.broken_laws(tables, of_edges)
    if unknown := checks.unknown_kinds(tables["nodes"], of_nodes):
        broken.append(f"unknown kinds in nodes: {', '.join(unknown)}")
    if broken:
        raise GraphError(f"the graph breaks its laws: {'; '.join(broken)}; {_WHOSE}")


def finish(
    outputs: Mapping[str, pa.Table], scanned: Repository, evidence: Evidence, compiled: Compiled
) -> tuple[dict[str, pa.Table], dict[str, object]]:
    """The final tables with the source texts, and what the snapshot says."""
    facts = graph_facts(outputs) | evidence.facts
    facts["without"] = sorted(compiled.without)
    facts["relations"] = compiled.relations()
    return {**outputs, TEXTS: _texts(scanned)}, facts


def _texts(scanned: Repository) -> pa.Table:
    """The bytes of each distinct content; those of a file that changed since the scan are left
    out."""
    found: dict[str, bytes] = {}
    files = zip(*(scanned.files[c].to_pylist() for c in ("content", "path", "size")), strict=True)
    for content, path, size in sorted(files):
        if content not in found:
            with contextlib.suppress(OSError):
                found[content] = as_scanned(scanned.root / path, size, content)
    return table_of(SourceText, found.items())
