"""What is read off plans is never too little: random views, brute force, deliberate faults."""

import random
from collections import Counter
from collections.abc import Callable, Sequence

import pyarrow as pa
import pytest
from msgspec.structs import replace

from codeanatomy.plans import relation, walk
from codeanatomy.plans.facts import plan_facts, planning_session
from tests.plans import random_views as rv


def wrong_in(seeds: range, tally: Counter[str], shapes: Sequence = rv.SHAPES) -> list[str]:
    return [f"seed {s}, {w}" for s in seeds for w in rv.World(s, shapes).wrong(tally)]


def check_locality(seeds: range, views: int = 0) -> None:
    tally: Counter[str] = Counter()
    assert wrong_in(seeds, tally) == []
    assert tally["opaque"] == 0 and tally["views"] >= views
    for kind in (
        "local",
        "coupled",
        "keyed",
    ):  # the test has teeth only if edits really reach views
        assert tally[kind] and tally[f"{kind} changed"], tally


def test_an_edit_changes_only_what_the_grain_says() -> None:
    check_locality(range(60))


@pytest.mark.slow
def test_an_edit_changes_only_what_the_grain_says_in_many_worlds() -> None:
    check_locality(range(60, 2960), views=20_000)


def lineage_misses(seed: int) -> list[str] | None:
    """Output columns that changed with a base column outside their lineage and the influence.

    None where the engine has no plan.
    """
    rng = random.Random(seed)
    schemas = {t: rv.base_schema(t) for t in rv.BASES}
    tables = {
        t: pa.table({n: [r[n] for r in rows] for n in c})
        for t, c in rv.BASES.items()
        for rows in [rv.base_rows(rng, c, range(8), 3)]
    }
    tables = {
        t: x.cast(pa.schema([(n, pa.int64()) for n in x.column_names])) for t, x in tables.items()
    }
    sql, _ = rv.random_view(rng, rv.BASES)
    try:
        facts = plan_facts(planning_session(schemas).sql(sql), schemas)
    except ValueError:
        return None
    old = rv.session(tables).sql(sql).to_arrow_table()
    found = []
    for table in facts.tables:
        for i, column in enumerate(rv.BASES[table]):
            values = [
                rng.randint(0, 12) if rng.random() < 0.7 else v
                for v in tables[table][column].to_pylist()
            ]
            rewritten = tables[table].set_column(i, column, pa.array(values, pa.int64()))
            new = rv.session(tables | {table: rewritten}).sql(sql).to_arrow_table()
            base = f"{table}.{column}"
            for name in [*facts.lineage]:
                before, after = (sorted(map(str, t[name].to_pylist())) for t in (old, new))
                known = base in facts.lineage[name] or base in facts.influence
                if before != after and not known:
                    found.append(f"seed {seed}: {name} changed with {base}: {sql}")
    return found


def check_lineage(seeds: range) -> None:
    found = [lineage_misses(s) for s in seeds]
    assert [miss for misses in found for miss in misses or []] == []
    assert sum(misses is not None for misses in found) > len(seeds) * 0.8


def test_a_column_changes_only_with_its_lineage() -> None:
    check_lineage(range(60))


@pytest.mark.slow
def test_a_column_changes_only_with_its_lineage_in_many_views() -> None:
    check_lineage(range(60, 1060))


FAULTS: dict[str, tuple[Callable[[pytest.MonkeyPatch], None], str]] = {
    "an outer join keeps the padded side": (
        lambda patch: patch.setattr(relation, "KEEPS_RIGHT", {*relation.KEEPS_RIGHT, "Left"}),
        "select r.f as o0_f, r.y as o1_x from a l left join b r on l.f = r.f",
    ),
    "a window ignores its partition": (
        lambda patch: patch.setattr(walk, "partitioned", lambda relation, keys: relation),
        "select f as o0_f, sum(x) over (partition by k1) as o1_x from a",
    ),
    "a limit keeps reach": (
        lambda patch: patch.setattr(walk, "without_reach", lambda relation: relation),
        "select f as o0_f, x as o1_x from a order by x, f limit 5",
    ),
    "constants are owned by the other branch": (
        lambda patch: patch.setitem(walk.RULES, "Union", union_owned_by_any),
        "select l.f as o0_f, count(*) as o1_x from (select f, k0 from a union all values (77, 3)) "
        "l join b r on l.k0 = r.k0 group by l.f",
    ),
}


RIGHT_UNION = walk.RULES["Union"]


def union_owned_by_any(variant, plan, inputs, notes):  # type: ignore[no-untyped-def]
    made = RIGHT_UNION(variant, plan, inputs, notes)
    columns = []
    for column in made.columns:
        direct = {n: p.columns[0] for n, p in (column.reach or {}).items() if isinstance(p, rv.Col)}
        columns.append(replace(column, direct=direct))
    return replace(made, columns=tuple(columns))


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_in_a_rule_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    put_in, sql = FAULTS[fault]
    shapes = (lambda _: (sql, ["o0_f", "o1_x"]),)
    assert wrong_in(range(30), Counter(), shapes) == []
    put_in(monkeypatch)
    assert wrong_in(range(30), Counter(), shapes) != []


def test_not_in_depends_on_every_row_of_the_other_side() -> None:
    """One NULL in another file's rows empties the result, so no file's rows are safe."""
    schemas = {t: rv.base_schema(t) for t in ("a", "b")}
    sql = "select f, x from a where x not in (select y from b)"
    facts = plan_facts(planning_session(schemas).sql(sql), schemas)
    assert (facts.grain.kind, "NOT IN" in facts.grain.reason) == ("global", True)
    a = pa.table({"f": [1], "k0": [1], "k1": [1], "x": [1]})
    b = pa.table({"f": [2], "k0": [1], "y": pa.array([7], pa.int64())})
    hole = pa.table({"f": [2], "k0": [1], "y": pa.array([None], pa.int64())})
    counts = [rv.session({"a": a, "b": t}).sql(sql).to_arrow_table().num_rows for t in (b, hole)]
    assert counts == [1, 0]
