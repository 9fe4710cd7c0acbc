"""Which distribution an external thing comes from: the declarations of this plug-in."""

from codeanatomy.facts import types as t
from codeanatomy.semantic.declare import Entity, Property, Relation, View
from codeanatomy_distributions.survey import SURVEY
from codeanatomy_distributions.tables import Dependency, Provided

__all__ = ["DEPENDENCY", "DEPENDENCY_ROWS", "PROVIDED", "PROVIDED_BY", "SURVEY"]

# a distribution may have a module and modules below it, a namespace's
PROVIDED = View(
    name="provided",
    struct=Provided,
    sql="""
        SELECT DISTINCT x."file_id", x."node", p."distribution", p."known", p."certainty",
                        p."confidence"
        FROM "external" x JOIN "provided_module" p ON split_part(x."symbol", '.', 1) = p."top"
        WHERE starts_with(x."symbol" || '.', p."module" || '.')
    """,
)
DEPENDENCY_ROWS = View(
    name="dependency",
    struct=Dependency,
    sql="""
        SELECT "file_id", "node", "name", "version", "requirement", "known" FROM "distribution"
        WHERE "requirement" IS NOT NULL
           OR "node" IN (SELECT "distribution" FROM "provided")
    """,
)

DEPENDENCY = Entity(
    name="dependency",
    table="dependency",
    kind="DEPENDENCY",
    external=True,
    evidence="distributions",
    properties=(
        Property("VERSION", "version"),
        Property("REQUIREMENT", "requirement"),
        Property("KNOWN_AS", "known"),
    ),
)
PROVIDED_BY = Relation(
    name="rel_provided_by",
    kind="PROVIDED_BY",
    left=("provided",),
    src=t.NODE,
    dst=t.VALUE,
    adds="distributions",
)
