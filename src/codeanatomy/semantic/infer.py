"""What follows from the declarations and the annotated schemas: output schemas, joins, inputs.

Every decision is kept with its evidence; the policy compiler reads them from here.
"""

from collections.abc import Iterable, Mapping

import msgspec
import pyarrow as pa

from codeanatomy.facts.schema import columns_of, schema_from_struct
from codeanatomy.facts.tables.graph import Edge, Node, Span
from codeanatomy.facts.types import CONSTRUCT, FILE, QUALNAME, SemanticType
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
    """Schemas and joins of every view, and what SQL views read; SQL views come first.

    Raises DeclarationError for joins that do not follow from the types, PlanError for broken SQL.
    """
    schemas = dict(tables)
    joins: dict[str, tuple[JoinDecision, ...]] = {}
    for view in views:
        match view.parameters:
            case Normalize(entity=one) as p:
                left, right = one.table, dict[str, SemanticType | None]()
                right |= {p.files: FILE} if columns_of(schemas[left], QUALNAME) else {}
                right |= {p.constants: CONSTRUCT} if one.kind is None else {}
                schemas[view.name] = _widened((Node, Span), one.properties, schemas[left])
            case Relate(relation=one) as p:
                left, right = p.left, {one.right: one.on} if one.right else {}
                schemas[view.name] = _widened((Edge,), one.properties, schemas[left])
            case Derive() | Diagnostic() as p:
                schemas[view.name] = schema_from_struct(p.view.struct)
                continue
            case p:
                schemas[view.name] = schema_from_struct(p.struct)
                continue
        table = schemas[left]
        found = (infer_join(left, table, name, schemas[name], on) for name, on in right.items())
        joins[view.name] = tuple(found)
    known = []
    ctx = planning_session(schemas)
    for view in views:
        if isinstance(view.parameters, Derive | Diagnostic):
            facts = plan_facts(ctx.sql(view.parameters.view.sql), schemas)
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
