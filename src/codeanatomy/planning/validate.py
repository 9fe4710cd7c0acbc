"""What a policy can have wrong with it, one rule per code; nothing is changed here."""

from collections.abc import Callable, Collection, Iterator

import msgspec

from codeanatomy.facts.errors import PlanError
from codeanatomy.facts.tables.artifacts import ERROR, OFF, WARN, Finding
from codeanatomy.planning.policies import cache
from codeanatomy.planning.policy import ExecutionPolicy
from codeanatomy.planning.schedule import Schedule
from codeanatomy.planning.signals import Signals

WEAK, CLOSE = 0.5, 0.05  # confidence of a join; lead over the runner-up


class Checked(msgspec.Struct, frozen=True):
    """What the rules look at: the policy, what it was compiled from, the schedule, and the
    functions that the live session has. (Its settings are read back where they are applied.)"""

    policy: ExecutionPolicy
    known: Signals
    planned: Schedule
    functions: Collection[str]


Found = Iterator[tuple[str, str]]  # subject, message


class Rule(msgspec.Struct, frozen=True):
    """A code, how bad it is, what to do about it, and what finds it."""

    code: str
    severity: str
    remedy: str
    find: Callable[[Checked], Found]


def _without_cache(c: Checked) -> Found:
    decided = c.policy.section("cache")
    return ((t.view, "is not decided about") for t in c.known.tasks if t.view not in decided)


def _unknown_view(c: Checked) -> Found:
    views = {t.view for t in c.known.tasks}
    decided = {**c.policy.section("cache"), **c.policy.section("functions")}
    return ((name, "is no view of this run") for name in decided if name not in views)


def _unknown_table(c: Checked) -> Found:
    tables = set(c.known.tables)
    return ((n, "is read by no view") for n in c.policy.section("scan") if n not in tables)


def _bad_value(c: Checked) -> Found:
    for name, value in c.policy.section("cache").items():
        if value not in cache.VALUES:
            yield name, f"cannot be kept in {value!r}, only in {', '.join(cache.VALUES)}"
    for name, value in c.policy.section("scan").items():
        if not value.isdecimal() or int(value) < 1:
            yield name, f"cannot be read in {value!r} parts"


def _output_not_kept(c: Checked) -> Found:
    decided = c.policy.section("cache")
    made = (t.view for t in c.known.tasks if t.view in c.known.outputs)
    return ((n, f"is a final table, but kept in {decided.get(n)!r}") for n in made
            if decided.get(n, "output") != "output")  # fmt: skip


def _unknown_join(c: Checked) -> Found:
    for view, joins in c.known.joins.items():
        for number, ways in enumerate(joins):
            subject = view if number == 0 else f"{view} {number}"
            value = c.policy.section("join").get(subject)
            if value is not None and value not in {way.text for way in ways}:
                yield subject, f"cannot be joined by {value!r}"


def _weak_join(c: Checked) -> Found:
    joins = (d for d in c.policy.decisions if d.section == "join")
    return ((d.subject, f"joins by {d.value}") for d in joins if d.confidence < WEAK)


def _close_join(c: Checked) -> Found:
    for d in (d for d in c.policy.decisions if d.section == "join" and d.refused):
        if d.confidence - d.evidence.get("runner-up", 0.0) < CLOSE:
            yield d.subject, f"{d.value} is hardly better than {d.refused[0]}"


def _missing_function(c: Checked) -> Found:
    for view, names in c.policy.listed("functions").items():
        if missing := sorted(set(names) - set(c.functions)):
            yield view, f"needs {', '.join(missing)}, which the engine does not have"


def _opaque(c: Checked) -> Found:
    facts = c.known.facts.items()
    return ((n, f"was not understood: {', '.join(f.opaque)}") for n, f in facts if f.opaque)


def _slow_distinct(c: Checked) -> Found:
    facts = c.known.facts.items()
    return ((n, "counts distinct values beside other aggregates") for n, f in facts
            if f.slow_distinct)  # fmt: skip


def _over_memory(c: Checked) -> Found:
    peak, memory = c.planned.peak, c.planned.machine.memory
    if memory is not None and peak > memory:
        yield "run", f"may need {peak >> 20} MiB, {memory >> 20} MiB are there"


_AGAIN = "compile the policy anew instead of changing it by hand"
RULES = (
    Rule("VIEW_UNDECIDED", "error", _AGAIN, _without_cache),
    Rule("VIEW_UNKNOWN", "warning", _AGAIN, _unknown_view),
    Rule("TABLE_UNKNOWN", "warning", _AGAIN, _unknown_table),
    Rule("VALUE_UNKNOWN", "error", "choose one of the values named", _bad_value),
    Rule("OUTPUT_NOT_KEPT", "error", "keep it as `output`", _output_not_kept),
    Rule("JOIN_UNKNOWN", "error", "choose one that `plan --ir` lists", _unknown_join),
    Rule("JOIN_WEAK", "warning", "annotate the columns or say `on` in the relation", _weak_join),
    Rule("JOIN_CLOSE", "warning", "say `on` in the relation", _close_join),
    Rule("FUNCTION_MISSING", "error", "use another function in the view", _missing_function),
    Rule("PLAN_OPAQUE", "warning", "write the view in other words", _opaque),
    Rule("PLAN_SLOW_DISTINCT", "warning", "group twice: by key and value, by key", _slow_distinct),
    Rule("MEMORY_EXCEEDED", "warning", "give it more with --memory, or ask for fewer --layers",
         _over_memory),
)  # fmt: skip


def validate(checked: Checked, mode: str = WARN) -> list[Finding]:
    """All findings in the order of the rules. Raises PlanError for errors, in mode `error` for
    warnings, too; in mode `off` nothing is looked at."""
    if mode == OFF:
        return []
    found = [
        Finding("policy", rule.code, rule.severity, subject, message, rule.remedy)
        for rule in RULES
        for subject, message in rule.find(checked)
    ]
    refuse(found, mode)
    return found


def not_as_planned(planned: Schedule, ran: Collection[str]) -> list[Finding]:
    """Tasks that were planned and did not run, or ran without being planned."""
    expected = {one.view for one in planned.tasks}
    return [
        Finding("policy", "TASKS_DIFFER", "error", view, "was planned or ran, not both", _AGAIN)
        for view in sorted(expected.symmetric_difference(ran))
    ]


def refuse(found: list[Finding], mode: str) -> None:
    """Raises PlanError naming the first finding that the mode does not let pass."""
    refused = {WARN: ("error",), ERROR: ("error", "warning")}.get(mode, ())
    if wrong := [f for f in found if f.severity in refused]:
        more = f" (and {len(wrong) - 1} more)" if wrong[1:] else ""
        one = wrong[0]
        raise PlanError(f"{one.code}: {one.subject} {one.message}; {one.remedy}{more}")
