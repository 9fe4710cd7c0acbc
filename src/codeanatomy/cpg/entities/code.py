"""Files, definitions, statements, expressions and what stands beside them."""

from codeanatomy.semantic.declare import Entity, Property

ENTITIES = (
    Entity(name="file", table="file_span", kind="FILE", evidence="sources"),
    Entity(
        name="definition",
        table="definition",
        properties=(
            Property("SIGNATURE", "signature"),
            Property("DOCSTRING", "docstring"),
            Property("IS_ASYNC", "asynchronous", unless=(False,)),
            Property("IS_GENERATOR", "generator", unless=(False,)),
        ),
    ),
    Entity(name="body", table="body", kind="METHOD"),
    Entity(name="exit", table="exit", kind="METHOD_RETURN"),
    Entity(name="parameter", table="parameter", properties=(Property("PASSING", "passing"),)),
    Entity(name="external", table="external", kind="EXTERNAL", external=True, evidence="resolve"),
    Entity(
        name="syntax",
        table="syntax",
        properties=(Property("CONTEXT", "context", unless=("", "load")),),
    ),
    Entity(
        name="literal",
        table="literal",
        kind="LITERAL",
        properties=(Property("TYPE_FULL_NAME", "type"), Property("CODE", "value")),
    ),
    Entity(name="field", table="field", kind="FIELD_IDENTIFIER"),
    Entity(name="variable", table="variable", kind="LOCAL"),
    Entity(name="member", table="member", kind="MEMBER"),
    Entity(
        name="import_alias",
        table="import_alias",
        kind="IMPORT",
        properties=(
            Property("MODULE", "module", unless=("",)),
            Property("IMPORTED_ENTITY", "imported"),
            Property("LEVEL", "level", unless=(0,)),
            Property("EXPLICIT_AS", "renamed", unless=(False,)),
        ),
    ),
    Entity(name="decorator", table="decorator", kind="ANNOTATION"),
    Entity(name="comment", table="comment", kind="COMMENT", properties=(Property("CODE", "text"),)),
)
