"""IR to SQL: one function per view kind in one dispatch table of six."""

from collections.abc import Callable, Collection, Mapping

import pyarrow as pa

from codeanatomy.facts import types as t
from codeanatomy.facts.errors import DeclarationError
from codeanatomy.facts.ids import hash_text, sql_edge_id, sql_node_id
from codeanatomy.facts.schema import TABLE, column_of, columns_of, schema_from_struct, semantic_type
from codeanatomy.facts.tables.graph import Edge, Node, Prop, Span
from codeanatomy.semantic.compile import Project, Union, ViewNode
from codeanatomy.semantic.declare import CONTAINMENT, Entity, Relation, View
from codeanatomy.semantic.infer import Candidate, Inferred, JoinDecision

_NODE, _SPAN, _EDGE, _PROP = (schema_from_struct(s) for s in (Node, Span, Edge, Prop))
_CASTS = {pa.int8(): "Int8", pa.int16(): "Int16", pa.int32(): "Int32", pa.int64(): "Int64"}
_CASTS |= {pa.dictionary(k, pa.string()): f"Dictionary({v}, Utf8)" for k, v in _CASTS.items()}
_CASTS |= {pa.float64(): "Float64", pa.bool_(): "Boolean"}
_CASTS |= {pa.string(): "Utf8", pa.binary(): "Binary"}


def emit(view: ViewNode, inferred: Inferred) -> str:
    """SQL text of the view over its inputs; columns as in its inferred schema."""
    return EMITTERS[view.kind](view.made_of, view, inferred)


def _select(columns: Mapping[str, str], source: str, where: list[str] | None = None) -> str:
    """SELECT of named expressions."""
    listed = ", ".join(f"{expression} AS {quote(name)}" for name, expression in columns.items())
    condition = f" WHERE {' AND '.join(where)}" if where else ""
    return f"SELECT {listed} FROM {source}{condition}"


def _joined(decision: JoinDecision, how: str, right: str) -> str:
    keys = [f"a.{quote(k.left)} = {right}.{quote(k.right)}" for k in decision.chosen.keys]
    if decision.chosen.ends:
        left, other = _ends(decision.chosen)
        if decision.chosen.strategy == CONTAINMENT:
            keys += [f"{other[0]} <= {left[0]}", f"{left[1]} <= {other[1]}"]
        else:
            keys += [f"{other[0]} < {left[1]}", f"{left[0]} < {other[1]}"]
    return f" {how} JOIN {quote(decision.right)} {right} ON {' AND '.join(keys)}"


def _ends(way: Candidate) -> tuple[list[str], list[str]]:
    """Start and end of the left and of the right."""
    return [f"a.{quote(e.left)}" for e in way.ends], [f"b.{quote(e.right)}" for e in way.ends]


def _nearest(way: Candidate, r: Relation, left: pa.Schema, right: pa.Schema) -> str:
    """Of several that hold the span of an edge's source, or share some of it, the one that shares
    most, and of these the narrowest."""
    (start, end), (its_start, its_end) = _ends(way)
    shared = f"least({end}, {its_end}) - greatest({start}, {its_start})"
    row = ", ".join(column("a", left, m) for m in (t.FILE, r.src))
    order = f"{shared} DESC, {its_end} - {its_start}, {column('b', right, r.dst)}"
    return f" QUALIFY row_number() OVER (PARTITION BY {row} ORDER BY {order}) = 1"


def _filled(
    wanted: pa.Schema,
    own: Collection[str],
    made: Mapping[t.SemanticType | None, str],
    types: Mapping[str, pa.DataType],
) -> dict[str, str]:
    """The columns of the schema: its own as made, by their meaning, all others as the left table
    has them. `types` are those of expressions that may need no cast."""
    out = {}
    for field in wanted:
        text = made.get(semantic_type(field), "") if field.name in own else ""
        left = f"a.{quote(field.name)}"
        out[field.name] = cast(text, field.type, types.get(text)) if text else left
    return out


def _normalize(entity: Entity, view: ViewNode, inferred: Inferred) -> str:
    table, joins = inferred.schemas[entity.table], inferred.joins[view.name]
    source = f"{quote(entity.table)} a"

    def own(meaning: t.SemanticType, otherwise: str = "NULL") -> str:
        return column("a", table, meaning) if has(table, meaning) else otherwise

    name = own(t.PATH, own(t.NAME))
    kind = literal(entity.kind or "")
    qualified = own(t.SYMBOL)
    if columns_of(table, t.QUALNAME):  # joined first, with the files
        module = column("m", inferred.schemas[joins[0].right], t.MODULE)
        local = own(t.QUALNAME)
        source += _joined(joins[0], "", "m")
        qualified = f"CASE WHEN {local} = '' THEN {module} ELSE {module} || '.' || {local} END"
        name = f"CASE WHEN {local} = '' THEN {module} ELSE {name} END"
    if entity.kind is None:  # joined last, with the constructs
        constants = inferred.schemas[joins[-1].right]
        given, kind_of = column("c", constants, t.NAME), column("c", constants, t.KIND)
        source += _joined(joins[-1], "LEFT", "c")
        unknown = f"CASE WHEN {kind_of} IS NULL THEN {own(t.CONSTRUCT)} ELSE {name} END"
        name = f"coalesce({given}, {unknown})"
        kind = f"coalesce({kind_of}, 'UNKNOWN')"
    identified = t.NODE if has(table, t.NODE) else t.FILE
    made: dict[t.SemanticType | None, str] = {
        t.NODE_ID: identity("a", table, identified),
        t.KIND: kind,
        t.NAME: name,
        t.QUALIFIED: qualified,
        t.FILE: column("a", table, t.FILE),
        t.ORDINAL: own(t.ORDINAL, "0"),
        t.EXTERNAL: literal(entity.external),
        t.EVIDENCE: _evidence(table, entity.evidence),
        **{i: identity("a", table, m) if has(table, m) else "NULL" for m, i in t.IDS.items()},
        **{meaning: own(meaning) for meaning in (t.BSTART, t.BEND, t.LINE)},
    }
    names = (*_NODE.names, *_SPAN.names)
    types = {f"a.{quote(f.name)}": f.type for f in table}
    return _select(_filled(inferred.schemas[view.name], names, made, types), source)


def _evidence(table: pa.Schema, constant: str, adds: str = "") -> str:
    if not has(table, t.EVIDENCE):
        return literal("+".join(x for x in (constant, adds) if x) or "none")
    own = column("a", table, t.EVIDENCE)
    return f"concat({own}, {literal('+' + adds)})" if adds else own


def _relate(r: Relation, view: ViewNode, inferred: Inferred) -> str:
    sides = list(zip("ab", (inferred.schemas[name] for name in view.inputs), strict=False))
    left = sides[0][1]
    source = f"{quote(view.inputs[0])} a"
    for decision in inferred.joins[view.name]:
        source += _joined(decision, "", "b")

    def side(meaning: t.SemanticType) -> tuple[str, pa.Schema]:
        return next((s for s in sides if has(s[1], meaning)), sides[0])

    def given(meaning: t.SemanticType, otherwise: str) -> str:
        alias, schema = side(meaning)
        return column(alias, schema, meaning) if has(schema, meaning) else otherwise

    ends = {t.SOURCE_ID: r.src, t.TARGET_ID: r.dst, t.SITE_ID: r.site or r.src}
    made: dict[t.SemanticType | None, str]
    made = {end: identity(*side(meaning), meaning) for end, meaning in ends.items()}
    types = {f"{alias}.{quote(f.name)}": f.type for alias, schema in sides for f in schema}
    types |= dict.fromkeys(made.values(), pa.int64())
    made |= {
        t.KIND: literal(r.kind),
        t.ORDINAL: column("a", left, t.ORDINAL) if r.ordinal else "0",
        t.FILE: column("a", left, t.FILE),
        t.ORIGIN: literal(r.origin) if r.origin else given(t.ORIGIN, literal(r.name)),
        t.CERTAINTY: given(t.CERTAINTY, "'certain'"),
        t.CONFIDENCE: given(t.CONFIDENCE, "1.0"),
        t.SCORE: f"{literal(r.trust)} * {given(t.CONFIDENCE, '1.0')}",
        t.EVIDENCE: _evidence(left, "", r.adds),
    }
    where = [
        f"{column(*side(w.meaning), w.meaning)} IN ({', '.join(map(literal, w.values))})"
        for w in r.where
    ]
    for end in (r.src, r.dst):
        alias, schema = side(end)
        if schema.field(column_of(schema, end)).nullable:
            where.append(f"{column(alias, schema, end)} IS NOT NULL")
    sql = _select(_filled(inferred.schemas[view.name], _EDGE.names, made, types), source, where)
    for decision in inferred.joins[view.name]:
        if decision.chosen.ends:
            sql += _nearest(decision.chosen, r, *(schema for _, schema in sides))
    return sql


def _union(p: Union, view: ViewNode, inferred: Inferred) -> str:
    wanted = schema_from_struct(p.struct)
    spans = [m for f in wanted if (m := semantic_type(f)) in (t.BSTART, t.BEND, t.LINE)]
    parts = []
    if not view.inputs:
        nothing = {f.name: cast("NULL", f.type) for f in wanted}
        return _select(nothing, "(SELECT 1)", ["false"])
    given_by = schema_from_struct(Edge) if p.fused else wanted
    for name in view.inputs:
        given = inferred.schemas[name]
        source = next(v.made_of for v in inferred.views if v.name == name)
        # a normalised view of a table without spans has none to give
        if isinstance(source, Entity) and not has(inferred.schemas[source.table], *spans):
            continue
        picked = _pick(given_by, given)
        where = [
            f"{picked[f.name]} IS NOT NULL"
            for f in given_by
            if not f.nullable and given.field(_source(f, given)).nullable
        ]
        where += [column("", given, p.only)] if p.only else []
        parts.append(_select(picked, quote(name), where))
    together = " UNION ALL ".join(parts)
    return _fused(wanted, together) if p.fused else together


def _fused(edges: pa.Schema, source: str) -> str:
    """One row per edge: the surest one's word, the evidence of all, and 1 - product of their
    doubts as score: half of that where several answer a site and no two of them alike."""

    def named(*meanings: t.SemanticType) -> list[str]:
        return [quote(column_of(edges, meaning)) for meaning in meanings]

    keys = named(t.KIND, t.SOURCE_ID, t.TARGET_ID, t.ORDINAL)
    confidence, origin, evidence, score, disputed = named(
        t.CONFIDENCE, t.ORIGIN, t.EVIDENCE, t.SCORE, t.DISPUTED
    )
    surest = f"ORDER BY {confidence} DESC, {origin}, {evidence}"
    # each word once; neither DISTINCT nor ORDER BY within, which cost a hundred times this
    words_of = f"string_to_array(array_to_string(array_agg({evidence}), '+'), '+')"
    site = f"OVER (PARTITION BY {keys[1]}, {keys[3]})"
    alone = f"max(voices) {site} = 1 AND min({evidence}) {site} <> max({evidence}) {site}"
    made = {
        evidence: f"array_to_string(array_sort(array_distinct({words_of})), '+')",
        score: f"round(1.0 - exp(sum(ln(1.0 - {score}))), 6)",
    }
    # plain text: aggregates over dictionaries keep a word for every group, more than their keys
    words = {quote(f.name): f.type for f in edges if pa.types.is_dictionary(f.type)}
    own = [quote(f.name) for f in edges if quote(f.name) != disputed]
    plain = ", ".join(f"{cast(n, pa.string())} AS {n}" if n in words else n for n in own)
    grouped = ", ".join(
        n if n in keys else f"{made.get(n) or f'first_value({n} {surest})'} AS {n}" for n in own
    )
    once = f"SELECT {grouped}, count(*) AS voices FROM (SELECT {plain} FROM ({source}))"
    once = f"SELECT *, {alone} AS {disputed} FROM ({once} GROUP BY {', '.join(keys)})"
    columns = {f.name: quote(f.name) for f in edges}
    columns |= {f.name: cast(n, words[n]) for f in edges if (n := quote(f.name)) in words}
    halved = f"CASE WHEN {disputed} THEN {score} / 2 ELSE {score} END"
    return _select({**columns, column_of(edges, t.SCORE): halved}, f"({once})")


def _source(field: pa.Field, given: pa.Schema) -> str:
    """The input's column that fills a field: same meaning; where several have it, same name."""
    meaning = semantic_type(field)
    found = columns_of(given, meaning) if meaning else []
    return found[0] if len(found) == 1 else str(field.name)


def _pick(wanted: pa.Schema, given: pa.Schema) -> dict[str, str]:
    pairs = [(field, given.field(_source(field, given))) for field in wanted]
    return {field.name: cast(quote(its.name), field.type, its.type) for field, its in pairs}


def _project(p: Project, view: ViewNode, inferred: Inferred) -> str:
    (name,) = view.inputs
    given = inferred.schemas[name]
    source = next((v.made_of for v in inferred.views if v.name == name), None)
    if p.struct is not Prop or not isinstance(source, Entity | Relation):
        return _select(_pick(schema_from_struct(p.struct), given), quote(name))
    if isinstance(source, Entity):
        entity, identity_of = "node", quote(columns_of(given, t.NODE_ID)[0])
    else:
        ends = [quote(columns_of(given, m)[0]) for m in (t.SOURCE_ID, t.TARGET_ID, t.ORDINAL)]
        entity, identity_of = "edge", sql_edge_id(str(hash_text(source.kind)), *ends)
    kinds = {"string": pa.string(), "int": pa.int64(), "float": pa.float64(), "bool": pa.bool_()}
    parts = []
    for wanted in source.properties:
        value, held = quote(wanted.column), given.field(wanted.column)
        plain = held.type.value_type if pa.types.is_dictionary(held.type) else held.type
        plain = pa.int64() if pa.types.is_integer(plain) else plain
        value_type = next(k for k, v in kinds.items() if v.equals(plain))
        slots = [value if kind == value_type else "NULL" for kind in kinds]
        made = (literal(entity), identity_of, literal(wanted.key), literal(value_type), *slots)
        out = {
            f.name: cast(x, f.type, held.type if x == value else None)
            for f, x in zip(_PROP, made, strict=True)
        }
        where = [f"{value} IS NOT NULL"] if held.nullable else []
        if wanted.unless:
            where.append(f"{value} NOT IN ({', '.join(map(literal, wanted.unless))})")
        parts.append(_select(out, quote(name), where))
    return " UNION ALL ".join(parts)


def _sql_view(p: View, view: ViewNode, inferred: Inferred) -> str:
    columns = {f.name: cast(quote(f.name), f.type) for f in inferred.schemas[view.name]}
    return _select(columns, f"({p.sql})")


EMITTERS: dict[str, Callable[..., str]] = {
    "normalize": _normalize,
    "derive": _sql_view,
    "relate": _relate,
    "union": _union,
    "project": _project,
    "diagnostic": _sql_view,
}


def quote(name: str) -> str:
    """A column or table name, quoted."""
    return '"' + name.replace('"', '""') + '"'


def literal(value: str | bool | int | float) -> str:
    """A SQL literal."""
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value).lower() if isinstance(value, bool) else repr(value)


def cast(expression: str, wanted: pa.DataType, given: pa.DataType | None = None) -> str:
    """The expression in the wanted physical type; unchanged when it has it already."""
    if given is not None and given.equals(wanted):
        return expression
    return f"arrow_cast({expression}, '{_CASTS[wanted]}')"


def column(alias: str, schema: pa.Schema, meaning: t.SemanticType) -> str:
    """The one column of that meaning, behind its table's alias if any; else DeclarationError."""
    try:
        return f"{alias}." * bool(alias) + quote(column_of(schema, meaning))
    except KeyError as e:
        table = (schema.metadata or {}).get(TABLE, b"a view").decode()
        raise DeclarationError(f"{table} has {e.args[0]}") from None


def has(schema: pa.Schema, *meanings: t.SemanticType) -> bool:
    """Whether the schema has exactly one column of each meaning."""
    return all(len(columns_of(schema, m)) == 1 for m in meanings)


def identity(alias: str, schema: pa.Schema, meaning: t.SemanticType) -> str:
    """SQL of the graph-wide id that a typed column stands for.

    A file's own column is its id; a node key is mixed with the file that its type lives within.
    """
    value = column(alias, schema, meaning)
    if not meaning.within:
        return value
    return sql_node_id(column(alias, schema, t.TYPES[meaning.within]), value)
