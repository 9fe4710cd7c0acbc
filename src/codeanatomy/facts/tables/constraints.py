"""Constraint rows: what the resolution solver reads. Meanings stand in `facts/constraints.py`."""

from typing import Annotated

from codeanatomy.facts import types as t
from codeanatomy.facts.tables import OfFile


class Constraint(OfFile, frozen=True):
    """One constraint, in source order; operands are numbers of its file."""

    kind: Annotated[int, t.INT8, "code of the kind"]
    a: Annotated[int, t.INT32, "first operand"]
    b: Annotated[int, t.INT32]
    c: Annotated[int, t.INT32]
    d: Annotated[int, t.INT32]


class ConstraintObject(OfFile, frozen=True):
    """A module, class, function or lambda; the file's objects are numbered by these rows."""

    node: Annotated[int, t.NODE, "definition"]
    kind: Annotated[int, t.INT8, "MODULE, FUNCTION or CLASS"]


class ConstraintName(OfFile, frozen=True):
    """A text that constraints use; these rows number the file's names, the empty one first."""

    text: Annotated[str, t.CODED, t.TEXT]


class ConstraintSite(OfFile, frozen=True):
    """A question: what does this call, name, attribute, import, base or decorator mean?"""

    node: Annotated[int, t.NODE, "call, identifier, attribute, import, base or annotation"]
    what: Annotated[int, t.INT8, "index into SITES"]
    place: Annotated[int, t.INT32, "its value; of an attribute: the value left of the dot"]
    name: Annotated[int, t.INT32, "name looked for"]
