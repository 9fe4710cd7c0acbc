"""Evidence of a SCIP index, whose places are bytes here. A symbol is told by the hash of its text, a
local one by that of its file's path and text."""

from typing import Annotated

import msgspec

from codeanatomy.facts import types as t


class ScipOccurrence(msgspec.Struct, frozen=True):
    """A place at which the index sees a symbol."""

    file_id: Annotated[int, t.FILE]
    bstart: Annotated[int, t.BSTART]
    bend: Annotated[int, t.BEND]
    around_bstart: Annotated[int, "of the definition or expression around; its own if not said"]
    around_bend: Annotated[int, "its end, exclusive"]
    symbol: int
    roles: Annotated[int, t.INT32, "1 definition, 2 import, 4 write, 8 read, 16 generated, 32 test"]


class ScipRelationship(msgspec.Struct, frozen=True):
    """A symbol and another one that it implements, or otherwise stands for."""

    file_id: Annotated[int, t.FILE, "that tells of it; EXTERNAL_FILE for none"]
    symbol: int
    other: int
    how: Annotated[str, t.CODED, "reference, implementation, type, definition"]
