"""Which of the engine's functions a view cannot run without."""

from codeanatomy.facts.tables.artifacts import Decision
from codeanatomy.planning.signals import Signals


def decide(known: Signals) -> list[Decision]:
    """One decision per view that calls functions; the run refuses to start without them."""
    return [
        Decision(section="functions", subject=t.view, value=", ".join(needed), reason="its plan")
        for t in known.tasks
        if (needed := known.facts[t.view].functions)
    ]
