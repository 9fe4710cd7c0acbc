"""SCIP indexes for tests, written by the numbers of scip.proto."""

from collections.abc import Sequence

Part = int | str | bytes


def number(value: int) -> bytes:
    """A number, seven bits a byte."""
    parts = []
    while value > 127:
        parts.append(value & 127 | 128)
        value >>= 7
    return bytes([*parts, value])


def message(*fields: tuple[int, Part]) -> bytes:
    """A message of (number, value) pairs; numbers that are 0 and empty texts stand in it too."""
    parts = []
    for field, value in fields:
        if isinstance(value, int):
            parts.append(number(field << 3) + number(value))
        else:
            data = value.encode() if isinstance(value, str) else value
            parts.append(number(field << 3 | 2) + number(len(data)) + data)
    return b"".join(parts)


def occurrence(place: Sequence[int], symbol: str, roles: int = 8, *more: tuple[int, Part]) -> bytes:
    """An occurrence; place is line, column, end column, or with the end's line before its column.
    Roles: 1 definition, 8 read."""
    packed = b"".join(map(number, place))
    return message((1, packed), (2, symbol), (3, roles), *more)


def document(
    path: str, *occurrences: bytes, encoding: int = 0, symbols: Sequence[bytes] = ()
) -> bytes:
    """A document as a field of an index."""
    parts = [(2, one) for one in occurrences] + [(3, one) for one in symbols]
    return message((2, message((1, path), *parts, (6, encoding))))


def index(*documents: bytes) -> bytes:
    """An index with its metadata."""
    return message((1, message((2, message((1, "test"))), (3, "file:///elsewhere")))) + b"".join(
        documents
    )
