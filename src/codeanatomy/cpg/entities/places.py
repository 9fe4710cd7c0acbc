"""Files, modules, classes, functions and their bodies."""

from codeanatomy.semantic.declare import Entity, Property

FILE = Entity(name="file", table="file_span", kind="FILE", evidence="sources")

DEFINITION = Entity(
    name="definition",
    table="definition",
    properties=(
        Property("SIGNATURE", "signature"),
        Property("DOCSTRING", "docstring"),
        Property("IS_ASYNC", "asynchronous", unless=(False,)),
        Property("IS_GENERATOR", "generator", unless=(False,)),
    ),
)

BODY = Entity(name="body", table="body", kind="METHOD")

EXIT = Entity(name="exit", table="exit", kind="METHOD_RETURN")

PARAMETER = Entity(
    name="parameter", table="parameter", properties=(Property("PASSING", "passing"),)
)

EXTERNAL = Entity(
    name="external", table="external", kind="EXTERNAL", external=True, evidence="resolve"
)
