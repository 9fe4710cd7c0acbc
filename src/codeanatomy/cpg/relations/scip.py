"""Edges by a SCIP index: what names and imports mean, what classes and methods implement, and the
types of values. They are those of scope and solver, or new ones."""

from codeanatomy.facts import types as t
from codeanatomy.semantic.declare import Relation, Where

SCIP = tuple(
    Relation(
        name=f"rel_scip_{kind.lower()}",
        kind=kind,
        left=(left,),
        src=t.NODE,
        dst=t.TARGET,
        where=(Where(t.WHAT, (what,)),),
        ordinal=True,
        origin="scip",
        adds="scip",
        fused=True,
    )
    for kind, left, what in (
        ("REF", "scip_reference", "name"),
        ("IMPORTS", "scip_reference", "import"),
        ("INHERITS_FROM", "scip_relative", "base"),
        ("OVERRIDES", "scip_relative", "overrides"),
        ("EVAL_TYPE", "scip_relative", "type"),
    )
)
