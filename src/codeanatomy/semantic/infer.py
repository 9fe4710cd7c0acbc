"""What follows from the declarations and the annotated schemas: output schemas, joins, inputs.

Every decision is kept with its evidence; the policy compiler reads them from here.
"""

from collections.abc import Iterable, Mapping

import msgspec
import pyarrow as pa

from codeanatomy.facts.schema import columns_of, schema_from_struct
from codeanatomy.facts.tables.graph import Edge, Node, Span
from codeanatomy.facts.types import CONSTRUCT, FILE, QUALNAME
from codeanatomy.plans.facts import plan_facts
from codeanatomy.plans.stubs import planning_session
from codeanatomy.semantic.declare import Property
from codeanatomy.semantic.ir import Derive, Diagnostic, Normalize, Relate, ViewNode
from codeanatomy.semantic.joins import JoinDecision, infer_join


class Inferred(msgspec.Struct, frozen=True):
    """Each view with its inputs, the schemas of tables and views, and the joins by view."""

    views: tuple[ViewNode, ...]
    schemas: dict[str, pa.Schema]
    joins: dict[str, tuple[JoinDecision, ...]]


def infer(views: tuple[ViewNode, ...], tables: Mapping[str, pa.Schema]) -> Inferred:
    """Schemas and joins of every view, and what SQL views read.

    Raises DeclarationError for joins that do not follow from the types, PlanError for broken SQL.
    """
    schemas = dict(tables)
    for view in views:
        if isinstance(view.parameters, Derive | Diagnostic):
            schemas[view.name] = schema_from_struct(view.parameters.view.struct)
    joins: dict[str, tuple[JoinDecision, ...]] = {}
    for view in views:
        p = view.parameters
        if isinstance(p, Normalize):
            table, read = schemas[p.entity.table], p.entity.properties
            joins[view.name] = _normal_joins(p, schemas)
            schemas[view.name] = _widened((Node, Span), read, table)
        elif isinstance(p, Relate):
            left, right, on = schemas[p.left], p.relation.right, p.relation.on
            joins[view.name] = ()
            if right:
                joins[view.name] = (infer_join(p.left, left, right, schemas[right], on),)
            schemas[view.name] = _widened((Edge,), p.relation.properties, left)
        elif not isinstance(p, Derive | Diagnostic):
            schemas[view.name] = schema_from_struct(p.struct)
    found = []
    ctx = planning_session(schemas)
    for view in views:
        if isinstance(view.parameters, Derive | Diagnostic):
            facts = plan_facts(ctx.sql(view.parameters.view.sql), schemas)
            view = msgspec.structs.replace(view, inputs=tuple(facts.tables))
        found.append(view)
    return Inferred(tuple(found), schemas, joins)


def _normal_joins(p: Normalize, schemas: Mapping[str, pa.Schema]) -> tuple[JoinDecision, ...]:
    table = schemas[p.entity.table]
    found = []
    if columns_of(table, QUALNAME):
        found.append(infer_join(p.entity.table, table, p.files, schemas[p.files], on=FILE))
    if p.entity.kind is None:
        constants = schemas[p.constants]
        found.append(infer_join(p.entity.table, table, p.constants, constants, on=CONSTRUCT))
    return tuple(found)


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
