"""The intermediate representation: views of exactly six kinds, each with its parameters."""

import msgspec

from codeanatomy.semantic.declare import Entity, Property, Relation, View


class Normalize(msgspec.Struct, frozen=True, tag="normalize"):
    """Evidence rows of an entity with graph-wide ids, kind and qualified name."""

    entity: Entity
    files: str
    constants: str


class Derive(msgspec.Struct, frozen=True, tag="derive"):
    """Rows that a SQL view makes out of others."""

    view: View


class Relate(msgspec.Struct, frozen=True, tag="relate"):
    """Edges of one relation out of one left table."""

    relation: Relation
    left: str


class Union(msgspec.Struct, frozen=True, tag="union"):
    """All inputs one after the other, columns matched by semantic type."""

    struct: type[msgspec.Struct]


class Project(msgspec.Struct, frozen=True, tag="project"):
    """Property rows of a view of ids, or the columns of an output's struct (no properties)."""

    struct: type[msgspec.Struct]
    properties: tuple[Property, ...] = ()
    entity: str = ""


class Diagnostic(msgspec.Struct, frozen=True, tag="diagnostic"):
    """Rows about trouble: problems, unresolved sites, what was skipped."""

    view: View


Parameters = Normalize | Derive | Relate | Union | Project | Diagnostic
KINDS: tuple[type[msgspec.Struct], ...] = (Normalize, Derive, Relate, Union, Project, Diagnostic)


class ViewNode(msgspec.Struct, frozen=True):
    """One view: its name, its parameters (whose type is its kind) and what it may read."""

    name: str
    parameters: Parameters
    inputs: tuple[str, ...]

    @property
    def kind(self) -> str:
        """One of the six kinds."""
        return type(self.parameters).__name__.lower()
