"""Our own tables, one struct each; schemas, docs and goldens are derived from these structs. Here
stands what the rows of several have in common, no tables themselves."""

from typing import Annotated

import msgspec

from codeanatomy.facts import types as t


class OfFile(msgspec.Struct, frozen=True):
    """First column of what is said of a file or of things in it."""

    file_id: Annotated[int, t.FILE]


class Witnessed(OfFile, frozen=True):
    """First columns of what is said about the nodes of the syntax tables."""

    witness: Annotated[str, t.CODED, t.EVIDENCE, "extractor that gave the row"]


class Located(OfFile, frozen=True):
    """Columns of every syntax table."""

    node: Annotated[int, t.NODE]
    parent: Annotated[int | None, t.PARENT, "syntactic parent; null for a module"]
    container: Annotated[int | None, t.CONTAINER, "function or body that runs it; null: module"]
    construct: Annotated[str, t.CODED, t.CONSTRUCT, "ast class, with its operator: BinOp.Add"]
    role: Annotated[str, t.CODED, t.ROLE, "field of the parent it stands in: Call.args"]
    position: Annotated[int, t.INT32, t.ORDINAL, "index among the parent's children"]
    bstart: Annotated[int, t.BSTART]
    bend: Annotated[int, t.BEND]
    line: Annotated[int, t.INT32, t.LINE]
    witness: Annotated[str, t.CODED, t.EVIDENCE, "extractor that gave the row"]


class Evaluated(Located, frozen=True):
    """Columns of things that may stand in the control flow."""

    statement: Annotated[int | None, t.STATEMENT, "innermost statement or handler around"]
    dominator: Annotated[int | None, t.DOMINATOR, "last node that every way to it passes"]
    post_dominator: Annotated[int | None, t.POST_DOMINATOR, "first node on every way from it"]


class Placed(OfFile, frozen=True):
    """Columns of bodies and exits."""

    node: Annotated[int, t.NODE]
    parent: Annotated[int, t.PARENT]
    container: Annotated[int | None, t.CONTAINER]
    position: Annotated[int, t.INT32, t.ORDINAL, "an exit's is 0"]
    bstart: Annotated[int, t.BSTART]
    bend: Annotated[int, t.BEND]
    line: Annotated[int, t.INT32, t.LINE]
    witness: Annotated[str, t.CODED, t.EVIDENCE]
