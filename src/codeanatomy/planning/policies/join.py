"""Along which columns a view joins: the way that inference found best, and those it refused."""

from collections.abc import Iterator

from codeanatomy.facts.tables.artifacts import Decision
from codeanatomy.planning.signals import Signals


def decide(known: Signals) -> Iterator[Decision]:
    """One decision per join; the subject is the view, with the number of the join where it has
    several."""
    for task in known.tasks:
        joins = known.joins.get(task.view, ())
        for number, (best, *others) in enumerate(joins):
            yield Decision(
                section="join",
                subject=task.view if number == 0 else f"{task.view} {number}",
                value=best.text,
                reason=best.evidence,
                evidence={"runner-up": max((w.confidence for w in others), default=0.0)},
                refused=tuple(way.text for way in others),
                confidence=best.confidence,
            )
