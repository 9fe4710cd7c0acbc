"""Edges of the syntax tree and of containment."""

from functools import partial

from codeanatomy.facts import types as t
from codeanatomy.semantic.declare import EVERY, Property, Relation

_said = partial(Relation, origin="syntax")

AST = _said(name="rel_ast", kind="AST", left=EVERY, src=t.PARENT, dst=t.NODE, site=t.NODE)

AST_FILE = _said(
    name="rel_ast_file", kind="AST", left=("module",), src=t.FILE, dst=t.NODE, site=t.NODE
)

CONTAINS = _said(
    name="rel_contains", kind="CONTAINS", left=EVERY, src=t.CONTAINER, dst=t.NODE, site=t.NODE
)

CONTAINS_FILE = _said(
    name="rel_contains_file",
    kind="CONTAINS",
    left=("definition", "body"),
    src=t.FILE,
    dst=t.NODE,
    site=t.NODE,
)

SOURCE_FILE = _said(
    name="rel_source_file",
    kind="SOURCE_FILE",
    left=("definition", "body", "comment"),
    src=t.NODE,
    dst=t.FILE,
)

ARGUMENT = _said(
    name="rel_argument",
    kind="ARGUMENT",
    left=("argument",),
    src=t.CALL_SITE,
    dst=t.VALUE,
    site=t.VALUE,
    ordinal=True,
    properties=(
        Property("ARGUMENT_NAME", "keyword"),
        Property("UNPACKED", "unpacked", unless=("",)),
    ),
)

RECEIVER = _said(
    name="rel_receiver", kind="RECEIVER", left=("call_site",), src=t.NODE, dst=t.RECEIVER
)
