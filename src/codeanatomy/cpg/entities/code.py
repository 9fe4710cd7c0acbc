"""Statements, expressions and what stands beside them."""

from codeanatomy.semantic.declare import Entity, Property

SYNTAX = Entity(
    name="syntax", table="syntax", properties=(Property("CONTEXT", "context", unless=("", "load")),)
)

LITERAL = Entity(
    name="literal",
    table="literal",
    kind="LITERAL",
    properties=(Property("TYPE_FULL_NAME", "type"), Property("CODE", "value")),
)

FIELD = Entity(name="field", table="field", kind="FIELD_IDENTIFIER")

VARIABLE = Entity(name="variable", table="variable", kind="LOCAL")

MEMBER = Entity(name="member", table="member", kind="MEMBER")

IMPORT = Entity(
    name="import_alias",
    table="import_alias",
    kind="IMPORT",
    properties=(
        Property("MODULE", "module", unless=("",)),
        Property("IMPORTED_ENTITY", "imported"),
        Property("LEVEL", "level", unless=(0,)),
        Property("EXPLICIT_AS", "renamed", unless=(False,)),
    ),
)

DECORATOR = Entity(name="decorator", table="decorator", kind="ANNOTATION")

COMMENT = Entity(
    name="comment", table="comment", kind="COMMENT", properties=(Property("CODE", "text"),)
)
