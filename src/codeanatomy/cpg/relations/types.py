"""Edges that a type checker gives. All are possible: a declared type is no proof of what comes at
run time, a call of a method may run one that overrides it, and of a decorated function what is
called is what the decorator made of it (half the confidence)."""

from functools import partial

from codeanatomy.facts import types as t
from codeanatomy.semantic.declare import Property, Relation, Where

_said = partial(Relation, dst=t.TARGET, origin="types", adds="types")
_typed = partial(_said, left=("typed",), src=t.NODE)

TYPES = (
    _typed(
        name="rel_eval_type",
        kind="EVAL_TYPE",
        where=(Where(t.WHAT, ("type",)),),
        properties=(Property("TYPE_FULL_NAME", "text"),),
    ),
    _typed(name="rel_typed_call", kind="CALL", where=(Where(t.WHAT, ("call",)),), fused=True),
    _typed(name="rel_overrides", kind="OVERRIDES", where=(Where(t.WHAT, ("override",)),)),
    _said(
        name="rel_typed_base",
        kind="INHERITS_FROM",
        left=("base",),
        right="typed",
        on=t.VALUE,
        src=t.CLASS,
        site=t.VALUE,
        where=(Where(t.WHAT, ("base",)),),
        ordinal=True,
        fused=True,
    ),
)
