"""Size tiers: whoever decides by how large something is asks here."""

SMALL_BELOW = 10_000  # rows
LARGE_ABOVE = 1_000_000
STREAMED_FROM = 100_000


def tier(rows: int | None) -> str:
    """small, medium or large; medium where nobody knows."""
    if rows is None:
        return "medium"
    return "small" if rows < SMALL_BELOW else "large" if rows > LARGE_ABOVE else "medium"


def streamed(rows: int | None) -> bool:
    """Whether so many rows are written batch by batch instead of being held at once."""
    return rows is not None and rows >= STREAMED_FROM
