"""Which input columns an expression reads, and whether it passes one of them on unchanged."""

import re

import pyarrow as pa
from datafusion.expr import Expr

from codeanatomy.plans.lineage import Column, Notes, Relation

# Parts of these are not among their operands (FILTER, ORDER BY, PARTITION BY, sets, subqueries):
# their text is searched for column names as well, which may find too many columns, never too few.
_BY_TEXT = {"AggregateFunction", "WindowFunction", "GroupingSet", "OuterReferenceColumn"}
_SUBQUERIES = {"Exists", "ScalarSubquery", "InSubquery", "SetComparison"}  # hold plans, see walk
_NO_OPERANDS = {"WindowFunction", "GroupingSet", "OuterReferenceColumn", "Exists", "ScalarSubquery"}
_CONSTANT = {"Literal", "ScalarVariable", "Placeholder"}
_OPEN = {
    "Alias", "Between", "BinaryExpr", "Case", "Cast", "InList", "IsFalse", "IsNotFalse",
    "IsNotNull", "IsNotTrue", "IsNotUnknown", "IsNull", "IsTrue", "IsUnknown", "Like", "Negative",
    "Not", "RLike", "ScalarFunction", "TryCast",
}  # fmt: skip
_CAST = re.compile(
    r" AS (Utf8|LargeUtf8|Utf8View|Dictionary\(Int\d+, (?:Large)?Utf8\)|Int(?:8|16|32|64))\)$"
)
_COALESCE = re.compile(r"CASE WHEN (.+) IS NOT NULL THEN \1 ELSE .+ END", re.DOTALL)

Place = int | frozenset[int]  # of a column, or of two that a join made equal


def reads(expr: Expr, relation: Relation, notes: Notes) -> frozenset[int]:
    """Places of the columns that the expression reads; all for an expression of unknown kind."""
    found: set[int] = set()
    waiting = [expr]  # not recursive: a generated condition may be a thousand levels deep
    while waiting:
        part = waiting.pop()
        kind = part.variant_name()
        if kind == "Column":
            found |= _column(part, relation, notes)
            continue
        if kind in _CONSTANT:
            continue
        if kind not in _OPEN and kind not in _BY_TEXT and kind not in _SUBQUERIES:
            notes.opaque.append(f"expression {kind}")
            return frozenset(range(len(relation.columns)))
        if kind in _BY_TEXT:
            found |= _named(part, relation)
        if kind not in _NO_OPERANDS:
            waiting += part.rex_call_operands()
    return frozenset(found)


def place(expr: Expr, relation: Relation, notes: Notes) -> Place | None:
    """The column that the expression passes on unchanged; two for `coalesce` of two; else None."""
    kind = expr.variant_name()
    if kind == "Column":
        found = _column(expr, relation, notes)
        return next(iter(found)) if len(found) == 1 else None
    if kind == "Alias":
        return place(expr.rex_call_operands()[0], relation, notes)
    if kind == "Cast":
        inner = place(expr.rex_call_operands()[0], relation, notes)
        column = passed(inner, relation)
        given = None if column is None else notes.type(column)
        return inner if _keeps(given, expr.canonical_name()) else None
    if (kind == "ScalarFunction" and expr.rex_call_operator() == "coalesce") or (
        kind == "Case" and _COALESCE.fullmatch(expr.canonical_name())
    ):
        parts = [place(e, relation, notes) for e in expr.rex_call_operands()]
        pair = frozenset(p for p in parts if isinstance(p, int))
        if len(pair) == 2 and pair == reads(expr, relation, notes):
            return pair
    return None


def passed(where: Place | None, relation: Relation) -> Column | None:
    """The column at a place; for two places what a join made of them, if anything."""
    if where is None:
        return None
    return relation.columns[where] if isinstance(where, int) else relation.merged.get(where)


def _column(expr: Expr, relation: Relation, notes: Notes) -> frozenset[int]:
    flat = expr.canonical_name()
    for i, column in enumerate(relation.columns):
        if column.name == flat:
            return frozenset({i})
    notes.opaque.append(f"column {flat}")
    return frozenset(range(len(relation.columns)))


def _named(expr: Expr, relation: Relation) -> frozenset[int]:
    text = expr.canonical_name()
    return frozenset(
        i
        for i, c in enumerate(relation.columns)
        if c.name in text and re.search(rf"(?<![\w.]){re.escape(c.name)}(?!\w)", text)
    )


def _keeps(given: pa.DataType | None, cast: str) -> bool:
    """Whether a cast keeps equal values equal and different values different."""
    target = _CAST.search(cast)
    if given is None or target is None:
        return False
    kind = given.value_type if pa.types.is_dictionary(given) else given
    if target[1].startswith("Int"):
        return bool(pa.types.is_signed_integer(kind) and kind.bit_width <= int(target[1][3:]))
    texts = (pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view)
    return any(is_text(kind) for is_text in texts)
