"""Which schema a table has, where several say something about it: what is promised (the contract of
a boundary) above what is derived from a struct, above what was observed."""

from collections.abc import Mapping

import msgspec
import pyarrow as pa

from codeanatomy.facts.schema import annotate, semantic_type
from codeanatomy.facts.tables.artifacts import Finding
from codeanatomy.facts.types import SemanticType

CONTRACT, STRUCT, OBSERVED = "contract", "struct", "observed"
_REMEDY = "make what fills the table agree with its declaration"
_BY_NAME = 0.4  # confidence in the meaning of a column of which only the name is known


class Authority(msgspec.Struct, frozen=True):
    """The schema of a table, who said so of each column, and what others said otherwise."""

    schema: pa.Schema
    provenance: dict[str, str]  # column -> contract, struct or observed
    findings: tuple[Finding, ...]


def authority(
    name: str,
    observed: pa.Schema | None = None,
    struct: pa.Schema | None = None,
    contract: pa.Schema | None = None,
    meanings: Mapping[str, SemanticType] | None = None,
) -> Authority:
    """The schema of the table `name`; the first of contract, struct and observed that there is
    decides. Columns that it adds to what was observed are filled with NULL where they may, others
    of what was observed are left out.

    `meanings` are those of known column names: a table of which nothing but names is known takes
    them from there, which is a finding of low confidence.
    """
    ranked = ((CONTRACT, contract), (STRUCT, struct), (OBSERVED, observed))
    said = {who: schema for who, schema in ranked if schema is not None}
    if not said:
        raise KeyError(f"nobody says what columns {name} has")
    chief = next(iter(said))
    found: list[Finding] = []
    for who, schema in list(said.items())[1:]:
        found += _differences(name, said[chief], who, schema)
    made = said[chief]
    if chief == OBSERVED:
        fields = [_named(name, field, meanings or {}, found) for field in made]
        made = pa.schema(fields, made.metadata)
    return Authority(made, dict.fromkeys(made.names, chief), tuple(found))


def _differences(name: str, chief: pa.Schema, who: str, other: pa.Schema) -> list[Finding]:
    found = []

    def tell(code: str, severity: str, column: str, message: str) -> None:
        subject, told = f"{name}.{column}", f"{message} ({who})"
        found.append(Finding("schema", code, severity, subject, told, _REMEDY))

    for field in chief:
        if field.name not in other.names:
            severity = "info" if field.nullable else "error"
            tell("COLUMN_MISSING", severity, field.name, "is not there")
            continue
        its = other.field(field.name)
        if not its.type.equals(field.type):
            severity = "warning" if _converts(its.type, field.type) else "error"
            tell("TYPE_DIFFERS", severity, field.name, f"is {its.type} instead of {field.type}")
        mine, theirs = semantic_type(field), semantic_type(its)
        if theirs is not None and theirs != mine:
            said = mine.name if mine else "nothing"
            tell("MEANING_DIFFERS", "error", field.name, f"means {theirs.name}, not {said}")
    for column in sorted(set(other.names) - set(chief.names)):
        tell("COLUMN_ADDED", "info", column, "is not declared and left out")
    return found


def _converts(given: pa.DataType, wanted: pa.DataType) -> bool:
    """Whether every value has its counterpart: text coded or not, numbers of more room."""
    kinds = [t.value_type if pa.types.is_dictionary(t) else t for t in (given, wanted)]
    if all(pa.types.is_string(t) or pa.types.is_large_string(t) for t in kinds):
        return True
    if all(map(pa.types.is_integer, kinds)):
        signed = pa.types.is_signed_integer(kinds[0]) == pa.types.is_signed_integer(kinds[1])
        return signed and bool(kinds[0].bit_width <= kinds[1].bit_width)
    return bool(kinds[0].equals(kinds[1]))


def _named(
    table: str, field: pa.Field, meanings: Mapping[str, SemanticType], found: list[Finding]
) -> pa.Field:
    """The field with the meaning of its name, where it has none of its own."""
    if semantic_type(field) is not None or field.name not in meanings:
        return field
    meaning, subject = meanings[field.name], f"{table}.{field.name}"
    told = f"is taken for {meaning.name}, by its name alone"
    remedy = f"declare a struct for {table}"
    found.append(Finding("schema", "MEANING_BY_NAME", "info", subject, told, remedy, _BY_NAME))
    return annotate(field, meaning)


def aligned(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """The table's rows with exactly the columns of the schema. Raises ArrowInvalid for values that
    have no counterpart."""
    columns = [
        table[f.name].cast(f.type) if f.name in table.schema.names
        else pa.nulls(table.num_rows, f.type)
        for f in schema
    ]  # fmt: skip
    return pa.table(columns, schema=schema)
