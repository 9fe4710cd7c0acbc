"""What follows from the declarations and the annotated schemas: output schemas, joins, inputs.

Every decision is kept with its evidence; the policy compiler reads them from here.
"""

from collections.abc import Mapping

import msgspec
import pyarrow as pa

from codeanatomy.facts.schema import columns_of, schema_from_struct
from codeanatomy.facts.tables.graph import Edge, Node, Span
from codeanatomy.facts.types import CONSTRUCT, FILE, QUALNAME
from codeanatomy.plans.facts import plan_facts
from codeanatomy.plans.stubs import planning_session
from codeanatomy.semantic.ir import Derive, Diagnostic, Normalize, Relate, ViewNode
from codeanatomy.semantic.joins import JoinDecision, infer_join


class Inferred(msgspec.Struct, frozen=True):
    """What inference found: each view with its inputs, schemas of tables and views, joins by
    view."""

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
            joins[view.name] = _normal_joins(p, schemas)
            schemas[view.name] = normal_schema(p, schemas)
        elif isinstance(p, Relate):
            joins[view.name] = _relation_joins(p, schemas)
            schemas[view.name] = relation_schema(p, schemas)
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


def _relation_joins(p: Relate, schemas: Mapping[str, pa.Schema]) -> tuple[JoinDecision, ...]:
    right = p.relation.right
    if right is None:
        return ()
    return (infer_join(p.left, schemas[p.left], right, schemas[right], on=p.relation.on),)


def normal_schema(p: Normalize, schemas: Mapping[str, pa.Schema]) -> pa.Schema:
    """Columns of a normalised view: those of nodes and spans, and what the properties read."""
    table = schemas[p.entity.table]
    fields = list(schema_from_struct(Node))
    fields += [f for f in schema_from_struct(Span) if f.name not in {x.name for x in fields}]
    return pa.schema(fields + _extra(fields, [x.column for x in p.entity.properties], table))


def relation_schema(p: Relate, schemas: Mapping[str, pa.Schema]) -> pa.Schema:
    """Columns of a relation's view: those of edges, and what the properties read."""
    fields = list(schema_from_struct(Edge))
    return pa.schema(
        fields + _extra(fields, [x.column for x in p.relation.properties], schemas[p.left])
    )


def _extra(fields: list[pa.Field], columns: list[str], table: pa.Schema) -> list[pa.Field]:
    known = {f.name for f in fields}
    return [table.field(c) for c in dict.fromkeys(columns) if c not in known]
