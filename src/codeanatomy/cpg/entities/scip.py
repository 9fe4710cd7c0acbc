"""The symbols of a SCIP index."""

from codeanatomy.semantic.declare import Entity, Property

SYMBOL = Entity(
    name="scip_symbol",
    table="scip_symbol",
    kind="SYMBOL",
    evidence="scip",
    properties=(
        Property("DOCUMENTATION", "documentation", unless=("",)),
        Property("SYMBOL_KIND", "symbol_kind", unless=(0,)),
    ),
)
