"""Each code is triggered by one crafted input, and nothing else is reported."""

from collections.abc import Callable

import msgspec
import pytest

from codeanatomy.facts.errors import PlanError
from codeanatomy.planning.policy import compile_policy
from codeanatomy.planning.schedule import schedule
from codeanatomy.planning.signals import Machine, Way
from codeanatomy.planning.validate import RULES, Checked, not_as_planned, refuse, validate
from tests.planning.views import signals

GOOD, POOR = Way("foreign key: t.a = u.a", 0.95, "a"), Way("same file: t.b = u.b", 0.3, "b")
Crafted = Callable[[Checked], Checked]


def checked(**more: object) -> Checked:
    """A sound policy, its signals, and an engine that has what it needs."""
    known = signals(joins={"j": ((GOOD, POOR),)}, **more)
    policy = compile_policy(known)
    planned = schedule(known.tasks, known.estimates, policy.section("cache"), known.machine)
    return Checked(policy, known, planned, {"abs"})


def edited(section: str, subject: str, value: str) -> Crafted:
    """Decided otherwise by hand."""
    return lambda c: msgspec.structs.replace(c, policy=c.policy.edited(section, subject, value))


def without(section: str, subject: str) -> Crafted:
    """A decision is missing."""

    def craft(c: Checked) -> Checked:
        kept = tuple(d for d in c.policy.decisions if (d.section, d.subject) != (section, subject))
        return msgspec.structs.replace(c, policy=msgspec.structs.replace(c.policy, decisions=kept))

    return craft


def renamed(section: str, subject: str, name: str) -> Crafted:
    """A decision is about something else."""

    def craft(c: Checked) -> Checked:
        changed = tuple(
            msgspec.structs.replace(d, subject=name)
            if (d.section, d.subject) == (section, subject)
            else d
            for d in c.policy.decisions
        )
        policy = msgspec.structs.replace(c.policy, decisions=changed)
        return msgspec.structs.replace(c, policy=policy)

    return craft


def joined(*ways: Way) -> Crafted:
    """Inference found these ways to join."""

    def craft(c: Checked) -> Checked:
        known = signals(joins={"j": (ways,)})
        return msgspec.structs.replace(c, known=known, policy=compile_policy(known))

    return craft


def planned_as(**facts: object) -> Crafted:
    """The plan of a view has these facts."""

    def craft(c: Checked) -> Checked:
        one = msgspec.structs.replace(c.known.facts["j"], **facts)
        known = signals(joins=c.known.joins)
        known = msgspec.structs.replace(known, facts={**known.facts, "j": one})
        return msgspec.structs.replace(c, known=known)

    return craft


CRAFTED: dict[str, tuple[str, Crafted]] = {
    "VIEW_UNDECIDED": ("j", without("cache", "j")),
    "VIEW_UNKNOWN": ("gone", renamed("functions", "w", "gone")),
    "TABLE_UNKNOWN": ("gone", renamed("scan", "u", "gone")),
    "VALUE_UNKNOWN": ("t", edited("scan", "t", "none")),
    "OUTPUT_NOT_KEPT": ("w", edited("cache", "w", "memory")),
    "JOIN_UNKNOWN": ("j", edited("join", "j", "by name")),
    "JOIN_WEAK": ("j", joined(POOR)),
    "JOIN_CLOSE": ("j", joined(GOOD, msgspec.structs.replace(GOOD, text="symbol: t.b = u.b"))),
    "FUNCTION_MISSING": ("w", edited("functions", "w", "abs, frobnicate")),
    "PLAN_OPAQUE": ("j", planned_as(opaque=("node Magic",))),
    "PLAN_SLOW_DISTINCT": ("j", planned_as(slow_distinct=True)),
    "MEMORY_EXCEEDED": ("run", lambda c: checked(machine=Machine(2, 1 << 20, 2 << 20))),
}


def test_a_sound_policy_passes() -> None:
    assert validate(checked(), "error") == []


def test_every_code_is_crafted() -> None:
    assert sorted(CRAFTED) == sorted(rule.code for rule in RULES)


@pytest.mark.parametrize("code", sorted(CRAFTED))
def test_one_crafted_input_per_code(code: str) -> None:
    subject, craft = CRAFTED[code]
    rule = next(rule for rule in RULES if rule.code == code)
    bad = craft(checked())
    if rule.severity == "error":
        with pytest.raises(PlanError, match=code):
            validate(bad)
        found = [rule.code for rule in RULES for _ in rule.find(bad)]
        assert found == [code]
    else:
        [finding] = validate(bad)
        assert (finding.code, finding.severity, finding.subject) == (code, "warning", subject)
        assert finding.remedy and finding.message
        with pytest.raises(PlanError, match=code):
            validate(bad, "error")
    assert validate(bad, "off") == []


def test_findings_are_the_same_each_time() -> None:
    bad = CRAFTED["JOIN_WEAK"][1](checked())
    assert validate(bad) == validate(bad)


def test_what_ran_is_held_against_what_was_planned() -> None:
    planned = checked().planned
    ran = [one.view for one in planned.tasks]
    assert not_as_planned(planned, ran) == []
    [lost] = not_as_planned(planned, ran[1:])
    [more] = not_as_planned(planned, [*ran, "uninvited"])
    assert (lost.code, lost.subject, more.subject) == ("TASKS_DIFFER", ran[0], "uninvited")
    with pytest.raises(PlanError, match="TASKS_DIFFER"):
        refuse([lost], "warn")
