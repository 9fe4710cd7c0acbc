"""What is measured while a run goes on."""

from codeanatomy.facts.tables.artifacts import Decision
from codeanatomy.planning.signals import Signals
from codeanatomy.planning.workload import QUERY


def decide(known: Signals) -> list[Decision]:
    """Whether the engine's own counters are read after each task."""
    value, reason = "on", "later runs plan by them"
    if known.capabilities.get("operator metrics") == "no":
        value, reason = "off", "this engine does not tell them"
    elif known.workload.value == QUERY:
        value, reason = "off", "an answer is not kept"
    return [Decision(section="diagnostics", subject="operators", value=value, reason=reason)]
