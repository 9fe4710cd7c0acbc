"""Which schema a table has, where several say something about it: what is promised (the contract of
a boundary) above what is derived from a struct, above what was observed."""

from collections.abc import Iterator

import msgspec
import pyarrow as pa

from codeanatomy.facts.schema import semantic_type
from codeanatomy.facts.tables.artifacts import Finding

CONTRACT, STRUCT, OBSERVED = "contract", "struct", "observed"
_BY_NAME = 0.5  # confidence in a meaning that only a column's name tells
_REMEDY = "make what fills the table agree with its declaration"


class Authority(msgspec.Struct, frozen=True):
    """The schema of a table, who said so, and what others said otherwise."""

    schema: pa.Schema
    provenance: str  # contract, struct or observed
    findings: tuple[Finding, ...]


def authority(
    name: str,
    observed: pa.Schema,
    struct: pa.Schema | None = None,
    contract: pa.Schema | None = None,
) -> Authority:
    """The schema of the table `name`; the first of contract, struct and observed that there is
    decides. Columns that it adds to what was observed are filled with NULL where they may, others
    of what was observed are left out."""
    ranked = ((CONTRACT, contract), (STRUCT, struct), (OBSERVED, observed))
    said = {who: schema for who, schema in ranked if schema is not None}
    chief, *others = said
    found = [f for who in others for f in _differences(name, said[chief], who, said[who])]
    return Authority(said[chief], chief, tuple(found))


def _differences(name: str, chief: pa.Schema, who: str, other: pa.Schema) -> Iterator[Finding]:
    def told(code: str, level: str, column: str, message: str, sure: float = 1.0) -> Finding:
        subject = f"{name}.{column}"
        return Finding("schema", code, level, subject, f"{message} ({who})", _REMEDY, sure)

    for field in chief:
        if field.name not in other.names:
            level = "info" if field.nullable else "error"
            yield told("COLUMN_MISSING", level, field.name, "is not there")
            continue
        its = other.field(field.name)
        if not its.type.equals(field.type):
            level = "warning" if _converts(its.type, field.type) else "error"
            yield told("TYPE_DIFFERS", level, field.name, f"is {its.type} instead of {field.type}")
        mine, theirs = semantic_type(field), semantic_type(its)
        if theirs is not None and theirs != mine:
            said = mine.name if mine else "nothing"
            yield told("MEANING_DIFFERS", "error", field.name, f"means {theirs.name}, not {said}")
        elif theirs is None and mine is not None:  # no metadata: names are all there is
            why = f"says no meaning: it is taken for {mine.name} by its name"
            yield told("MEANING_BY_NAME", "info", field.name, why, _BY_NAME)
    for column in sorted(set(other.names) - set(chief.names)):
        yield told("COLUMN_ADDED", "info", column, "is not declared and left out")


def _converts(given: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether every value has its counterpart: text coded or not, numbers of more room."""
    kinds = [t.value_type if pa.types.is_dictionary(t) else t for t in (given, wanted)]
    if all(pa.types.is_string(t) or pa.types.is_large_string(t) for t in kinds):
        return True
    if all(map(pa.types.is_integer, kinds)):
        signed = pa.types.is_signed_integer(kinds[0]) == pa.types.is_signed_integer(kinds[1])
        return signed and bool(kinds[0].bit_width <= kinds[1].bit_width)
    return bool(kinds[0].equals(kinds[1]))


def aligned(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table's rows with exactly the columns of the schema. Raises ArrowInvalid for values that
    have no counterpart."""
    columns = [
        table[f.name].cast(f.type) if f.name in table.schema.names
        else pa.nulls(table.num_rows, f.type)
        for f in schema
    ]  # fmt: skip
    return pa.table(columns, schema=schema)
