"""IR to SQL: one function per view kind in one dispatch table of six."""

from collections.abc import Callable, Mapping

import pyarrow as pa

from codeanatomy.facts import types as t
from codeanatomy.facts.ids import hash_text, sql_edge_id
from codeanatomy.facts.schema import columns_of, schema_from_struct, semantic_type
from codeanatomy.facts.tables.graph import Edge, Node, Prop, Span
from codeanatomy.semantic.declare import Property
from codeanatomy.semantic.infer import Inferred
from codeanatomy.semantic.ir import Derive, Diagnostic, Normalize, Project, Relate, Union, ViewNode
from codeanatomy.semantic.joins import JoinDecision
from codeanatomy.semantic.sql import cast, column, field_of, has, identity, literal, quote

_NODE, _SPAN, _EDGE, _PROP = (schema_from_struct(s) for s in (Node, Span, Edge, Prop))
_NO_EVIDENCE = "none"


def emit(view: ViewNode, inferred: Inferred) -> str:
    """SQL text of the view over its inputs; columns as in its inferred schema."""
    return _EMITTERS[type(view.parameters)](view, inferred)


def _select(columns: Mapping[str, str], source: str, where: list[str] | None = None) -> str:
    """SELECT of named expressions."""
    listed = ", ".join(f"{expression} AS {quote(name)}" for name, expression in columns.items())
    condition = f" WHERE {' AND '.join(where)}" if where else ""
    return f"SELECT {listed} FROM {source}{condition}"


def _joined(decision: JoinDecision, how: str, left: str, right: str) -> str:
    keys = " AND ".join(
        f"{left}.{quote(k.left)} = {right}.{quote(k.right)}" for k in decision.chosen.keys
    )
    return f" {how} JOIN {quote(decision.right)} {right} ON {keys}"


def _normalize(view: ViewNode, inferred: Inferred) -> str:
    p = view.parameters
    assert isinstance(p, Normalize)
    table = inferred.schemas[p.entity.table]
    joins = {j.right: j for j in inferred.joins[view.name]}
    source = f"{quote(p.entity.table)} a"

    def own(meaning: t.SemanticType, otherwise: str = "NULL") -> str:
        return column("a", table, meaning) if has(table, meaning) else otherwise

    name = own(t.PATH, own(t.NAME))
    kind = literal(p.entity.kind or "")
    qualified = own(t.SYMBOL)
    if p.files in joins:
        module = column("m", inferred.schemas[p.files], t.MODULE)
        local = own(t.QUALNAME)
        source += _joined(joins[p.files], "", "a", "m")
        qualified = f"CASE WHEN {local} = '' THEN {module} ELSE {module} || '.' || {local} END"
        name = f"CASE WHEN {local} = '' THEN {module} ELSE {name} END"
    if p.constants in joins:
        constants = inferred.schemas[p.constants]
        given, kind_of = column("c", constants, t.NAME), column("c", constants, t.KIND)
        source += _joined(joins[p.constants], "LEFT", "a", "c")
        unknown = f"CASE WHEN {kind_of} IS NULL THEN {own(t.CONSTRUCT)} ELSE {name} END"
        name = f"coalesce({given}, {unknown})"
        kind = f"coalesce({kind_of}, 'UNKNOWN')"
    identified = t.NODE if has(table, t.NODE) else t.FILE
    made = {
        t.NODE_ID: identity("a", table, identified),
        t.KIND: kind,
        t.NAME: name,
        t.QUALIFIED: qualified,
        t.FILE: column("a", table, t.FILE),
        t.ORDINAL: own(t.ORDINAL, "0"),
        t.EXTERNAL: literal(p.entity.external),
        t.EVIDENCE: _evidence("a", table, p.entity.evidence),
        **{i: identity("a", table, m) if has(table, m) else "NULL" for m, i in t.IDS.items()},
        **{meaning: own(meaning) for meaning in (t.BSTART, t.BEND, t.LINE)},
    }
    out: dict[str, str] = {}
    for field in inferred.schemas[view.name]:
        kept = semantic_type(field)
        if kept in made and field.name in (*_NODE.names, *_SPAN.names):
            same = made[kept] == own(kept, "")
            given_type = field_of(table, kept).type if same else None
            out[field.name] = cast(made[kept], field.type, given_type)
        else:
            out[field.name] = f"a.{quote(field.name)}"
    return _select(out, source)


def _evidence(alias: str, table: pa.Schema, constant: str, adds: str = "") -> str:
    if not has(table, t.EVIDENCE):
        return literal("+".join(x for x in (constant, adds) if x) or _NO_EVIDENCE)
    own = column(alias, table, t.EVIDENCE)
    return f"concat({own}, {literal('+' + adds)})" if adds else own


def _relate(view: ViewNode, inferred: Inferred) -> str:
    p = view.parameters
    assert isinstance(p, Relate)
    r, left = p.relation, inferred.schemas[p.left]
    right = inferred.schemas[r.right] if r.right else None
    source = f"{quote(p.left)} a"
    for decision in inferred.joins[view.name]:
        source += _joined(decision, "", "a", "b")
    sides = [("a", left)] + ([("b", right)] if right is not None else [])

    def side(meaning: t.SemanticType) -> tuple[str, pa.Schema]:
        return next((s for s in sides if has(s[1], meaning)), sides[0])

    def typed(meaning: t.SemanticType, otherwise: str) -> tuple[str, pa.DataType | None]:
        for alias, schema in sides:
            if has(schema, meaning):
                return column(alias, schema, meaning), field_of(schema, meaning).type
        return otherwise, None

    confidence = typed(t.CONFIDENCE, "1.0")
    as_given = has(left, t.EVIDENCE) and not r.adds
    evidence = field_of(left, t.EVIDENCE).type if as_given else None
    made: dict[t.SemanticType, tuple[str, pa.DataType | None]] = {
        t.KIND: (literal(r.kind), None),
        t.SOURCE_ID: (identity(*side(r.src), r.src), pa.int64()),
        t.TARGET_ID: (identity(*side(r.dst), r.dst), pa.int64()),
        t.SITE_ID: (identity(*side(r.site or r.src), r.site or r.src), pa.int64()),
        t.ORDINAL: typed(t.ORDINAL, column("a", left, t.ORDINAL)) if r.ordinal else ("0", None),
        t.FILE: (column("a", left, t.FILE), pa.int64()),
        t.ORIGIN: (literal(r.origin), None) if r.origin else typed(t.ORIGIN, literal(r.name)),
        t.CERTAINTY: typed(t.CERTAINTY, "'certain'"),
        t.CONFIDENCE: confidence,
        t.SCORE: confidence,
        t.EVIDENCE: (_evidence("a", left, "", r.adds), evidence),
    }
    where = [
        f"{column(*side(w.meaning), w.meaning)} IN ({', '.join(map(literal, w.values))})"
        for w in r.where
    ]
    for end in (r.src, r.dst):
        alias, schema = side(end)
        if field_of(schema, end).nullable:
            where.append(f"{column(alias, schema, end)} IS NOT NULL")
    out: dict[str, str] = {}
    for field in inferred.schemas[view.name]:
        meaning = semantic_type(field)
        if field.name in _EDGE.names and meaning in made:
            out[field.name] = cast(made[meaning][0], field.type, made[meaning][1])
        else:
            out[field.name] = f"a.{quote(field.name)}"
    return _select(out, source, where)


def _union(view: ViewNode, inferred: Inferred) -> str:
    p = view.parameters
    assert isinstance(p, Union)
    wanted = schema_from_struct(p.struct)
    parts = []
    for name in view.inputs:
        picked = _pick(wanted, inferred.schemas[name], name)
        given = inferred.schemas[name]
        where = [
            f"{picked[f.name]} IS NOT NULL"
            for f in wanted
            if not f.nullable and given.field(_source(f, given, name)).nullable
        ]
        if not _constantly_null(wanted, view, name, inferred):
            parts.append(_select(picked, quote(name), where))
    return " UNION ALL ".join(parts)


def _constantly_null(wanted: pa.Schema, view: ViewNode, name: str, inferred: Inferred) -> bool:
    """A normalised view of a table without spans has none to give."""
    source = next((v for v in inferred.views if v.name == name), None)
    if source is None or not isinstance(source.parameters, Normalize):
        return False
    table = inferred.schemas[source.parameters.entity.table]
    needed = [m for f in wanted if (m := semantic_type(f)) in (t.BSTART, t.BEND, t.LINE)]
    return any(not has(table, m) for m in needed)


def _source(field: pa.Field, given: pa.Schema, name: str) -> str:
    """The input's column that fills a field: same meaning; where several have it, same name."""
    meaning = semantic_type(field)
    found = columns_of(given, meaning) if meaning else []
    return found[0] if len(found) == 1 else str(field.name)


def _pick(wanted: pa.Schema, given: pa.Schema, name: str) -> dict[str, str]:
    out = {}
    for field in wanted:
        source = _source(field, given, name)
        out[field.name] = cast(quote(source), field.type, given.field(source).type)
    return out


def _project(view: ViewNode, inferred: Inferred) -> str:
    p = view.parameters
    assert isinstance(p, Project)
    (name,) = view.inputs
    given = inferred.schemas[name]
    if not p.properties:
        return _select(_pick(schema_from_struct(p.struct), given, name), quote(name))
    if p.entity == "node":
        identity_of = quote(columns_of(given, t.NODE_ID)[0])
    else:
        ends = [quote(columns_of(given, m)[0]) for m in (t.SOURCE_ID, t.TARGET_ID, t.ORDINAL)]
        related = next(v.parameters for v in inferred.views if v.name == name)
        assert isinstance(related, Relate)
        identity_of = sql_edge_id(str(hash_text(related.relation.kind)), *ends)
    return " UNION ALL ".join(
        _property_rows(p.entity, identity_of, x, given.field(x.column), quote(name))
        for x in p.properties
    )


def _property_rows(
    entity: str, identity_of: str, wanted: Property, field: pa.Field, source: str
) -> str:
    kinds = {"string": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}
    plain = field.type.value_type if pa.types.is_dictionary(field.type) else field.type
    plain = pa.int64() if pa.types.is_integer(plain) else plain
    value_type = next(k for k, v in kinds.items() if v.equals(plain))
    value = quote(wanted.column)
    slots = [value if kind == value_type else "NULL" for kind in kinds]
    made = (literal(entity), identity_of, literal(wanted.key), literal(value_type), *slots)
    out = {
        f.name: cast(given, f.type, field.type if given == value else None)
        for f, given in zip(_PROP, made, strict=True)
    }
    where = [f"{value} IS NOT NULL"] if field.nullable else []
    if wanted.unless:
        where.append(f"{value} NOT IN ({', '.join(map(literal, wanted.unless))})")
    return _select(out, source, where)


def _sql_view(view: ViewNode, inferred: Inferred) -> str:
    p = view.parameters
    assert isinstance(p, Derive | Diagnostic)
    wanted = inferred.schemas[view.name]
    columns = {f.name: cast(quote(f.name), f.type) for f in wanted}
    return _select(columns, f"({p.view.sql})")


_EMITTERS: dict[type, Callable[[ViewNode, Inferred], str]] = {
    Normalize: _normalize,
    Derive: _sql_view,
    Relate: _relate,
    Union: _union,
    Project: _project,
    Diagnostic: _sql_view,
}
