"""A decision: the value chosen, why, on what numbers, what was refused, and how sure it is."""

import msgspec


class Decision(msgspec.Struct, frozen=True):
    """One decision about one subject."""

    subject: str
    value: str
    reason: str
    evidence: dict[str, int | float | str | bool]
    refused: tuple[str, ...]
    confidence: float
