"""Evidence of metadata, and what views make of it. Distributions, like external symbols, belong to
the pseudo file EXTERNAL_FILE."""

from typing import Annotated

import msgspec

from codeanatomy.facts import types as t


class Distribution(msgspec.Struct, frozen=True):
    """One row per distribution that the project declares or an environment holds, and the standard
    library's."""

    file_id: Annotated[int, t.FILE, "always EXTERNAL_FILE"]
    node: Annotated[int, t.NODE]
    name: Annotated[str, t.NAME, "normalised as in PEP 503"]
    version: Annotated[str | None, t.TEXT, "null where only the requirement is known"]
    requirement: Annotated[str | None, t.TEXT, "what the project asks for; null: not declared"]
    known: Annotated[str, t.REASON, "standard library, installed or declared"]


class ProvidedModule(msgspec.Struct, frozen=True):
    """One row per module that a distribution provides."""

    file_id: Annotated[int, t.FILE, "always EXTERNAL_FILE"]
    distribution: Annotated[int, t.VALUE]
    module: Annotated[str, t.MODULE, "dotted"]
    top: Annotated[str, "its first part"]
    known: Annotated[str, t.ORIGIN, "standard library, installed or declared"]
    certainty: Annotated[str, t.CERTAINTY]
    confidence: Annotated[float, t.CONFIDENCE]


class Provided(msgspec.Struct, frozen=True):
    """An external symbol and the distribution that it comes from."""

    file_id: Annotated[int, t.FILE]
    node: Annotated[int, t.NODE]
    distribution: Annotated[int, t.VALUE]
    known: Annotated[str, t.ORIGIN]
    certainty: Annotated[str, t.CERTAINTY]
    confidence: Annotated[float, t.CONFIDENCE]


class Dependency(Distribution, frozen=True):
    """A distribution that the project declares or uses."""
