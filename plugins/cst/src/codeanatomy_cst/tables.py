"""Evidence of LibCST: tokens, and where constructs stand with what belongs to them."""

from typing import Annotated

import msgspec

from codeanatomy.facts import types as t


class Token(msgspec.Struct, frozen=True):
    """One row per token, blanks and comments included: together they are the file, byte by byte."""

    file_id: Annotated[int, t.FILE]
    bstart: Annotated[int, t.BSTART]
    bend: Annotated[int, t.BEND]
    line: Annotated[int, t.INT32, t.LINE, "where it starts"]
    kind: Annotated[str, t.CODED, t.KIND, "as of tokenize: NAME, OP, NL; KEYWORD, WHITESPACE, BOM"]
    text: Annotated[str | None, t.CODED, t.TEXT, "null for more than 80 characters"]


class FullSpan(msgspec.Struct, frozen=True):
    """The place of a construct, and that of all that goes with it where it is moved or removed:
    blank and comment lines above, blanks and a comment behind, decorators, parentheses, comma."""

    file_id: Annotated[int, t.FILE]
    what: Annotated[
        str, t.CODED, t.WHAT, "module, statement, clause, expression, pattern; element: in a list"
    ]
    construct: Annotated[str, t.CODED, t.CONSTRUCT, "ast class, without operator"]
    bstart: Annotated[int, t.BSTART, "as ast has it"]
    bend: Annotated[int, t.BEND]
    line: Annotated[int, t.INT32, t.LINE]
    full_bstart: Annotated[int, "with what goes with it"]
    full_bend: Annotated[int, "exclusive"]


class TokenRow(msgspec.Struct, frozen=True):
    """Stored as `tokens`: together they are the file, byte by byte."""

    file_id: Annotated[int, t.FILE]
    bstart: Annotated[int, t.BSTART]
    bend: Annotated[int, t.BEND]
    line: Annotated[int, t.INT32, t.LINE, "where it starts"]
    kind: Annotated[str, t.CODED, t.KIND]
    text: Annotated[str | None, t.CODED, t.TEXT, "null for more than 80 characters"]
    node_id: Annotated[int | None, t.SITE_ID, "node that is this token: a name, literal, comment"]


class FullSpanRow(msgspec.Struct, frozen=True):
    """Stored as `full_spans`: nodes, their places, and those of all that goes with them. A node may
    have two rows, as an expression and as a statement or an element."""

    node_id: Annotated[int, t.SITE_ID]
    file_id: Annotated[int, t.FILE]
    what: Annotated[str, t.CODED, t.WHAT]
    bstart: Annotated[int, t.BSTART]
    bend: Annotated[int, t.BEND]
    line: Annotated[int, t.INT32, t.LINE]
    full_bstart: Annotated[int, "with what goes with it"]
    full_bend: Annotated[int, "exclusive"]
