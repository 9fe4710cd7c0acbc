"""What a SCIP index says of names, bases and methods: the declarations of this plug-in."""

from functools import partial

from codeanatomy.facts import types as t
from codeanatomy.semantic.declare import Relation, Where
from codeanatomy_scip.survey import SURVEY
from codeanatomy_scip.views import MEANING, PLACE

__all__ = ["MEANING", "PLACE", "RELATIONS", "SURVEY"]

TRUST = 0.9  # an estimate: indexes differ, none was measured
_said = partial(
    Relation, left=("scip_meaning",), src=t.NODE, dst=t.TARGET, ordinal=True, trust=TRUST
)
RELATIONS = tuple(
    _said(
        name=f"rel_scip_{what}",
        kind=kind,
        where=(Where(t.WHAT, (what,)),),
        origin="scip",
        adds="scip",
        fused=True,
    )
    for kind, what in (
        ("REF", "name"),
        ("IMPORTS", "import"),
        ("INHERITS_FROM", "base"),
        ("OVERRIDES", "overrides"),
    )
)
