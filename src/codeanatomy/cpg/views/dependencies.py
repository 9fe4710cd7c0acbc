"""External symbols and the distributions that they come from."""

from codeanatomy.facts.tables.views import Dependency, Provided
from codeanatomy.semantic.declare import View

PROVIDED = View(
    name="provided",
    struct=Provided,
    sql="""
        SELECT x."file_id", x."node", p."distribution", p."known", p."certainty", p."confidence"
        FROM "external" x JOIN "provided_module" p ON split_part(x."symbol", '.', 1) = p."top"
        WHERE starts_with(x."symbol" || '.', p."module" || '.')
    """,
)

DEPENDENCY = View(
    name="dependency",
    struct=Dependency,
    sql="""
        SELECT "file_id", "node", "name", "version", "requirement", "known" FROM "distribution"
        WHERE "requirement" IS NOT NULL
           OR "node" IN (SELECT "distribution" FROM "provided")
    """,
)
