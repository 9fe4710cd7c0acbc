"""Evidence of a SCIP index, whose places are bytes here. A symbol is told by its home (its file
when it is local, else EXTERNAL_FILE) and the hash of its text."""

from typing import Annotated

import msgspec

from codeanatomy.facts import types as t


class ScipOccurrence(msgspec.Struct, frozen=True):
    """A place at which the index sees a symbol."""

    file_id: Annotated[int, t.FILE]
    bstart: Annotated[int, t.BSTART]
    bend: Annotated[int, t.BEND]
    home: Annotated[int, t.FILE_REF, "of the symbol"]
    symbol: Annotated[int, t.TARGET]
    roles: Annotated[int, t.INT32, "1 definition, 2 import, 4 write, 8 read, 16 generated, 32 test"]
    syntax: Annotated[int, t.INT32, "SyntaxKind of scip.proto; 0 where it is not said"]
    around_bstart: Annotated[int, "of the definition or expression around; its own if not said"]
    around_bend: Annotated[int, "its end, exclusive"]


class ScipSymbol(msgspec.Struct, frozen=True):
    """A symbol that is defined, described or related to others."""

    file_id: Annotated[int, t.FILE, "its home"]
    node: Annotated[int, t.NODE]
    symbol: Annotated[str, t.SYMBOL, "as the index writes it"]
    name: Annotated[str, t.CODED, t.NAME, "to show; the symbol's last word where none is given"]
    symbol_kind: Annotated[
        int, t.INT32, "SymbolInformation.Kind of scip.proto; 0 where it is not said"
    ]
    documentation: Annotated[str, t.TEXT, "at most 2,000 characters"]


class ScipRelationship(msgspec.Struct, frozen=True):
    """A symbol and another one that it implements, or otherwise stands for."""

    file_id: Annotated[int, t.FILE, "home of the symbol"]
    node: Annotated[int, t.NODE, "the symbol"]
    home: Annotated[int, t.FILE_REF, "of the other"]
    other: Annotated[int, t.TARGET]
    how: Annotated[str, t.CODED, "reference, implementation, type, definition; joined by +"]
