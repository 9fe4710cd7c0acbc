"""What the resolution solver answers."""

from typing import Annotated

import msgspec

from codeanatomy.facts import types as t
from codeanatomy.facts.tables import OfFile


class Target(msgspec.Struct, frozen=True):
    """One thing that a site may mean."""

    file_id: Annotated[int, t.FILE, "file of the site"]
    site: Annotated[int, t.NODE, "call, identifier, field, import, decorator or base expression"]
    what: Annotated[
        str, t.CODED, t.WHAT, "call, implicit, name, attribute, import, decorator, base"
    ]
    target_file: Annotated[int, t.FILE_REF, "its file; EXTERNAL_FILE for external symbols"]
    target: Annotated[int, t.TARGET, "node key of the target in its file"]
    rule: Annotated[str, t.CODED, t.ORIGIN, "import, attribute, self, constructor, flow ..."]
    certainty: Annotated[str, t.CODED, t.CERTAINTY, "certain or possible"]
    doubt: Annotated[str, t.CODED, t.REASON, "why it is only possible; empty where it is certain"]
    confidence: Annotated[float, t.CONFIDENCE]
    candidates: Annotated[int, t.INT32, t.COUNT, "size of the site's target set"]
    taken: Annotated[
        int, t.INT32, "leading parameters that a receiver or partial fills; -1: unknown"
    ]


class DroppedCandidate(msgspec.Struct, frozen=True):
    """One thing that a site may mean but that was left out: too much reached its place."""

    file_id: Annotated[int, t.FILE, "file of the site"]
    site: Annotated[int, t.NODE]
    target_file: Annotated[int, t.FILE_REF, "its file; EXTERNAL_FILE for external symbols"]
    target: Annotated[int, t.TARGET]
    reason: Annotated[str, t.CODED, t.REASON, "the bound that was reached at its place"]


class Relative(msgspec.Struct, frozen=True):
    """What a class, method, call or value is to a class or method."""

    file_id: Annotated[int, t.FILE, "file of the node"]
    node: Annotated[int, t.NODE]
    what: Annotated[str, t.CODED, t.WHAT, "mro, overrides, instantiates, type"]
    target_file: Annotated[int, t.FILE_REF, "its file; EXTERNAL_FILE for external symbols"]
    target: Annotated[int, t.TARGET]
    position: Annotated[int, t.INT32, t.ORDINAL, "place in the method resolution order; else 0"]
    certainty: Annotated[str, t.CODED, t.CERTAINTY]
    confidence: Annotated[float, t.CONFIDENCE]


class External(msgspec.Struct, frozen=True):
    """A thing outside the repository, named by the import path that leads to it."""

    file_id: Annotated[int, t.FILE, "always EXTERNAL_FILE"]
    node: Annotated[int, t.NODE]
    symbol: Annotated[str, t.SYMBOL, "dotted: json.loads, builtins.len"]
    name: Annotated[str, t.CODED, t.NAME]


class Unanswered(OfFile, frozen=True):
    """A site without any target, with the first reason on its path."""

    site: Annotated[int, t.NODE, "node key of the site"]
    what: Annotated[str, t.CODED, t.WHAT]
    text: Annotated[str, t.CODED, t.TEXT, "the name that was looked for"]
    reason: Annotated[str, t.CODED, t.REASON]
