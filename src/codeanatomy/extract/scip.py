"""What does a SCIP index hold? Protocol buffers, one message after the other, each read when it is
asked for. Layouts are ours, by the public numbers of scip.proto (github.com/scip-code/scip)."""

from collections.abc import Iterator, Mapping
from typing import BinaryIO, TypeAlias

DOCUMENT, EXTERNAL = 2, 3  # messages of an index: documents, symbols of elsewhere
OF_DOCUMENT = {1: "path", 2: "occurrence", 3: "symbol", 6: "encoding"}
OF_SYMBOL = {1: "symbol", 4: "relationship"}
OF_RELATIONSHIP = {1: "symbol", 2: "reference", 3: "implementation", 4: "type", 5: "definition"}
OF_OCCURRENCE = {1: "range", 2: "symbol", 3: "roles", 6: "diagnostic", 7: "around range"}
OF_OCCURRENCE |= {8: "line", 9: "lines", 10: "around line", 11: "around lines"}
OF_LINE = {1: "line", 2: "start", 3: "end"}
OF_LINES = {1: "line", 2: "start", 3: "last line", 4: "end"}
OF_DIAGNOSTIC = {1: "severity", 2: "code", 3: "message", 4: "source"}

MOST = 512 << 20  # bytes of an index; scip-python's are about four times the files' own
FIELDS = 2_000_000  # values of a message
LARGEST = (1 << 31) - 1  # numbers beyond, and negative ones, are read as this
_PLAIN, _FIXED, _HELD = 0, {1: 8, 5: 4}, 2  # how a value is written
Value: TypeAlias = int | bytes
Said: TypeAlias = Mapping[str, list[Value]]


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


def fields(message: Value, layout: Mapping[int, str]) -> Said:
    """The values of a message's fields, in their order; ValueError where it is no message, or has
    more than FIELDS."""
    if not isinstance(message, bytes):
        raise ValueError
    found: dict[str, list[Value]] = {}
    place = count = 0
    while place < len(message):
        tag, place = _number(message, place)
        how, name = tag & 7, layout.get(tag >> 3)
        if how in _FIXED:  # no field of ours
            place += _FIXED[how]
            continue
        number, place = _number(message, place)
        value: Value = number
        if how == _HELD:
            place += number
            value = message[place - number : place]
        elif how != _PLAIN:
            raise ValueError
        if name:
            found.setdefault(name, []).append(value)
            count += 1
    if place > len(message) or count > FIELDS:
        raise ValueError
    return found


def text(said: Said, name: str) -> str:
    """The value of a text field; '' where it is absent."""
    value = said.get(name, [b""])[-1]
    return str(value, "utf-8", "replace") if isinstance(value, bytes) else ""


def whole(said: Said, name: str) -> int:
    """The value of a number's field; 0 where it is absent."""
    value = said.get(name, [0])[-1]
    return value if isinstance(value, int) else 0


def lines(said: Said, around: str = "") -> list[int]:
    """Line and column of an occurrence's start and end, from 0; empty where it has none."""
    found: list[int] = []
    for value in said.get(f"{around}range", ()):
        found += [value] if isinstance(value, int) else _packed(value)
    for name, layout in (("line", OF_LINE), ("lines", OF_LINES)):
        for part in said.get(f"{around}{name}", ()):
            found = [whole(fields(part, layout), one) for one in layout.values()]
    if len(found) == 3:
        found.insert(2, found[0])
    return found if len(found) == 4 else []


def _packed(data: bytes) -> Iterator[int]:
    place = 0
    while place < len(data):
        number, place = _number(data, place)
        yield number


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
