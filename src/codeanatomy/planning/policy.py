"""The execution policy: everything decided, compiled once, frozen, fingerprinted."""

from collections.abc import Callable, Iterable

import msgspec

from codeanatomy.facts.canonical import fingerprint
from codeanatomy.facts.tables.artifacts import Decision
from codeanatomy.planning.policies import (
    cache,
    diagnostics,
    functions,
    join,
    maintenance,
    output,
    scan,
    session,
)
from codeanatomy.planning.signals import Signals

Rule = Callable[[Signals], Iterable[Decision]]
RULES: tuple[Rule, ...] = tuple(
    one.decide for one in (session, functions, join, scan, cache, output, maintenance, diagnostics)
)


class ExecutionPolicy(msgspec.Struct, frozen=True):
    """What the executor follows: decisions, section by section, and the fingerprint of each view's
    plan. Its own fingerprint covers what was decided, not why."""

    decisions: tuple[Decision, ...]
    plans: dict[str, str]

    def section(self, name: str) -> dict[str, str]:
        """What was decided in a section, by subject."""
        return {d.subject: d.value for d in self.decisions if d.section == name}

    def listed(self, name: str) -> dict[str, list[str]]:
        """The same of a section whose values are lists."""
        return {subject: v.split(", ") for subject, v in self.section(name).items() if v}

    @property
    def fingerprint(self) -> str:
        """Equal for policies that decide the same about the same plans."""
        decided = sorted((d.section, d.subject, d.value) for d in self.decisions)
        return fingerprint([decided, self.plans])

    def edited(self, section: str, subject: str, value: str) -> "ExecutionPolicy":
        """The policy with one value changed by hand."""
        changed = tuple(
            msgspec.structs.replace(d, value=value, reason="changed by hand")
            if (d.section, d.subject) == (section, subject)
            else d
            for d in self.decisions
        )
        return msgspec.structs.replace(self, decisions=changed)


def compile_policy(known: Signals) -> ExecutionPolicy:
    """The policy for these signals; equal signals give an equal policy."""
    decided = [known.workload, *(decision for rule in RULES for decision in rule(known))]
    plans = {task.view: known.facts[task.view].fingerprint for task in known.tasks}
    return ExecutionPolicy(tuple(decided), plans)
