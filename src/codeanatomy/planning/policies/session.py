"""With which settings the engine runs."""

from codeanatomy.facts.tables.artifacts import Decision
from codeanatomy.planning.signals import Signals
from codeanatomy.planning.workload import PROFILES


def decide(known: Signals) -> list[Decision]:
    """One decision per setting that is not the engine's default."""
    name = known.workload.value
    return [
        Decision(section="session", subject=key, value=value, reason=f"profile of {name}")
        for key, value in sorted(PROFILES[name].items())
    ]
