"""How a final table is laid out: the columns that it is sorted by."""

from codeanatomy.facts.tables.artifacts import Decision
from codeanatomy.planning.signals import Signals


def decide(known: Signals) -> list[Decision]:
    """One decision per output."""
    made = {task.view for task in known.tasks}
    return [
        Decision(
            section="output",
            subject=name,
            value=", ".join(columns),
            reason="sorted by what look-ups ask for, as declared",
            evidence={"rows": float(known.estimates[name].rows)},
            confidence=known.estimates[name].confidence,
        )
        for name, columns in sorted(known.outputs.items())
        if name in made
    ]
