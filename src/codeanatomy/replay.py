"""Front door: a stored run once more, from what the store holds, into scratch space; the graph that
it makes is compared with the stored one, table by table."""

import tempfile
from collections.abc import Mapping
from pathlib import Path, PurePosixPath

import msgspec
import pyarrow as pa
from msgspec.structs import replace

from codeanatomy import steps
from codeanatomy.compiled import Compiled, compile_build
from codeanatomy.engine.content import content_hash
from codeanatomy.engine.history import rows
from codeanatomy.engine.manifest import Snapshot, load, numbers
from codeanatomy.engine.serialised import checked
from codeanatomy.engine.store import Store
from codeanatomy.facts.errors import PlanError, StoreError, UsageError
from codeanatomy.facts.tables.artifacts import Decision
from codeanatomy.planned import following, machine
from codeanatomy.planning.package import ExecutionPackage
from codeanatomy.planning.policy import ExecutionPolicy, compile_policy
from codeanatomy.planning.signals import Signals
from codeanatomy.planning.workload import WORKLOAD, named
from codeanatomy.report import Progress, Run
from codeanatomy.sources.scan import Repository


class Compared(msgspec.Struct, frozen=True):
    """One final table: its content as stored, and as the repeated run made it."""

    table: str
    stored: str
    repeated: str
    equal: bool


class Replay(msgspec.Struct, frozen=True):
    """What a repeated run gave: package, fingerprints of the policy as stored and as followed, each
    table, seconds by phase, bytes at the peak."""

    package: str
    policy: str
    followed: str
    equal: bool
    tables: tuple[Compared, ...]
    phases: dict[str, float]
    peak_memory: int


def replay(
    graph: str | Path = ".codeanatomy",
    *,
    package: str = "",
    changes: Mapping[tuple[str, str], str] | None = None,
    validation: str = "warn",
    workers: int | None = None,
    cache: bool = True,
    on_progress: Progress | None = None,
) -> Replay:
    """Repeats the run that made a snapshot of the store, by its own policy and plans, from the
    source texts and the results of the scan that it holds. The store is only read.

    `package` is the start of the package's id, '' the current graph's. `changes` are decisions to
    take otherwise: (section, subject) to value; another class of workload brings its whole policy.
    UsageError where there is no such package or decision, or what it needs is not stored; PlanError
    where this version of codeanatomy compiles other plans.
    """
    store = Store(Path(graph)).open()
    made_of, number = _found(store, package)
    with (
        store.pin(number) as snapshot,
        tempfile.TemporaryDirectory() as scratch,
        Run(on_progress) as run,
    ):
        with run.phase("compile"):
            compiled = compile_build(_layers(snapshot), {})
            policy = _policy(snapshot, compiled, made_of)
            _allow(policy, changes or {})
        with run.phase("scan"):
            scanned = _scanned(snapshot, Path(scratch))
        with run.phase("extract"):
            evidence = steps.gather(scanned, compiled, run, workers=workers, cache=cache)
        with run.phase("resolve"):
            evidence = steps.resolve(evidence, compiled)
        with run.phase("plan"):
            here = machine(used=run.memory.now())
            planned, evidence, _ = steps.prepare(compiled, evidence, None, here, validation)
            followed = _changed(policy, planned.known, changes or {})
            plans = _plans(snapshot, compiled, followed, changes or {})
            planned = replace(following(followed, planned.known), plans=plans)
        with run.phase("execute"):
            outputs, _ = steps.run_views(
                compiled, evidence, planned, validation, run, scratch=Path(scratch)
            )
        stored = snapshot.contents()
        made = {name: content_hash(table) for name, table in sorted(outputs.items())}
        tables = [Compared(n, stored.get(n, ""), h, h == stored.get(n)) for n, h in made.items()]
        return Replay(
            package=made_of.id,
            policy=policy.fingerprint,
            followed=followed.fingerprint,
            equal=all(one.equal for one in tables),
            tables=tuple(tables),
            phases=run.phases,
            peak_memory=run.memory.now(),
        )


def _allow(policy: ExecutionPolicy, changes: Mapping[tuple[str, str], str]) -> None:
    """Raises UsageError for a decision or a class of workload that there is not."""
    for (section, subject), value in changes.items():
        if subject not in policy.section(section):
            told = "see `codeanatomy show policy`"
            raise UsageError(f"the policy decides nothing about {section}.{subject}; {told}")
        if section == WORKLOAD:
            named(value)


def _changed(
    policy: ExecutionPolicy, known: Signals, changes: Mapping[tuple[str, str], str]
) -> ExecutionPolicy:
    """The policy, or that of the workload class among the changes, with all others made."""
    for (section, _), value in changes.items():
        if section == WORKLOAD:
            policy = compile_policy(replace(known, workload=named(value)))
    for (section, subject), value in changes.items():
        policy = policy.edited(section, subject, value)
    return policy


def _found(store: Store, start: str) -> tuple[ExecutionPackage, int]:
    """The package whose id starts so, of the newest snapshot first, and that one's number."""
    folder, known = store.path / "snapshots", []
    for number in sorted(numbers(folder), reverse=True):
        snapshot = load(folder, number)
        if snapshot is not None and "package" in snapshot.facts:
            made_of = msgspec.convert(snapshot.facts["package"], ExecutionPackage)
            made_of = replace(made_of, contents=snapshot.contents())
            known.append(made_of.id)
            if made_of.id.startswith(start):
                return made_of, number
    if not known:
        with store.pin():  # which says so where there is no graph at all
            raise UsageError("this graph is of an older version; run `codeanatomy build` again")
    raise UsageError(f"the store holds no package {start!r}, only {', '.join(known)}")


def _layers(snapshot: Snapshot) -> list[str]:
    """The layers that the graph was built with; UsageError where it also rests on witnesses that
    read what no store holds."""
    asked = msgspec.convert(snapshot.facts["asked"], dict[str, list[str] | dict[str, str]])
    if asked["witnesses"]:
        names = ", ".join(asked["witnesses"])
        raise UsageError(f"this graph also rests on {names}, which read what no store holds")
    return list(asked["layers"])


def _policy(snapshot: Snapshot, compiled: Compiled, made_of: ExecutionPackage) -> ExecutionPolicy:
    """The policy that the snapshot was made by."""
    if compiled.manifest != made_of.manifest:
        raise PlanError(
            f"this codeanatomy makes other plans ({compiled.manifest[:12]}) than the one that made "
            f"the graph ({made_of.manifest[:12]}); build again, or use that version"
        )
    stored = rows(snapshot, "decisions").to_pylist(maps_as_pydicts="strict")
    plans = {name: facts.fingerprint for name, facts in compiled.facts.items()}
    policy = ExecutionPolicy(tuple(msgspec.convert(stored, list[Decision])), plans)
    if policy.fingerprint != made_of.policy:
        raise StoreError("the stored decisions are not those that made the graph; build again")
    return policy


def _plans(
    snapshot: Snapshot,
    compiled: Compiled,
    followed: ExecutionPolicy,
    changes: Mapping[tuple[str, str], str],
) -> dict[str, bytes]:
    """The stored plans; new ones of views that are to be joined otherwise."""
    others = {subject.partition(" ")[0] for section, subject in changes if section == "join"}
    stored = dict(zip(*rows(snapshot, "plans").to_pydict().values(), strict=True))
    if stored.keys() != compiled.frames.keys():
        raise StoreError("the stored plans are not those of the graph's views; build again")
    kept = {view: plan for view, plan in stored.items() if view not in others}
    made = compiled.followed(followed) if others else {}
    return made | checked(kept, compiled.inferred.session)


def _scanned(snapshot: Snapshot, scratch: Path) -> Repository:
    """The scan as stored, its files laid out in the scratch folder. The store may come from
    anywhere: StoreError for what no scan can have found."""
    inputs = zip(*rows(snapshot, "inputs").to_pydict().values(), strict=True)
    texts = dict(zip(*rows(snapshot, "texts").to_pydict().values(), strict=True))
    told = {key: snapshot.facts[key] for key in ("ref", "commit", "dirty")}
    try:
        found = {name: pa.ipc.open_stream(stream).read_all() for name, stream in inputs}
        scanned = Repository(root=scratch, **found, **msgspec.convert(told, dict))
        paths, contents = (scanned.files[c].to_pylist() for c in ("path", "content"))
        for path, content in zip(paths, contents, strict=True):
            if content not in texts:
                changed = f"the text of {path} is not stored, as it changed while it was read"
                raise UsageError(f"{changed}; build again")
            place = scratch / PurePosixPath(path)
            if ".." in place.parts or not place.is_relative_to(scratch):
                raise StoreError(f"the store names a file outside of the repository: {path!r}")
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(texts[content])
    except (pa.ArrowInvalid, TypeError, KeyError, ValueError, OSError) as error:
        raise StoreError(f"the stored scan is damaged ({error}); build again") from error
    return scanned
