"""Front door: a repository in, a snapshot of its graph out. `build` reads as the table of
contents."""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from codeanatomy.engine.store import Store
from codeanatomy.facts.canonical import code_digest, fingerprint
from codeanatomy.facts.collect import offered
from codeanatomy.facts.errors import UsageError
from codeanatomy.facts.tables.artifacts import MODES, Finding, Measurement
from codeanatomy.report import BuildReport, Progress, Run
from codeanatomy.sources.scan import Repository, scan


def build(
    repo: str | Path = ".",
    *,
    out: str | Path | None = None,
    roots: Sequence[str] = (),
    include: Sequence[str] = (),
    exclude: Sequence[str] = (),
    layers: Sequence[str] = (),
    witnesses: Mapping[str, str] | None = None,
    workers: int | None = None,
    memory: int | None = None,
    validation: str = "warn",
    cache: bool = True,
    on_progress: Progress | None = None,
) -> BuildReport:
    """Builds the graph of a repository and publishes it as one snapshot.

    `layers` are those of `cpg.kinds.LAYERS`, or single kinds of edges; none given: all. `witnesses`
    are those on demand, each with what it is to read ('' where it finds that by itself).

    `memory` is how many bytes the run may use (None: most of what there is); what does not fit is
    kept on disk, and less runs at once. `validation` says what stops the build: `warn` errors of
    schemas, joins and policy, `error` warnings as well, `off` nothing; what is found is recorded.

    An unchanged tree extracts nothing and publishes nothing. Nothing of the repository is imported
    or run. Raises CodeAnatomyError for misuse; trouble with single files becomes problem rows.
    """
    if validation not in MODES:
        raise UsageError(f"validation cannot be {validation!r}, only {', '.join(MODES)}")
    repository = Path(repo)
    folder = Path(out) if out is not None else repository / ".codeanatomy"
    asked = {"layers": sorted(layers), "witnesses": dict(witnesses or {})}
    scope = {"roots": [*roots], "include": [*include], "exclude": [*exclude]}
    with Run(on_progress) as run:
        with run.phase("scan"):
            scanned = scan(repository, **scope, out=folder)
            inputs = fingerprint([code_digest(), offered(), scope, asked, _scan_facts(scanned)])
        store = Store(folder).create()
        with store.lock():
            last = store.current()
            same = last is not None and last.facts["inputs"] == inputs
            if last is not None and same and not witnesses:  # what those read is not ours to know
                return run.report(str(folder), last, new=False, cached=scanned.files.num_rows)

            # only a changed tree needs the engine: an unchanged one is answered without loading it
            from codeanatomy import artifacts, steps
            from codeanatomy.compiled import compile_build
            from codeanatomy.planned import machine

            with run.phase("compile"):
                compiled = compile_build(layers, witnesses or {})
            with run.phase("extract"):
                evidence = steps.gather(scanned, compiled, run, workers=workers, cache=cache)
            with run.phase("resolve"):
                evidence = steps.resolve(evidence, compiled)
            with run.phase("plan"):
                here = machine(memory, run.memory.now())
                planned, evidence, drift = steps.prepare(compiled, evidence, last, here, validation)
            with run.phase("execute"):
                outputs, found = steps.run_views(
                    compiled, evidence, planned, validation, run, scratch=store.path / "tmp"
                )
            with run.phase("check"):
                steps.check(outputs)
            with run.phase("store"):
                tables, facts = steps.finish(outputs, scanned, evidence, compiled)
                facts |= {"inputs": inputs, "scope": scope, "asked": asked, "ref": scanned.ref}
                facts |= {"commit": scanned.commit, "dirty": scanned.dirty}
                facts["repository"] = os.path.relpath(scanned.root, folder.resolve())
                facts |= artifacts.package_facts(compiled, planned, inputs)
                told: list[Finding | Measurement] = [*evidence.witnessed, *drift, *found]
                said = artifacts.recorded(compiled, planned, run, scanned, told)
                snapshot = store.commit(tables, facts, planned.policy.listed("output"), said)
                store.maintain(planned.policy.section("maintenance"))
        return run.report(
            str(folder),
            snapshot,
            new=last is None or snapshot.number != last.number,
            extracted=evidence.extracted,
            cached=evidence.cached,
        )


def _scan_facts(scanned: Repository) -> list[object]:
    """All that a graph depends on: paths, module names, contents, what was skipped, the commit."""
    tables = [scanned.files, scanned.skipped, scanned.roots, scanned.problems]
    return [*(t.to_pydict() for t in tables), scanned.ref, scanned.commit, scanned.dirty]
