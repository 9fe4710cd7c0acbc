"""Rows that views make on the way from evidence to the graph."""

from typing import Annotated

import msgspec

from codeanatomy.facts import types as t
from codeanatomy.facts.tables import OfFile, Placed
from codeanatomy.facts.tables.graph import Edge


class Body(Placed, frozen=True):
    """The body of a module or class: the METHOD that evaluates its statements."""

    construct: Annotated[str, t.CODED, t.CONSTRUCT]
    name: Annotated[str, t.CODED, t.NAME]
    qualname: Annotated[str, t.QUALNAME]


class Exit(Placed, frozen=True):
    """Where a function or body is left: its METHOD_RETURN."""

    dominator: Annotated[int | None, t.DOMINATOR]


class Module(OfFile, frozen=True):
    """The module node of a file."""

    node: Annotated[int, t.NODE]
    witness: Annotated[str, t.CODED, t.EVIDENCE]


class Link(msgspec.Struct, frozen=True):
    """What one thing is to another of any file, as a view says."""

    file_id: Annotated[int, t.FILE, "file of the source and the site"]
    source: Annotated[int, t.VALUE, "argument, function, body or definition"]
    site: Annotated[int, t.NODE, "where it can be seen"]
    what: Annotated[str, t.WHAT, "fills, reads, writes, binds, tests"]
    target_file: Annotated[int, t.FILE_REF]
    target: Annotated[int, t.TARGET]
    rule: Annotated[str, t.CODED, t.ORIGIN]
    certainty: Annotated[str, t.CODED, t.CERTAINTY]
    confidence: Annotated[float, t.CONFIDENCE]


class FusedEdge(Edge, frozen=True):
    """An edge of a kind that several witnesses may give."""

    disputed: Annotated[bool, t.DISPUTED, "they answered, and no two of them alike"]


class FileSpan(OfFile, frozen=True):
    """A file with the span of all its bytes."""

    path: Annotated[str, t.PATH]
    bstart: Annotated[int, t.BSTART]
    bend: Annotated[int, t.BEND]
    line: Annotated[int, t.INT32, t.LINE]
