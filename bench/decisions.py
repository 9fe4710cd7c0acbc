"""What decisions are worth, on one repository: each rule of the optimiser, each profile of engine
settings, and running views at once. The evidence is gathered once; each variant runs the views over
it several times, in turn with the variant as shipped. CPU and wall of the views are told as shares
of the shipped ones (medians); 1.10 means that without the decision it costs a tenth more.

    python bench/decisions.py [REPO] [--times N]
"""

import argparse
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from unittest import mock

import msgspec

from codeanatomy import steps
from codeanatomy.compiled import Compiled, compile_build
from codeanatomy.engine.capabilities import capabilities
from codeanatomy.planned import Planned, machine
from codeanatomy.planning.schedule import schedule
from codeanatomy.planning.workload import PROFILES
from codeanatomy.report import Run
from codeanatomy.semantic import optimize
from codeanatomy.sources.scan import scan

Variant = Callable[[Compiled, Planned], Planned]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("repo", nargs="?", default="bench/.corpora/django-5.2.19", type=Path)
    parser.add_argument("--times", type=int, default=3)
    given = parser.parse_args()
    compiled = compile_build([], {})
    capabilities()
    with Run(None) as run:
        evidence = steps.gather(scan(given.repo), compiled, run, workers=2, cache=True)
        evidence = steps.resolve(evidence, compiled)

        def measured(one: Compiled, change: Variant) -> tuple[float, float]:
            """CPU and wall seconds of the views."""
            schemas = one.inferred.schemas
            nobodys = {n: schemas[n].empty_table() for n in one.wanted if n in schemas}
            tables = msgspec.structs.replace(evidence, tables={**nobodys, **evidence.tables})
            here = machine(used=run.memory.now())
            planned, tables, _ = steps.prepare(one, tables, None, here, "off")
            planned = change(one, planned)
            cpu, wall = time.process_time(), time.perf_counter()
            steps.run_views(one, tables, planned, "off", run)
            return time.process_time() - cpu, time.perf_counter() - wall

        variants: dict[str, tuple[Compiled, Variant]] = {}
        for rule in optimize.RULES:
            rest = tuple(r for r in optimize.RULES if r is not rule)
            with mock.patch.object(optimize, "RULES", rest):
                variants[f"without {rule.__name__}"] = compile_build([], {}), as_shipped
        for name in PROFILES:
            variants[f"session of {name}"] = compiled, settings(PROFILES[name])
        variants["default settings"] = compiled, settings({})
        variants["one view after the other"] = compiled, alone
        variants["nothing kept but outputs"] = compiled, nothing_kept
        for name, (one, change) in variants.items():
            pairs = [(measured(compiled, as_shipped), measured(one, change))
                     for _ in range(given.times)]  # fmt: skip
            cpu = statistics.median(b[0] / a[0] for a, b in pairs)
            wall = statistics.median(b[1] / a[1] for a, b in pairs)
            views = len(one.views)
            print(f"{name:<36} CPU {cpu:.2f}  wall {wall:.2f}  {views} views", flush=True)


def as_shipped(compiled: Compiled, planned: Planned) -> Planned:
    return planned


def settings(profile: dict[str, str]) -> Variant:
    """The session has this profile; names stay as declared in every one."""

    def change(compiled: Compiled, planned: Planned) -> Planned:
        kept = tuple(d for d in planned.policy.decisions if d.section != "session")
        model = next(d for d in planned.policy.decisions if d.section == "session")
        needed = {"datafusion.sql_parser.enable_ident_normalization": "false"}
        made = tuple(msgspec.structs.replace(model, subject=k, value=v)
                     for k, v in {**profile, **needed}.items())  # fmt: skip
        return msgspec.structs.replace(
            planned, policy=msgspec.structs.replace(planned.policy, decisions=kept + made)
        )

    return change


def alone(compiled: Compiled, planned: Planned) -> Planned:
    """No two views at once."""
    one = msgspec.structs.replace(planned.schedule.machine, cores=1)
    order = msgspec.structs.replace(planned.schedule, machine=one)
    return msgspec.structs.replace(planned, schedule=order)


def nothing_kept(compiled: Compiled, planned: Planned) -> Planned:
    """Views that several read are made again for each."""
    policy = planned.policy
    for view, value in policy.section("cache").items():
        if value == "memory":
            policy = policy.edited("cache", view, "none")
    known = planned.known
    order = schedule(known.tasks, known.estimates, policy.section("cache"), known.machine)
    return Planned(known, policy, order, planned.plans)


if __name__ == "__main__":
    main()
