"""In how many parts a table of evidence is read."""

from collections.abc import Iterator

from codeanatomy.facts.tables.artifacts import Decision
from codeanatomy.planning.signals import Signals
from codeanatomy.planning.tiers import tier

MOST = 4  # parts: each has buffers of its own


def decide(known: Signals) -> Iterator[Decision]:
    """One decision per table: small ones are read in one part, others in one per processor."""
    for table in known.tables:
        size = known.sizes.get(table)
        large = tier(size.rows if size else None)
        yield Decision(
            section="scan",
            subject=table,
            value=str(1 if large == "small" else max(1, min(known.machine.cores, MOST))),
            reason=f"a {large} table" + ("" if size else ", as nobody counted its rows"),
            evidence={"rows": float(size.rows), "bytes": float(size.bytes)} if size else {},
            confidence=0.9 if size else 0.5,
        )
