"""Edges that a type checker gives. All are possible: a declared type is no proof of what comes at
run time, a call of a method may run one that overrides it, and of a decorated function what is
called is what the decorator made of it (half the confidence)."""

from functools import partial

from codeanatomy.facts import types as t
from codeanatomy.semantic.declare import Property, Relation, Where
from codeanatomy_types.survey import SURVEY
from codeanatomy_types.views import TYPED

__all__ = ["RELATIONS", "SURVEY", "TYPED"]

# of 149,354 call targets that pyrefly gives on Django the solver gives 137,882, too
TRUST = 0.92
_said = partial(Relation, dst=t.TARGET, origin="types", adds="types", fused=True, trust=TRUST)

RELATIONS = (
    *(
        _said(
            name=f"rel_typed_{what}",
            kind=kind,
            left=("typed",),
            src=t.NODE,
            where=(Where(t.WHAT, (what,)),),
            properties=properties,
        )
        for what, kind, properties in (
            ("type", "EVAL_TYPE", (Property("TYPE_FULL_NAME", "text"),)),
            ("call", "CALL", ()),
            ("override", "OVERRIDES", ()),
        )
    ),
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
    ),
)
