"""Constraint rows: what the resolution solver reads. Meanings stand in `facts/constraints.py`."""

from typing import Annotated

import msgspec

from codeanatomy.facts import types as t


class Constraint(msgspec.Struct, frozen=True):
    """One constraint, in source order; operands are numbers of its file."""

    file_id: Annotated[int, t.FILE]
    kind: Annotated[int, t.INT8, "code of the kind"]
    a: Annotated[int, t.INT32, "first operand"]
    b: Annotated[int, t.INT32]
    c: Annotated[int, t.INT32]
    d: Annotated[int, t.INT32]


class ConstraintObject(msgspec.Struct, frozen=True):
    """A module, class, function or lambda; the file's objects are numbered by these rows."""

    file_id: Annotated[int, t.FILE]
    node: Annotated[int, t.NODE, "definition"]
    kind: Annotated[int, t.INT8, "MODULE, FUNCTION or CLASS"]


class ConstraintName(msgspec.Struct, frozen=True):
    """A text that constraints use; these rows number the file's names, the empty one first."""

    file_id: Annotated[int, t.FILE]
    text: Annotated[str, t.CODED, t.TEXT]


class ConstraintSite(msgspec.Struct, frozen=True):
    """A question: what does this call, name, attribute, import, base or decorator mean?"""

    file_id: Annotated[int, t.FILE]
    node: Annotated[int, t.NODE, "call, identifier, attribute, import, base or annotation"]
    what: Annotated[int, t.INT8, "index into SITES"]
    place: Annotated[int, t.INT32, "its value; of an attribute: the value left of the dot"]
    name: Annotated[int, t.INT32, "name looked for"]
