"""Edges of control and data flow inside one definition."""

from functools import partial

from codeanatomy.facts import types as t
from codeanatomy.semantic.declare import EVERY, Relation

_dominates = partial(Relation, left=EVERY, dst=t.NODE, site=t.NODE, origin="flow")

CFG = Relation(name="rel_cfg", kind="CFG", left=("flow_edge",), src=t.NODE, dst=t.FOLLOWER)

DOMINATE = _dominates(name="rel_dominate", kind="DOMINATE", src=t.DOMINATOR)

POST_DOMINATE = _dominates(name="rel_post_dominate", kind="POST_DOMINATE", src=t.POST_DOMINATOR)

CDG = Relation(
    name="rel_cdg", kind="CDG", left=("control",), src=t.CONTROLLER, dst=t.NODE, site=t.NODE
)

REACHING_DEF = Relation(
    name="rel_reaching_def",
    kind="REACHING_DEF",
    left=("def_use",),
    src=t.BINDING,
    dst=t.NODE,
    site=t.NODE,
    origin="flow",
)
