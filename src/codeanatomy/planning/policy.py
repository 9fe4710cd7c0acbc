"""The execution policy: everything decided, compiled once, frozen, fingerprinted."""

from collections.abc import Mapping, Sequence

import msgspec

from codeanatomy.facts.canonical import fingerprint
from codeanatomy.planning.policies import cache
from codeanatomy.planning.tasks import Decision, Task
from codeanatomy.plans.facts import PlanFacts

SESSION = {
    "datafusion.execution.batch_size": "65536",  # few, long batches: columns, not rows
    "datafusion.execution.collect_statistics": "false",  # evidence is in memory, counted already
    "datafusion.sql_parser.enable_ident_normalization": "false",  # names stay as declared
}


class ExecutionPolicy(msgspec.Struct, frozen=True):
    """What the executor follows, section by section."""

    cache: dict[str, Decision]
    joins: dict[str, list[object]]  # per view, the inferred joins with what was refused
    session: dict[str, str]
    plans: dict[str, str]  # fingerprint of each view's plan
    fingerprint: str


def compile_policy(
    tasks: Sequence[Task],
    facts: Mapping[str, PlanFacts],
    outputs: frozenset[str],
    joins: Mapping[str, list[object]],
) -> ExecutionPolicy:
    """The policy for these tasks; the same inputs give the same fingerprint."""
    policy = ExecutionPolicy(
        cache={t.view: cache.decide(t, facts[t.view], t.view in outputs) for t in tasks},
        joins={t.view: joins[t.view] for t in tasks if joins.get(t.view)},
        session=SESSION,
        plans={t.view: facts[t.view].fingerprint for t in tasks},
        fingerprint="",
    )
    return msgspec.structs.replace(policy, fingerprint=fingerprint(policy))
