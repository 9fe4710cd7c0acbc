"""Facts of single plans: lineage and grain of the rows of fixtures.md, and all other facts."""

import re
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest
from datafusion import DataFrame

from codeanatomy.facts.errors import PlanError
from codeanatomy.facts.schema import annotate, semantic_type
from codeanatomy.facts.types import FILE, FILE_REF
from codeanatomy.plans.facts import PlanFacts, plan_facts, planning_session
from codeanatomy.plans.walk import RULES

OWN = annotate(pa.field("f", pa.int64(), nullable=False), FILE)


def table(*columns: str | pa.Field) -> pa.Schema:
    return pa.schema([pa.field(c, pa.int64()) if isinstance(c, str) else c for c in columns])


SCHEMAS = {
    "a": table(
        OWN,
        "k",
        "x",
        "s",
        pa.field("i", pa.int32()),
        pa.field("d", pa.dictionary(pa.int32(), pa.string())),
        pa.field("l", pa.list_(pa.int64())),
    ),
    "b": table(OWN, "k", "y", "s", pa.field("n", pa.string())),
    "c": table("k", "z"),
    "e": table(OWN, annotate(pa.field("g", pa.int64(), nullable=False), FILE_REF), "k"),
    "v1": table(OWN, "k", "xs"),
    "pair": table(OWN, OWN.with_name("f2"), "k"),
    "loose": table(OWN.with_nullable(True), "k"),
}


def fixtures() -> list[tuple[str, str, str, str, str]]:
    text = Path(__file__).with_name("fixtures.md").read_text()
    rows = re.findall(r"^\| (.+?) \| `(.+?)` \|(.*?) \|(.*?) \| (.+?) \|$", text, re.MULTILINE)
    assert len(rows) == text.count("| `")
    return rows


def read(sql: str, **extra: pa.Schema) -> PlanFacts:
    schemas = SCHEMAS | extra
    return plan_facts(planning_session(schemas).sql(sql), schemas)


@pytest.mark.parametrize(
    ("sql", "lineage", "influence", "grain"), [pytest.param(*r[1:], id=r[0]) for r in fixtures()]
)
def test_fixture(sql: str, lineage: str, influence: str, grain: str) -> None:
    facts = read(sql)
    shown = " ".join(f"{n}={'+'.join(sources)}" for n, sources in facts.lineage.items())
    assert (shown, " ".join(facts.influence)) == (lineage.strip(), influence.strip())
    assert f"{facts.grain.kind} {facts.grain.column or ''}".strip() == grain, facts.grain.reason
    assert not facts.opaque
    assert {*facts.functions} <= registered()


def registered() -> set[str]:
    ctx = planning_session({})
    return {*ctx.udfs(), *ctx.udafs(), *ctx.udwfs()}


def through_the_dataframe_interface(how: str) -> PlanFacts:
    ctx = planning_session(SCHEMAS)
    b = ctx.table("b").select("f", "y")
    return plan_facts(ctx.table("a").join(b, on="f", how=how).select("f", "y"), SCHEMAS)


@pytest.mark.parametrize("how", ["inner", "full"])
def test_a_join_on_one_name_keeps_the_file(how: str) -> None:
    facts = through_the_dataframe_interface(how)
    of_file = ("a.f", "b.f") if how == "full" else ("a.f",)  # a.f is never NULL
    assert facts.lineage == {"f": of_file, "y": ("b.y",)}
    assert (facts.grain.kind, facts.grain.column) == ("local", "f")


def test_facts_of_one_plan() -> None:
    facts = read(
        "select l.f, r.y, count(*) over (partition by r.y order by l.f) as n "
        "from a l left join b r on l.k = r.k and l.x < r.s where l.x > 1 order by r.y"
    )
    assert facts.tables == {"a": ("f", "k", "x"), "b": ("k", "s", "y")}
    assert [leaf.table for leaf in facts.leaves] == ["a", "b"]
    assert facts.lineage == {"f": ("a.f",), "y": ("b.y",), "n": ("a.f", "b.y")}
    assert facts.influence == ("a.k", "a.x", "b.k", "b.s")
    assert facts.functions == ("count",)
    assert facts.joins == (("Left", "l.k = r.k"),)
    assert facts.sorts == ("r.y ASC NULLS LAST",)
    assert facts.filters == {"a": ("a.x > Int64(1)",), "b": ()}
    assert not facts.slow_distinct
    assert [facts.nodes[kind] for kind in ("Join", "WindowExpr", "Sort")] == [1, 1, 1]
    assert not facts.opaque
    assert msgspec.json.decode(msgspec.json.encode(facts), type=PlanFacts) == facts


@pytest.mark.parametrize(
    ("sql", "functions"),
    [
        ("select mean(x), substring(cast(max(f) as varchar), 1, 2) from a", "avg max substr"),
        ("select count(*) filter (where abs(x) > 1) from a", "abs count"),
        ("select array_agg(x order by sqrt(x)) from a", "array_agg sqrt"),
        (
            "select sum(abs(x)) filter (where power(s, 2) > 1) "
            "over (partition by round(k) order by sqrt(x)) from a",
            "abs power round sqrt sum",
        ),
        ("select f, (select max(upper(n)) from b where abs(s) > 2) from a", "abs max upper"),
        ("select f, x in (select y from b where s > abs(a.k)) from a", "abs"),
        ("select f, (select abs(max(v)) from (values (1)) t(v)) from a", "abs max"),
        ("select f, sum(x) from a group by cube(f, abs(k))", "abs sum"),
        ("select distinct on (abs(k)) f from a order by abs(k), sqrt(s)", "abs first_value sqrt"),
        ("select f from a order by sqrt(x)", "sqrt"),
        ("select a.f from a join b on abs(a.x) = b.y and ceil(a.s) < sqrt(b.s)", "abs ceil sqrt"),
        ("select abs(-1), now() from (select f, sqrt(x) from a)", "abs now sqrt"),
        ("select coalesce(x, k), l[1], now() from a", "array_element coalesce now"),
        ("select x + 1, cast(x as varchar) || 'a', - k from a where x between 1 and 2", ""),
        ("select f, (select mean(y) from b where s > 1) from a", "avg"),
        ("select s as \"abs(k)\" from a where d <> 'sqrt(' or d = 'it\" upper(x)'", ""),
        ('select max("sum(q)") filter (where "abs(q)" > 1 and n <> \'ln(x)\') from odd', "max"),
    ],
)
def test_functions_are_those_that_the_engine_must_know(sql: str, functions: str) -> None:
    """Also where the bindings hide them and where the optimiser folds them; no quoted ones."""
    found = read(sql, odd=table("sum(q)", "abs(q)", pa.field("n", pa.string()))).functions
    assert " ".join(found) == functions
    assert {*found} <= registered()


def test_distinct_values_are_counted_slowly_beside_another_aggregate() -> None:
    slow = {
        "select f, count(distinct x) n, count(*) m from a group by f": True,
        "select f, count(distinct x) n, count(distinct k) m from a group by f": True,
        "select f, count(distinct x) n, sum(k) m from a group by f": False,  # grouped twice
        "select f, count(distinct x) n from a group by f": False,
        "select distinct f, x from a": False,
    }
    assert {sql: read(sql).slow_distinct for sql in slow} == slow


def test_filters_are_those_of_the_scans() -> None:
    facts = read("select p.f from a p join a q on p.k = q.k where p.x > 1 and q.s is null")
    assert facts.filters == {"a": ("a.x > Int64(1)", "a.s IS NULL")}


def test_coupling_and_its_reason_are_readable() -> None:
    grain = read("select e.f, b.y from e join b on e.g = b.f").grain
    assert grain.kind == "coupled"
    assert grain.reason == "e#0: f; b#1: f -> e#0[g] -> f"


def test_every_column_that_names_the_file_serves_the_views_above() -> None:
    """The node of a file has the file's id as its own; a union with other nodes is still local."""
    files = read("select f as k, f, 0 as xs from b").grain
    assert (files.kind, files.column, files.also) == ("local", "k", ("f",))
    sql = "select f, k from v1 union all select f, k from a"
    facts = plan_facts(planning_session(SCHEMAS).sql(sql), SCHEMAS, upstream={"v1": files})
    assert (facts.grain.kind, facts.grain.column) == ("local", "f")


def test_a_lost_file_key_makes_a_view_global_and_says_why() -> None:
    assert read("select l.f from a l join b r on l.f = r.f").grain.kind == "local"
    grain = read("select l.f from a l join b r on l.f + 0 = r.f").grain
    assert grain.kind == "global"
    assert grain.reason == (
        "a change of b#1 may touch any value of f "
        "(a join without equal plain columns pairs every row with every row)"
    )


def test_the_grain_of_a_view_below_replaces_its_schema() -> None:
    """A view coupled to other files passes that on; one without a file column has no owner."""
    coupled = read("select e.f, b.y as xs, e.k from e join b on e.g = b.f").grain
    keyed = read("select k, count(*) z from a group by k").grain

    def over(grain: object, sql: str) -> tuple[str, str]:
        upstream = {"v1": grain, "c": grain}
        found = plan_facts(planning_session(SCHEMAS).sql(sql), SCHEMAS, upstream=upstream).grain
        return found.kind, found.absolute

    assert over(coupled, "select f, xs + 1 as y from v1") == ("local", "coupled")
    assert over(keyed, "select a.f, c.z from a join c on a.k = c.k") == ("coupled", "coupled")
    assert over(keyed, "select k, z + 1 as y from c") == ("keyed", "keyed")
    assert read("select k, z + 1 as y from c").grain.kind == "free"


def test_volatile_functions_are_told_even_where_they_are_folded() -> None:
    grain = read("select f, now() as t from a").grain
    assert (grain.reason, grain.kind) == ("now: another answer each time", "global")


def test_a_node_of_unknown_kind_depends_on_everything(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(RULES, "Filter")
    facts = read("select f from a where x > 1")
    assert facts.lineage == {"f": ("a.f", "a.x")}
    assert facts.influence == ("a.f", "a.x")
    assert facts.opaque == ("node Filter",)
    assert (facts.grain.kind, facts.grain.reason) == (
        "global",
        "no output column keeps a file or key (Filter is not understood)",
    )


def test_a_scan_that_a_rule_forgets_is_still_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tripwire: every scan in the plan's text must come out as a leaf."""
    monkeypatch.setitem(RULES, "Join", lambda variant, plan, inputs, notes: inputs[0])
    facts = read("select l.f from a l left join c r on l.k = r.k")
    assert facts.opaque == ("scans of c in the plan's text differ from those read",)
    assert facts.grain.kind == "global"
    assert facts.tables == {"a": ("f", "k"), "c": ("k", "z")}
    assert facts.influence == ("a.f", "a.k", "c.k", "c.z")


def test_subqueries_inside_expressions_are_read_as_a_whole() -> None:
    facts = read("select f, (select max(y) from b) as m from a")
    assert facts.tables == {"a": ("f",), "b": ("y",)}
    assert facts.lineage == {"f": ("a.f",), "m": ("b.y",)}
    assert facts.influence == ("b.y",)
    assert [leaf.table for leaf in facts.leaves] == ["a", "b"]
    assert facts.grain.reason == (
        "a change of b#1 may touch any value of f "
        "(a subquery inside an expression is read as a whole)"
    )


def test_lineage_through_a_recursion_is_complete() -> None:
    facts = read(
        "with recursive r(p, q, n) as (select f, k, 0 from a "
        "union all select r.q, b.y, r.n + b.s from r join b on r.q = b.k) select p, n from r"
    )
    assert facts.lineage == {"p": ("a.f", "a.k", "b.y"), "n": ("b.s",)}
    assert facts.influence == ("a.k", "b.k", "b.y")
    assert {leaf.table for leaf in facts.leaves} == {"a", "b"}


def test_long_conditions_are_read() -> None:
    terms = " or ".join(f"(x > {i} and k < {i})" for i in range(0, 800, 2))
    assert read(f"select f from a where {terms}").influence == ("a.k", "a.x")


def test_plans_over_anything_but_stubs_are_refused() -> None:
    ctx = planning_session({**SCHEMAS, "other": table("f")})
    with pytest.raises(PlanError, match="'other'"):
        plan_facts(ctx.sql("select f from other"), SCHEMAS)


def test_stubs_carry_field_metadata_through_plans() -> None:
    df: DataFrame = planning_session(SCHEMAS).sql(
        "select e.g as other, a.f from e join a on e.g = a.f"
    )
    assert [semantic_type(f) for f in df.schema()] == [FILE_REF, FILE]
