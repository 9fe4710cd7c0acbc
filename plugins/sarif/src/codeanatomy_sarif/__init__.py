"""What other analysers found, and which nodes they flag: the declarations of this plug-in."""

from codeanatomy.facts import types as t
from codeanatomy.semantic.declare import CONTAINMENT, Entity, Property, Relation, View
from codeanatomy_sarif.survey import SURVEY
from codeanatomy_sarif.tables import Located

__all__ = ["FINDING", "FLAGS", "LOCATED", "SURVEY"]

# A module holds the whole file. Variables and members are left out: their span is that of a name
# or attribute that is here.
LOCATED = View(
    name="located",
    struct=Located,
    sql=" UNION ALL ".join(
        f'SELECT "file_id", "node", "bstart", "bend" FROM "{table}"'
        for table in (
            *("definition", "syntax", "literal", "field"),
            *("parameter", "import_alias", "decorator", "comment"),
        )
    ),
)

FINDING = Entity(
    name="finding",
    table="finding",
    kind="FINDING",
    evidence="sarif",
    properties=(
        Property("RULE", "rule", unless=("",)),
        Property("TOOL", "tool", unless=("",)),
        Property("LEVEL", "level"),
        Property("MESSAGE", "message", unless=("",)),
    ),
)
FLAGS = Relation(
    name="rel_flags",
    kind="FLAGS",
    left=("finding",),
    right="located",
    by=CONTAINMENT,
    src=t.NODE,
    dst=t.VALUE,
    origin="sarif",
    adds="sarif",
    trust=0.9,
)
