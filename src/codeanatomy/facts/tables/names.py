"""Evidence of names, calls and arguments: rows about nodes that the syntax tables hold."""

from typing import Annotated

from codeanatomy.facts import types as t
from codeanatomy.facts.tables import Witnessed


class Reference(Witnessed, frozen=True):
    """One row per identifier token: what its scope says it means."""

    node: Annotated[int, t.NODE]
    name: Annotated[str, t.CODED, t.NAME]
    scope: Annotated[int, t.SCOPE, "definition whose scope the name was looked up in first"]
    context: Annotated[str, t.CODED, "load, store or del"]
    declared: Annotated[int | None, t.DECLARED, "parameter, definition or variable of this file"]
    how: Annotated[str, t.CODED, "local, enclosing, global, import, builtin, star, unknown"]


class Capture(Witnessed, frozen=True):
    """A function or class body that uses a variable of an enclosing function."""

    function: Annotated[int, t.FUNCTION]
    captured: Annotated[int, t.CAPTURED, "parameter, definition or variable captured"]


class CallSite(Witnessed, frozen=True):
    """One row per call expression (`ast.Call`)."""

    node: Annotated[int, t.NODE]
    callee: Annotated[int, t.CALLEE, "expression that is called"]
    receiver: Annotated[int | None, t.RECEIVER, "`a` of `a.b()`"]
    name: Annotated[str | None, t.CODED, t.NAME, "last name of the callee"]


class Argument(Witnessed, frozen=True):
    """One row per argument of a call."""

    call: Annotated[int, t.CALL_SITE]
    value: Annotated[int, t.VALUE]
    position: Annotated[int, t.INT32, t.ORDINAL, "order in the call, from 0"]
    keyword: Annotated[str | None, t.CODED, "name of a keyword argument"]
    unpacked: Annotated[str, t.CODED, "'', * or **"]


class Base(Witnessed, frozen=True):
    """One row per base class expression."""

    class_node: Annotated[int, t.CLASS]
    value: Annotated[int, t.VALUE]
    position: Annotated[int, t.INT32, t.ORDINAL]
