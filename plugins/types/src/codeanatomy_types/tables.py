"""Evidence of a type checker."""

from typing import Annotated

import msgspec

from codeanatomy.facts import types as t


class Typing(msgspec.Struct, frozen=True):
    """What a type checker takes the thing at a place for; no proof of what is there at run time."""

    file_id: Annotated[int, t.FILE]
    bstart: Annotated[int, t.BSTART, "of the expression, or of the class's or method's name"]
    bend: Annotated[int, t.BEND]
    what: Annotated[
        str,
        t.CODED,
        t.WHAT,
        "type: a class of its value; call: what it runs; override: what it overrides; base",
    ]
    target_file: Annotated[int, t.FILE_REF, "EXTERNAL_FILE for external symbols"]
    target: Annotated[int, "first byte of the target's name, or the key of the external symbol"]
    confidence: Annotated[float, t.CONFIDENCE, "less for several, or where something is unknown"]
    text: Annotated[str, t.CODED, t.TEXT, "the whole type as written; of a base: its name"]


class Typed(msgspec.Struct, frozen=True):
    """A node, and what the type checker takes it for; of a base its expression."""

    file_id: Annotated[int, t.FILE]
    node: Annotated[int, t.NODE]
    what: Annotated[str, t.CODED, t.WHAT]
    target_file: Annotated[int, t.FILE_REF]
    target: Annotated[int, t.TARGET]
    certainty: Annotated[str, t.CODED, t.CERTAINTY]
    confidence: Annotated[float, t.CONFIDENCE]
    text: Annotated[str, t.CODED, t.TEXT]
