"""Edges by a SCIP index: what names and imports mean, the symbols of things, and of symbols."""

from functools import partial

from codeanatomy.facts import types as t
from codeanatomy.semantic.declare import Property, Relation, Where

_scip = partial(Relation, origin="scip", adds="scip", src=t.NODE, dst=t.TARGET)
_means = partial(_scip, left=("scip_reference",), fused=True)

REF = _means(name="rel_scip_ref", kind="REF", where=(Where(t.WHAT, ("name",)),))
IMPORTS = _means(name="rel_scip_imports", kind="IMPORTS", where=(Where(t.WHAT, ("import",)),))
SYMBOL = _scip(name="rel_scip_symbol", kind="SAME_SYMBOL_AS", left=("scip_thing",))
RELATED = _scip(
    name="rel_scip_relationship",
    kind="RELATED_TO",
    left=("scip_relationship",),
    properties=(Property("HOW", "how", unless=("",)),),
)
