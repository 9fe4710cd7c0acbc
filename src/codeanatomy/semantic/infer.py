"""What follows from the declarations and the annotated schemas: output schemas, joins, inputs.

Candidates of a join come from the compatibility groups alone. Each has a raw confidence that
depends on what kind of evidence the pair is; the best wins, the others are kept. A tie is an error
that names what would decide it. The policy compiler reads the decisions from here.
"""

from collections.abc import Iterable, Mapping

import msgspec
import pyarrow as pa
from datafusion import SessionContext
from msgspec.structs import replace

from codeanatomy.facts.errors import DeclarationError
from codeanatomy.facts.schema import columns_of, schema_from_struct, semantic_type
from codeanatomy.facts.tables.graph import Edge, Node, Span
from codeanatomy.facts.types import BEND, BSTART, CONSTRUCT, FILE, MODULE, TYPES, SemanticType
from codeanatomy.plans.facts import planning_session, tables_read
from codeanatomy.semantic.compile import ViewNode
from codeanatomy.semantic.declare import Entity, Property, Relation, View

# raw confidence by (role on the left, role on the right) of a pair in one group
_ROLES = {
    ("ref", "key"): (0.95, "foreign key"),
    ("key", "key"): (0.97, "same identity"),
    ("key", "ref"): (0.60, "referenced by"),
    ("ref", "ref"): (0.40, "both refer to the same"),
    ("owner", "owner"): (0.30, "same file"),
    ("ref", "owner"): (0.50, "file referred to"),
}
_EXACT_SPAN = 0.80
_REQUIRED = 0.90  # a declaration says along which type
_SYMBOL = 0.70
_VALUE_GROUPS = ("symbol", "qualified", "module", "construct", "content")  # texts that identify


class Pair(msgspec.Struct, frozen=True):
    """Two columns that must be equal."""

    left: str
    right: str


class Candidate(msgspec.Struct, frozen=True):
    """One way to join: strategy, equal columns, confidence and the evidence for it."""

    strategy: str  # foreign key | same identity | exact span | symbol | same file ...
    keys: tuple[Pair, ...]
    confidence: float
    evidence: str


class JoinDecision(msgspec.Struct, frozen=True):
    """The chosen way to join two tables, and what was refused."""

    left: str
    right: str
    chosen: Candidate
    refused: tuple[Candidate, ...]


class Inferred(msgspec.Struct, frozen=True):
    """Each view with its inputs, the schemas of tables and views, the joins by view, and a session
    that plans over stubs of them."""

    views: tuple[ViewNode, ...]
    schemas: dict[str, pa.Schema]
    joins: dict[str, tuple[JoinDecision, ...]]
    session: SessionContext


def infer(views: tuple[ViewNode, ...], tables: Mapping[str, pa.Schema]) -> Inferred:
    """Schemas and joins of every view, and what SQL views read; SQL views come first.
    DeclarationError for joins that do not follow from the types and for SQL that is broken."""
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
            of_entity = FILE if columns_of(schemas[right], MODULE) else CONSTRUCT
            on = made_of.on if isinstance(made_of, Relation) else of_entity
            found.append(infer_join(schemas, left, right, on))
        joins[view.name] = tuple(found)
        structs = (Edge,) if isinstance(made_of, Relation) else (Node, Span)
        schemas[view.name] = _widened(structs, made_of.properties, schemas[left])
    known = []
    ctx = planning_session(schemas)
    for view in views:
        if isinstance(view.made_of, View):
            try:
                read = tables_read(ctx.sql(view.made_of.sql))
            except ValueError as error:  # the engine's, for what it cannot plan
                raise DeclarationError(f"view {view.name!r}: {error}") from error
            view = replace(view, inputs=read)
        known.append(view)
    return Inferred(tuple(known), schemas, joins, ctx)


def _widened(
    structs: Iterable[type[msgspec.Struct]], read: Iterable[Property], table: pa.Schema
) -> pa.Schema:
    """The columns of the structs, each once, and what the properties read of the table."""
    fields: dict[str, pa.Field] = {}
    for field in (f for struct in structs for f in schema_from_struct(struct)):
        fields.setdefault(field.name, field)
    for one in read:
        if one.column not in table.names:
            raise DeclarationError(f"property {one.key}: {one.column!r} is not in {table.names}")
        fields.setdefault(one.column, table.field(one.column))
    return pa.schema(list(fields.values()))


def infer_join(
    schemas: Mapping[str, pa.Schema], left: str, right: str, on: SemanticType | None = None
) -> JoinDecision:
    """The best join of two tables by their schemas; `on` restricts the left key to that type.
    DeclarationError when nothing fits or when two ways are equally good."""
    sides = schemas[left], schemas[right]
    found = [c for a in sides[0] for b in sides[1] if (c := _pair(*sides, a, b, on))]
    spans = [[columns_of(s, m) for m in (FILE, BSTART, BEND)] for s in sides]
    if on is None and all(len(names) == 1 for side in spans for names in side):
        keys = tuple(Pair(a, b) for (a,), (b,) in zip(*spans, strict=True))
        found.append(Candidate("exact span", keys, _EXACT_SPAN, "same file, start and end"))
    found.sort(key=lambda c: (-c.confidence, [(k.left, k.right) for k in c.keys]))
    if not found:
        of = f" by {on.name}" if on else ""
        raise DeclarationError(f"nothing joins {left} with {right}{of}: no columns of one group")
    if len(found) > 1 and found[1].confidence == found[0].confidence:
        ways = " or ".join(str([(k.left, k.right) for k in c.keys]) for c in found[:2])
        raise DeclarationError(f"{left} joins {right} by {ways}: say which with `on`")
    best, *others = found
    if on is not None:
        confidence = max(best.confidence, _REQUIRED)
        best = replace(best, confidence=confidence, evidence=f"{best.evidence}, as required")
    return JoinDecision(left, right, best, tuple(others))


def _pair(
    left: pa.Schema, right: pa.Schema, a: pa.Field, b: pa.Field, on: SemanticType | None
) -> Candidate | None:
    mine, other = semantic_type(a), semantic_type(b)
    if mine is None or other is None or mine.group != other.group or on not in (None, mine):
        return None
    why = f"{mine.name} = {other.name} (group {mine.group})"
    if mine.group in _VALUE_GROUPS:
        return Candidate("symbol", (Pair(a.name, b.name),), _SYMBOL, why)
    if (mine.role, other.role) not in _ROLES:
        return None
    confidence, strategy = _ROLES[mine.role, other.role]
    scope = []
    if mine.within or other.within:  # keys inside a file mean nothing without the file
        if not (mine.within and other.within):
            return None
        own, their = columns_of(left, TYPES[mine.within]), columns_of(right, TYPES[other.within])
        if len(own) != 1 or len(their) != 1:
            return None
        scope = [Pair(own[0], their[0])]
        why += f" within {mine.within} = {other.within}"
    return Candidate(strategy, (*scope, Pair(a.name, b.name)), confidence, why)
