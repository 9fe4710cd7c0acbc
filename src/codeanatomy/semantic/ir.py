"""The intermediate representation: views of exactly six kinds, each with what it is made of."""

import msgspec

from codeanatomy.semantic.declare import Entity, Property, Relation, View


class Union(msgspec.Struct, frozen=True):
    """All inputs one after the other, columns matched by semantic type."""

    struct: type[msgspec.Struct]


class Project(msgspec.Struct, frozen=True):
    """Property rows of a view of ids, or the columns of an output's struct (no properties)."""

    struct: type[msgspec.Struct]
    properties: tuple[Property, ...] = ()
    entity: str = ""


KINDS = {
    Entity: "normalize",  # evidence rows with graph-wide ids, kind and qualified name
    Relation: "relate",  # edges out of the first input, the left table
    View: "derive",  # rows that SQL makes out of others
    Union: "union",
    Project: "project",
}
DIAGNOSTIC = "diagnostic"  # rows about trouble: problems, unresolved sites, what was skipped


class ViewNode(msgspec.Struct, frozen=True):
    """One view: its name, what it is made of, and what it may read (see `compile`)."""

    name: str
    made_of: Entity | Relation | View | Union | Project
    inputs: tuple[str, ...]

    @property
    def kind(self) -> str:
        """One of the six kinds."""
        troubled = isinstance(self.made_of, View) and self.made_of.diagnostic
        return DIAGNOSTIC if troubled else KINDS[type(self.made_of)]
