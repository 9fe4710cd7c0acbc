"""A plan's fingerprint changes exactly when equal inputs could give other rows."""

import subprocess
import sys

import pyarrow as pa
import pytest

from codeanatomy.facts.schema import annotate
from codeanatomy.facts.types import FILE, FILE_REF, NAME
from codeanatomy.plans.facts import plan_facts, planning_session

OWN = annotate(pa.field("f", pa.int64(), nullable=False), FILE)
A = pa.schema([OWN, pa.field("k", pa.int64()), pa.field("x", pa.int64())])
B = pa.schema([OWN, pa.field("k", pa.int64()), pa.field("y", pa.int64())])
SCHEMAS = {"a": A, "b": B}
SQL = "select a.f, b.y from a join b on a.k = b.k where a.x > 1"


def fingerprint(
    sql: str = SQL, settings: dict[str, str] | None = None, **changed: pa.Schema
) -> str:
    schemas = SCHEMAS | changed
    return plan_facts(planning_session(schemas).sql(sql), schemas, settings=settings).fingerprint


def with_field(schema: pa.Schema, field: pa.Field) -> pa.Schema:
    return schema.set(schema.get_field_index(field.name), field)


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param({"other": A}, id="an unrelated table"),
        pytest.param({"a": A.append(pa.field("z", pa.string()))}, id="an unused column, last"),
        pytest.param({"a": A.insert(0, pa.field("z", pa.string()))}, id="an unused column, first"),
        pytest.param(
            {"b": with_field(B, annotate(B.field("f"), FILE_REF))}, id="type of an unused one"
        ),
        pytest.param({"a": A.with_metadata({"doc": "new words"})}, id="the table's docs"),
        pytest.param({"a": with_field(A, annotate(OWN, FILE, "new words"))}, id="a column's docs"),
    ],
)
def test_unchanged_by(changed: dict[str, pa.Schema]) -> None:
    assert fingerprint(**changed) == fingerprint()


@pytest.mark.parametrize(
    "changed",
    [
        pytest.param(
            {"a": with_field(A, pa.field("x", pa.int32()))}, id="type of a required column"
        ),
        pytest.param(
            {"b": with_field(B, pa.field("y", pa.string()))}, id="type of an output column"
        ),
        pytest.param({"b": with_field(B, annotate(B.field("y"), NAME))}, id="a new meaning"),
        pytest.param({"a": with_field(A, annotate(OWN, FILE_REF))}, id="another meaning"),
    ],
)
def test_changed_by(changed: dict[str, pa.Schema]) -> None:
    assert fingerprint(**changed) != fingerprint()


def test_every_query_has_its_own() -> None:
    """Among them pairs that the engine prints alike: NULL-safe keys, long lists of constants."""
    values = ", ".join(f"({i})" for i in range(9))
    queries = [
        SQL,
        SQL.replace("x > 1", "x > 2"),
        SQL.replace("a.k = b.k", "(a.k is not distinct from b.k)"),
        SQL.replace("join", "left join"),
        f"select v from (values {values}) t(v)",
        f"select v from (values {values.replace('(8)', '(7)')}) t(v)",
        "select f from a where k in (select y from b)",
        "select f from a where k not in (select y from b)",
    ]
    assert len({fingerprint(q) for q in queries}) == len(queries)


def test_settings_count_only_where_they_change_results() -> None:
    plain = fingerprint(settings={"datafusion.execution.batch_size": "8192"})
    assert (
        plain == fingerprint(settings={"datafusion.execution.batch_size": "100"}) == fingerprint()
    )
    assert plain != fingerprint(settings={"datafusion.execution.time_zone": "+02:00"})


def test_two_processes_agree() -> None:
    code = "import test_plan_fingerprint as t; print(t.fingerprint())"
    here = __file__.rsplit("/", 1)[0]
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            cwd=here,
            env={"PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout.strip()
        for seed in ("1", "2")
    ]
    assert runs == [fingerprint()] * 2
