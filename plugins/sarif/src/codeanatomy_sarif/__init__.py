"""What other analysers found, and which nodes they flag: the declarations of this plug-in."""

from codeanatomy.facts import types as t
from codeanatomy.semantic.declare import CONTAINMENT, Entity, Property, Relation, View
from codeanatomy_sarif.survey import SURVEY
from codeanatomy_sarif.tables import Located

__all__ = ["FINDING", "FLAGS", "LOCATED", "SURVEY"]

# A module holds the whole file. Variables, members and decorators are left out: where they stand is
# a name, attribute or expression that is here. So are the parts of a formatted string, which before
# Python 3.12 have the span of the whole.
_PARTS = "('JoinedStr.values', 'TemplateStr.values')"
LOCATED = View(
    name="located",
    struct=Located,
    sql=" UNION ALL ".join(
        f'SELECT "file_id", "node", "bstart", "bend" FROM "{table}" WHERE "role" NOT IN {_PARTS}'
        for table in (
            *("definition", "syntax", "literal", "field"),
            *("parameter", "import_alias", "comment"),
        )
    ),
)

# All 9,550 results of ruff 0.17.6 and bandit 1.9.4 in Flask 3.1.3 and Requests 2.32.5 have their
# edge, to the narrowest node. An estimate below that: other tools may count columns otherwise, and
# nothing need tell of a file that was made of another text. That a finding is right is not claimed.
TRUST = 0.99
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
    trust=TRUST,
)
