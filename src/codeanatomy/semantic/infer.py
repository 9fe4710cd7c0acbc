"""What follows from the declarations and the annotated schemas: output schemas, joins, inputs.

Every decision is kept with its evidence; the policy compiler reads them from here.
"""

from collections.abc import Iterable, Mapping

import msgspec
import pyarrow as pa

from codeanatomy.facts.schema import columns_of, schema_from_struct
from codeanatomy.facts.tables.graph import Edge, Node, Span
from codeanatomy.facts.types import CONSTRUCT, FILE, MODULE
from codeanatomy.plans.facts import plan_facts, planning_session
from codeanatomy.semantic.compile import ViewNode
from codeanatomy.semantic.declare import Entity, Property, Relation, View
from codeanatomy.semantic.joins import JoinDecision, infer_join


class Inferred(msgspec.Struct, frozen=True):
    """Each view with its inputs, the schemas of tables and views, and the joins by view."""

    views: tuple[ViewNode, ...]
    schemas: dict[str, pa.Schema]
    joins: dict[str, tuple[JoinDecision, ...]]


def infer(views: tuple[ViewNode, ...], tables: Mapping[str, pa.Schema]) -> Inferred:
    """Schemas and joins of every view, and what SQL views read; SQL views come first.

    Raises DeclarationError for joins that do not follow from the types, PlanError for broken SQL.
    """
    schemas = dict(tables)
    joins: dict[str, tuple[JoinDecision, ...]] = {}
    for view in views:
        made_of = view.made_of
        if not isinstance(made_of, Entity | Relation):
            schemas[view.name] = schema_from_struct(made_of.struct)
            continue
        left, *others = view.inputs
        found = []
        for right in others:
            if isinstance(made_of, Relation):
                on = made_of.on
            else:
                on = FILE if columns_of(schemas[right], MODULE) else CONSTRUCT
            found.append(infer_join(left, schemas[left], right, schemas[right], on))
        joins[view.name] = tuple(found)
        structs = (Edge,) if isinstance(made_of, Relation) else (Node, Span)
        schemas[view.name] = _widened(structs, made_of.properties, schemas[left])
    known = []
    ctx = planning_session(schemas)
    for view in views:
        if isinstance(view.made_of, View):
            facts = plan_facts(ctx.sql(view.made_of.sql), schemas)
            view = msgspec.structs.replace(view, inputs=tuple(facts.tables))
        known.append(view)
    return Inferred(tuple(known), schemas, joins)


def _widened(
    structs: Iterable[type[msgspec.Struct]], read: Iterable[Property], table: pa.Schema
) -> pa.Schema:
    """The columns of the structs, each once, and what the properties read of the table."""
    fields: dict[str, pa.Field] = {}
    for field in (f for struct in structs for f in schema_from_struct(struct)):
        fields.setdefault(field.name, field)
    for one in read:
        fields.setdefault(one.column, table.field(one.column))
    return pa.schema(list(fields.values()))
