"""Evidence of a SCIP index, whose places are bytes here. A symbol is told by the hash of its text,
with the file's path before it for a local one."""

from typing import Annotated

import msgspec

from codeanatomy.facts import types as t


class ScipOccurrence(msgspec.Struct, frozen=True):
    """A place at which the index sees a symbol, or the whole of what it defines there."""

    file_id: Annotated[int, t.FILE]
    bstart: Annotated[int, t.BSTART]
    bend: Annotated[int, t.BEND]
    symbol: int
    roles: Annotated[int, t.INT32, "1 definition, 2 import, 4 write, 8 read, 16 generated, 32 test"]
    exact: Annotated[bool, "the symbol's own place, not the whole's"]


class ScipRelationship(msgspec.Struct, frozen=True):
    """A symbol and another one that it implements, or otherwise stands for."""

    file_id: Annotated[int, t.FILE]
    symbol: int
    other: int
    how: Annotated[str, t.CODED, "reference, implementation, type, definition"]


class ScipPlace(msgspec.Struct, frozen=True):
    """A node at whose name a SCIP index sees a symbol."""

    file_id: Annotated[int, t.FILE]
    node: Annotated[int, t.NODE]
    what: Annotated[str, t.WHAT, "name, import; of what has a name of its own its construct"]
    name: Annotated[str, t.CODED, t.NAME]
    bstart: Annotated[int, t.BSTART]
    symbol: int
    defined: Annotated[bool, "the symbol, there"]
