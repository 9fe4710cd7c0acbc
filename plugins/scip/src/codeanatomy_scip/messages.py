"""What does a SCIP index hold? Protocol buffers, one message after the other, each read when it is
asked for. Layouts are ours, by the public numbers of scip.proto (github.com/scip-code/scip)."""

import io
from collections.abc import Iterator, Mapping
from typing import BinaryIO, TypeAlias

DOCUMENT = 2  # field of an index
OF_DOCUMENT = {1: "path", 2: "occurrence", 3: "symbol", 6: "encoding"}
OF_SYMBOL = {1: "symbol", 4: "relationship"}
OF_RELATIONSHIP = {1: "symbol", 2: "reference", 3: "implementation", 4: "type", 5: "definition"}
OF_OCCURRENCE = {1: "range", 2: "symbol", 3: "roles", 6: "diagnostic", 7: "around range"}
OF_OCCURRENCE |= {8: "line", 9: "lines", 10: "around line", 11: "around lines"}
OF_LINE = {1: "line", 2: "start", 3: "end"}
OF_LINES = {1: "line", 2: "start", 3: "last line", 4: "end"}
OF_DIAGNOSTIC = {1: "severity", 2: "code", 3: "message", 4: "source"}

LARGEST = 512 << 20  # numbers beyond, and negative ones, are read as this; bytes of an index
LONGEST = 32 << 20  # bytes of a document; scip-python's are about four times the file's own
_PLAIN, _FIXED, _HELD = 0, {1: 8, 5: 4}, 2  # how a value is written
Value: TypeAlias = int | bytes
Said: TypeAlias = Mapping[str, list[Value]]


def values(file: BinaryIO) -> Iterator[tuple[int, Value]]:
    """Field and value of all that a message holds; ValueError where it is cut off, or none."""
    numbers = _numbers(file)
    for tag in numbers:
        how = tag & 7
        size = _FIXED.get(how) or next(numbers, -1)
        if tag < 8 or size < 0 or how not in (_PLAIN, _HELD, *_FIXED):
            raise ValueError
        value = size if how == _PLAIN else file.read(size)
        if isinstance(value, bytes) and len(value) < size:
            raise ValueError
        yield tag >> 3, value


def fields(message: Value, layout: Mapping[int, str]) -> Said:
    """The values of a message by the names of its fields; ValueError also for a number, and for
    more than LONGEST."""
    if isinstance(message, int) or len(message) > LONGEST:
        raise ValueError
    found: dict[str, list[Value]] = {}
    for field, value in values(io.BytesIO(message)):
        if field in layout:
            found.setdefault(layout[field], []).append(value)
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
    """Line and column of start and end of an occurrence, from 0, or of what is around it, which is
    itself where that is not said. ValueError where it has none."""
    found: list[int] = []
    for value in said.get(f"{around}range", ()):
        found += [value] if isinstance(value, int) else _numbers(io.BytesIO(value))
    for name, layout in (("line", OF_LINE), ("lines", OF_LINES)):
        for value in said.get(f"{around}{name}", ()):
            found = [whole(fields(value, layout), part) for part in layout.values()]
    if not found and around:
        return lines(said)
    if len(found) not in (3, 4):
        raise ValueError
    return found if len(found) == 4 else [*found[:2], found[0], found[2]]


def _numbers(file: BinaryIO) -> Iterator[int]:
    """The numbers in a row, seven bits a byte; what is read meanwhile stands between them."""
    value = shift = 0
    while byte := file.read(1):
        value |= (byte[0] & 127) << shift
        shift += 7
        if byte[0] < 128:
            yield min(value, LARGEST)
            value = shift = 0
        elif shift == 70:
            raise ValueError
    if shift:
        raise ValueError
