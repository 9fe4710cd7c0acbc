"""Declarations to the intermediate representation: every view that the outputs could need, each of
one of the six kinds, with what it is made of."""

from collections.abc import Mapping

import msgspec
import pyarrow as pa

from codeanatomy.facts.errors import DeclarationError, nearest
from codeanatomy.facts.schema import columns_of, schema_from_struct
from codeanatomy.facts.tables.graph import Node, Problem, Prop
from codeanatomy.facts.tables.views import FusedEdge
from codeanatomy.facts.types import DISPUTED, IDS, NODE, QUALNAME, SemanticType
from codeanatomy.semantic.declare import EVERY, Entity, Model, Relation, View


class Union(msgspec.Struct, frozen=True):
    """All inputs one after the other, columns matched by semantic type; `only`: rows where the
    column of this type is true. Fused: edges that several give are one, with the evidence of all
    and the word of the surest."""

    struct: type[msgspec.Struct]
    fused: bool = False
    only: SemanticType | None = None


class Project(msgspec.Struct, frozen=True):
    """Property rows of a view of ids, or the columns of an output's struct."""

    struct: type[msgspec.Struct]


KINDS = {
    Entity: "normalize",  # evidence rows with graph-wide ids, kind and qualified name
    Relation: "relate",  # edges out of the first input, the left table
    View: "derive",  # rows that SQL makes out of others
    Union: "union",
    Project: "project",
}
DIAGNOSTIC = "diagnostic"  # rows about trouble: problems, unresolved sites, what was skipped


class ViewNode(msgspec.Struct, frozen=True):
    """One view: its name, what it is made of, and what it may read (see `compile_views`)."""

    name: str
    made_of: Entity | Relation | View | Union | Project
    inputs: tuple[str, ...]

    @property
    def kind(self) -> str:
        """One of the six kinds."""
        troubled = isinstance(self.made_of, View) and self.made_of.diagnostic
        return DIAGNOSTIC if troubled else KINDS[type(self.made_of)]


def compile_views(model: Model, tables: Mapping[str, pa.Schema]) -> tuple[ViewNode, ...]:
    """All views of the model over the given evidence tables.

    A view's first input is its (left) table; what an entity's rows are joined with, or a relation's
    right table, follows. What SQL views read is left open: inference reads it off their plans.
    Raises DeclarationError for unknown tables or two views of one name.
    """
    nodes: dict[str, ViewNode] = {}
    fused = {r.kind for r in model.relations.values() if r.fused}
    alike: dict[str, list[str]] = {}
    feeds: dict[str, list[str]]
    feeds = {"entities": [], "relations": [], "properties": [], "trouble": [], "disputes": []}

    def add(node: ViewNode, feed: str = "") -> None:
        if node.name in nodes or node.name in tables:
            raise DeclarationError(f"two views or tables are called {node.name!r}")
        nodes[node.name] = node
        if feed:
            feeds[feed].append(node.name)
        if isinstance(node.made_of, Entity | Relation) and node.made_of.properties:
            add(ViewNode(f"{node.name}_props", Project(Prop), (node.name,)), "properties")

    schemas = {**tables, **{v.name: schema_from_struct(v.struct) for v in model.views.values()}}
    for view in model.views.values():
        add(ViewNode(view.name, view, ()), "trouble" if view.struct is Problem else "")
    for entity in model.entities.values():
        if entity.table not in schemas:
            raise DeclarationError(f"entity {entity.name}: there is no table {entity.table!r}")
        needs = [entity.table]
        if columns_of(schemas[entity.table], QUALNAME):
            needs.append(model.files)
        if entity.kind is None:
            needs.append(model.constants)
        add(ViewNode(f"{entity.name}_norm", entity, tuple(needs)), "entities")
    for relation in model.relations.values():
        if _is_column(relation):
            continue
        lefts = _lefts(relation, schemas)
        for left in lefts:
            name = relation.name if len(lefts) == 1 else f"{relation.name}__{left}"
            inputs = (left, relation.right) if relation.right else (left,)
            add(ViewNode(name, relation, inputs), "" if relation.kind in fused else "relations")
            alike.setdefault(relation.kind, []).append(name)
    for kind in sorted(fused):
        add(ViewNode(f"fused_{kind.lower()}", Union(FusedEdge, fused=True), tuple(alike[kind])))
        for feed in ("relations", "disputes"):
            feeds[feed].append(f"fused_{kind.lower()}")
    for output in model.outputs.values():
        if output.feeds in feeds:
            union = Union(output.struct, only=DISPUTED if output.feeds == "disputes" else None)
            add(ViewNode(output.name, union, tuple(feeds[output.feeds])))
        elif output.feeds in nodes or output.feeds in tables:
            add(ViewNode(output.name, Project(output.struct), (output.feeds,)))
        else:
            raise DeclarationError(f"output {output.name}: there is no view {output.feeds!r}")
    return tuple(nodes.values())


def _is_column(relation: Relation) -> bool:
    """Whether every node has at most one such edge, wholly told by a column of the nodes."""
    r, ends = relation, (relation.dst, relation.site, relation.left)
    more = (r.right, r.where, r.ordinal, r.properties, r.adds, r.origin is None)
    held = r.src in IDS and columns_of(schema_from_struct(Node), IDS[r.src])
    return ends == (NODE, NODE, EVERY) and not any(more) and bool(held)


def _lefts(relation: Relation, schemas: Mapping[str, pa.Schema]) -> list[str]:
    if relation.left != EVERY:
        if lost := [n for n in (*relation.left, relation.right) if n and n not in schemas]:
            like = f"{lost[0]!r}{nearest(lost[0], schemas)}"
            raise DeclarationError(f"relation {relation.name}: there is no table {like}")
        return list(relation.left)
    ends = (relation.src, relation.dst)
    return [n for n, s in schemas.items() if all(len(columns_of(s, m)) == 1 for m in ends)]
