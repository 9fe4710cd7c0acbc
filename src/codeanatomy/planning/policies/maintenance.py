"""What is done to the stored tables after a run, decided from what was written so far."""

from collections.abc import Iterator

from codeanatomy.facts.tables.artifacts import Decision
from codeanatomy.planning.signals import Signals

KEPT = 2  # snapshots: the current one, and the one before it for those who still read
INTERVAL = 10  # versions between checkpoints: more would have to be read one by one


def decide(known: Signals) -> Iterator[Decision]:
    """One decision for the snapshots, and one per stored table: a checkpoint when one is due."""
    yield Decision(
        section="maintenance",
        subject="snapshots",
        value=str(KEPT),
        reason="readers of the last graph may still be at work",
    )
    for name in sorted({*known.outputs, *known.versions}):
        version = known.versions.get(name, -1) + 1
        due = version > 0 and version % INTERVAL == 0
        yield Decision(
            section="maintenance",
            subject=name,
            value="checkpoint" if due else "none",
            reason=f"{version % INTERVAL} versions since the last checkpoint of its log",
            evidence={"versions": float(version), "interval": float(INTERVAL)},
            refused=("none",) if due else ("checkpoint",),
        )
