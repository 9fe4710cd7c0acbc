"""Evidence of a SARIF file, whose places are bytes here, and what may hold them."""

from typing import Annotated

import msgspec

from codeanatomy.facts import types as t


class Finding(msgspec.Struct, frozen=True):
    """One row per result of another analyser. Its key is by tool, rule and the head of the flagged
    text, and its number among equal ones of the file: code that only moves changes no key."""

    file_id: Annotated[int, t.FILE]
    node: Annotated[int, t.NODE]
    bstart: Annotated[int, t.BSTART]
    bend: Annotated[int, t.BEND, "blanks at both ends of the region are left out"]
    line: Annotated[int, t.INT32, t.LINE]
    rule: Annotated[str, t.CODED, t.NAME, "'' where the result names none"]
    tool: Annotated[str, t.CODED]
    level: Annotated[str, t.CODED, "error, warning, note or none"]
    message: Annotated[str, t.TEXT, "at most 2,000 characters"]


class Located(msgspec.Struct, frozen=True):
    """A node that stands in the text, and where."""

    file_id: Annotated[int, t.FILE]
    node: Annotated[int, t.VALUE]
    bstart: Annotated[int, t.BSTART]
    bend: Annotated[int, t.BEND]
