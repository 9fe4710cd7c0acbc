"""The whole model: every declaration of this room, and the constant table of kinds."""

import pyarrow as pa

from codeanatomy.cpg import entities, outputs, relations, views
from codeanatomy.cpg.kinds import CONSTRUCTS
from codeanatomy.facts.collect import collect, declared, plugins
from codeanatomy.facts.schema import table_of
from codeanatomy.facts.tables.kinds import ConstructKind
from codeanatomy.semantic.declare import Entity, Model, Output, Relation, View


def model() -> Model:
    """Everything that is declared, by name."""
    return Model(
        entities=collect(entities, Entity),
        relations=collect(relations, Relation),
        views=collect(views, View),
        outputs={o.name: o for o in vars(outputs).values() if isinstance(o, Output)}
        | declared(Output, plugins()[0]),
        constants="construct_kind",
        files="source_file",
    )


def constants() -> pa.Table:
    """The table from syntax constructs to (kind, name)."""
    return table_of(ConstructKind, [(c, *CONSTRUCTS[c]) for c in sorted(CONSTRUCTS)])
