"""Edges of names, imports, classes and calls: what scope rules and the resolution solver say."""

from codeanatomy.facts import types as t
from codeanatomy.semantic.declare import Relation, Where

REF_SCOPE = Relation(
    name="rel_ref_scope",
    kind="REF",
    left=("reference",),
    src=t.NODE,
    dst=t.DECLARED,
    origin="scope",
    adds="scope",
)


def _answered(name: str, kind: str, *what: str) -> Relation:
    """Edges from what was asked so to what the solver answers."""
    return Relation(
        name=name,
        kind=kind,
        left=("target",),
        src=t.NODE,
        dst=t.TARGET,
        where=(Where(t.WHAT, what),),
        adds="resolve",
    )


REF_TARGET = _answered("rel_ref_target", "REF", "name", "attribute")
IMPORTS = _answered("rel_imports", "IMPORTS", "import")
CALL = _answered("rel_call", "CALL", "call", "implicit")

INHERITS = Relation(
    name="rel_inherits",
    kind="INHERITS_FROM",
    left=("base",),
    right="target",
    on=t.VALUE,
    src=t.CLASS,
    dst=t.TARGET,
    site=t.VALUE,
    where=(Where(t.WHAT, ("base",)),),
    ordinal=True,
    adds="resolve",
)

DECORATED_BY = Relation(
    name="rel_decorated_by",
    kind="DECORATED_BY",
    left=("decorator",),
    right="target",
    on=t.NODE,
    src=t.DECORATED,
    dst=t.TARGET,
    site=t.NODE,
    where=(Where(t.WHAT, ("decorator",)),),
    ordinal=True,
    adds="resolve",
)

CAPTURE = Relation(
    name="rel_capture",
    kind="CAPTURE",
    left=("capture",),
    src=t.FUNCTION,
    dst=t.CAPTURED,
    origin="scope",
    adds="scope",
)
