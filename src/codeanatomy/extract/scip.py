"""What does a SCIP index hold? Protocol buffers, one message after the other, each read when it is
asked for (github.com/scip-code/scip, scip.proto: numbers of fields are all that its bytes say)."""

from collections.abc import Iterator
from typing import BinaryIO, TypeAlias

MOST = 512 << 20  # bytes of an index; scip-python's are about four times the files' own
LARGEST = (1 << 31) - 1  # numbers beyond, and negative ones, are read as this
_PLAIN, _FIXED, _HELD = 0, {1: 8, 5: 4}, 2  # how a value is written
Value: TypeAlias = int | bytes


def messages(file: BinaryIO, size: int) -> Iterator[tuple[int, bytes]]:
    """Field and content of each message of an index that has `size` bytes; ValueError where it is
    cut off or none, OSError for one of more than MOST."""
    if size > MOST:
        raise OSError(0, f"it has more than {MOST:,} bytes")
    place = 0
    while place < size:
        file.seek(place)
        start = file.read(20)
        tag, at = _number(start, 0)
        length, at = _number(start, at)
        place += at + length
        if tag & 7 != _HELD or place > size:
            raise ValueError
        file.seek(place - length)
        yield tag >> 3, file.read(length)


def fields(message: Value | None) -> Iterator[tuple[int, Value]]:
    """Number and value of each field of a message; ValueError where it is none."""
    if not isinstance(message, bytes):
        raise ValueError
    place = 0
    while place < len(message):
        tag, place = _number(message, place)
        how = tag & 7
        if how in _FIXED:
            place += _FIXED[how]
        elif how not in (_PLAIN, _HELD):
            raise ValueError
        else:
            value, place = _number(message, place)
            if how == _PLAIN:
                yield tag >> 3, value
            else:
                place += value
                if place > len(message):
                    raise ValueError
                yield tag >> 3, message[place - value : place]


def text(value: Value | None) -> str:
    """The value of a text field; '' where it is absent."""
    return str(value, "utf-8", "replace") if isinstance(value, bytes) else ""


def whole(value: Value | None) -> int:
    """The value of a number's field; 0 where it is absent."""
    return value if isinstance(value, int) else 0


def wholes(value: Value | None) -> list[int]:
    """The values of a field of several numbers."""
    found, place = [], 0
    while isinstance(value, bytes) and place < len(value):
        number, place = _number(value, place)
        found.append(number)
    return found


def _number(data: bytes, place: int) -> tuple[int, int]:
    """A number, seven bits a byte, and where it ends."""
    if place < len(data) and data[place] < 128:  # nearly all
        return data[place], place + 1
    value = 0
    for shift, byte in enumerate(data[place : place + 10]):
        value |= (byte & 127) << 7 * shift
        if byte < 128:
            return min(value, LARGEST), place + shift + 1
    raise ValueError
