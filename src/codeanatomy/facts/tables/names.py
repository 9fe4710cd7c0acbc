"""Evidence of names, calls and arguments: rows about nodes that the syntax tables hold."""

from typing import Annotated

import msgspec

from codeanatomy.facts import types as t


class Reference(msgspec.Struct, frozen=True):
    """One row per identifier token: what its scope says it means."""

    file_id: Annotated[int, t.FILE]
    witness: Annotated[str, t.CODED, t.EVIDENCE, "extractor that gave the row"]
    node: Annotated[int, t.NODE]
    name: Annotated[str, t.CODED, t.NAME]
    scope: Annotated[int, t.SCOPE, "definition whose scope the name was looked up in first"]
    context: Annotated[str, t.CODED, "load, store or del"]
    declared: Annotated[int | None, t.DECLARED, "parameter, definition or variable of this file"]
    how: Annotated[str, t.CODED, "local, enclosing, global, import, builtin, star, unknown"]


class Capture(msgspec.Struct, frozen=True):
    """A function or class body that uses a variable of an enclosing function."""

    file_id: Annotated[int, t.FILE]
    witness: Annotated[str, t.CODED, t.EVIDENCE, "extractor that gave the row"]
    function: Annotated[int, t.FUNCTION]
    captured: Annotated[int, t.CAPTURED, "parameter, definition or variable captured"]
    name: Annotated[str, t.CODED, t.NAME]


class CallSite(msgspec.Struct, frozen=True):
    """One row per call expression (`ast.Call`)."""

    file_id: Annotated[int, t.FILE]
    witness: Annotated[str, t.CODED, t.EVIDENCE, "extractor that gave the row"]
    node: Annotated[int, t.NODE]
    callee: Annotated[int, t.CALLEE, "expression that is called"]
    receiver: Annotated[int | None, t.RECEIVER, "`a` of `a.b()`"]
    name: Annotated[str | None, t.CODED, t.NAME, "last name of the callee"]


class Argument(msgspec.Struct, frozen=True):
    """One row per argument of a call."""

    file_id: Annotated[int, t.FILE]
    witness: Annotated[str, t.CODED, t.EVIDENCE, "extractor that gave the row"]
    call: Annotated[int, t.CALL_SITE]
    value: Annotated[int, t.VALUE]
    position: Annotated[int, t.INT32, t.ORDINAL, "order in the call, from 0"]
    keyword: Annotated[str | None, t.CODED, "name of a keyword argument"]
    unpacked: Annotated[str, t.CODED, "'', * or **"]


class Base(msgspec.Struct, frozen=True):
    """One row per base class expression."""

    file_id: Annotated[int, t.FILE]
    witness: Annotated[str, t.CODED, t.EVIDENCE, "extractor that gave the row"]
    class_node: Annotated[int, t.CLASS]
    value: Annotated[int, t.VALUE]
    position: Annotated[int, t.INT32, t.ORDINAL]
    text: Annotated[str, t.CODED, t.TEXT]
