"""What an expression reads and calls, and whether it passes a column on unchanged."""

import re
from collections.abc import Iterable
from contextlib import suppress
from typing import TypeAlias

import pyarrow as pa
from datafusion.expr import Expr

from codeanatomy.plans.relation import Column, Notes, Relation, Source, together

Place: TypeAlias = int | frozenset[int]  # of a column, or of two that a join made equal
Known: TypeAlias = dict[str, frozenset[Source]]  # sources by column, and of <subquery>

# All that these hold is among their operands. Of all others (FILTER, ORDER BY, grouping sets, outer
# columns) the text is searched too, which may find too many columns, never too few.
_SHOWN = {
    "Alias", "Between", "BinaryExpr", "Case", "Cast", "InList", "IsFalse", "IsNotFalse",
    "IsNotNull", "IsNotTrue", "IsNotUnknown", "IsNull", "IsTrue", "IsUnknown", "Like", "Negative",
    "Not", "RLike", "ScalarFunction", "TryCast",
}  # fmt: skip
_CONSTANT = {"Literal", "ScalarVariable", "Placeholder"}
_QUOTED = re.compile(r'\w*Utf8\w*\(".*?"\)', re.DOTALL)
_CALL = re.compile(r"(?<! AS )(?<![\w.])(?!outer_ref\()([a-z]\w*)\(")  # types are upper case
_CAST = re.compile(
    r" AS (Utf8|LargeUtf8|Utf8View|Dictionary\(Int\d+, (?:Large)?Utf8\)|Int(?:8|16|32|64))\)$"
)
_COALESCE = re.compile(r"CASE WHEN (.+) IS NOT NULL THEN \1 ELSE .+ END", re.DOTALL)


def known(relations: Iterable[Relation]) -> Known:
    """Sources of columns by name; two columns of one name count as both."""
    found: Known = {}
    for column in (c for r in relations for c in r.columns):
        found[column.name] = found.get(column.name, frozenset()) | column.sources
    return found


def reads(expr: Expr, columns: Known, notes: Notes) -> frozenset[Source]:
    """The sources of the columns that the expression reads; what it calls goes into the notes."""
    found: set[Source] = set()
    waiting = [expr]  # not recursive: a generated condition may be a thousand levels deep
    while waiting:
        part = waiting.pop()
        kind = part.variant_name()
        if kind == "Column":
            name = part.canonical_name()
            found |= columns[name] if name in columns else together(columns.values())
        elif kind not in _CONSTANT:
            if kind == "ScalarFunction":
                notes.functions.add(part.rex_call_operator())
            elif kind not in _SHOWN:
                text = part.canonical_name()
                found |= named(text, columns)
                if kind.endswith("Function"):
                    notes.functions.add(text.split("(", 1)[0])
            with suppress(RuntimeError):  # of kinds that do not show operands
                waiting += part.rex_call_operands()
    return frozenset(found)


def named(text: str, columns: Known) -> frozenset[Source]:
    """Sources of all columns that the text of an expression or of a plan names."""
    text = _QUOTED.sub("", text)
    names = (n for n in columns if n in text)
    found = (n for n in names if re.search(rf"(?<![\w.]){re.escape(n)}(?![\w(])", text))
    return together(columns[n] for n in found)


def calls(text: str) -> set[str]:
    """The functions that a plan's text calls; aliases, columns and quoted text are none."""
    return set(_CALL.findall(_QUOTED.sub("", text)))


def place(expr: Expr, relation: Relation, notes: Notes) -> Place | None:
    """The column that the expression passes on unchanged; two for `coalesce` of two; else None."""
    kind = expr.variant_name()
    if kind == "Column":
        flat = expr.canonical_name()
        found = [i for i, column in enumerate(relation.columns) if column.name == flat]
        if not found:
            notes.opaque.append(f"column {flat}")
        return found[0] if found else None
    if kind not in ("Alias", "Cast", "Case", "ScalarFunction"):
        return None
    operands = expr.rex_call_operands()
    if kind in ("Alias", "Cast"):
        inner = place(operands[0], relation, notes)
        column = passed(inner, relation)
        given = None if column is None else notes.type(column)
        return inner if kind == "Alias" or _keeps(given, expr.canonical_name()) else None
    if kind == "Case":
        coalesces, operands = bool(_COALESCE.fullmatch(expr.canonical_name())), operands[1:]
    else:
        coalesces = expr.rex_call_operator() == "coalesce"
    parts = [place(e, relation, notes) for e in operands if coalesces]
    pair = frozenset(p for p in parts if isinstance(p, int))
    return pair if len(parts) == len(pair) == 2 else None


def passed(where: Place | None, relation: Relation) -> Column | None:
    """The column at a place; for two places what a join made of them, if anything."""
    if where is None:
        return None
    return relation.columns[where] if isinstance(where, int) else relation.merged.get(where)


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
