"""Random SQL views over small tables with files, keys and NULLs, and what one edit changes."""

import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import pyarrow as pa
from datafusion import SessionConfig, SessionContext

from codeanatomy.facts.schema import annotate
from codeanatomy.facts.types import FILE, FILE_REF
from codeanatomy.plans.facts import Grain, PlanFacts, plan_facts, planning_session
from codeanatomy.plans.reach import ALL, Col, Hop, Or, Path, hops

Rows = Sequence[Mapping[str, int | None]]

FILES = range(12)
BASES = {  # f: the row's file; g: another file; k0, k1: keys; d is shared by all files
    "a": ["f", "k0", "k1", "x"],
    "b": ["f", "k0", "y"],
    "d": ["k0", "z"],
    "e": ["f", "g", "k1"],
}


def base_schema(table: str) -> pa.Schema:
    fields = [pa.field(c, pa.int64(), nullable=c not in "fg") for c in BASES[table]]
    meanings = {"f": FILE, "g": FILE_REF}
    return pa.schema([annotate(f, meanings[f.name]) if f.name in meanings else f for f in fields])


def base_rows(rng: random.Random, columns: Sequence[str], files: Sequence[int], most: int) -> list:
    def value(column: str, file: int) -> int | None:
        if column == "f":
            return file
        if column != "g" and rng.random() < 0.1:
            return None
        return rng.randint(0, 12 if column[0] in "kg" else 4)

    return [{c: value(c, f) for c in columns} for f in files for _ in range(rng.randint(0, most))]


def sort_of(column: str) -> str:
    """File, key or value, by the column's name (`o2_k`: a view's third column, a key)."""
    last = column.rsplit("_", 1)[-1]
    return "f" if last == "f" else "k" if last[0] in "kg" else "x"


class Draft:
    """Random choices for one view over tables `l` and `r` (which may be the same)."""

    def __init__(self, rng: random.Random, relations: Mapping[str, Sequence[str]]) -> None:
        self.rng, self.relations = rng, relations
        self.left, self.right = rng.choice(list(relations)), rng.choice(list(relations))
        self.lc, self.rc = list(relations[self.left]), list(relations[self.right])
        self.some = [c for c in self.lc if rng.random() < 0.85] or self.lc[:1]
        self.few = [c for c in self.rc if rng.random() < 0.6]

    def pair(self) -> tuple[str, str]:
        """Two columns of one sort, often the files."""
        same = [(a, b) for a in self.lc for b in self.rc if sort_of(a) == sort_of(b)]
        same = same or [(self.rng.choice(self.lc), self.rng.choice(self.rc))]
        files = [p for p in same if sort_of(p[0]) == "f"]
        return self.rng.choice(files if files and self.rng.random() < 0.6 else same)

    def on(self) -> str:
        pairs = [self.pair() for _ in range(self.rng.choice([1, 1, 2]))]
        text = " and ".join(f"l.{a} = r.{b}" for a, b in pairs)
        if self.rng.random() < 0.25:
            text += f" and l.{self.rng.choice(self.lc)} < r.{self.rng.choice(self.rc)} + 2"
        return text

    def aligned(self, most: int) -> tuple[list[str], list[str]]:
        """As many columns of both tables, files first, for set operations."""
        width = min(len(self.lc), len(self.rc), most)
        return sorted(self.lc, key=sort_of)[:width], sorted(self.rc, key=sort_of)[:width]

    def keys(self) -> list[str]:
        return self.rng.sample(self.lc, min(len(self.lc), self.rng.choice([0, 1, 1, 2])))


Picked = list[tuple[str, str]]  # expression and sort of each output column


def of(alias: str, columns: Sequence[str]) -> Picked:
    return [(f"{alias}.{c}", sort_of(c)) for c in columns]


def select(picked: Picked, rest: str) -> tuple[str, list[str]]:
    names = [f"o{i}_{sort}" for i, (_, sort) in enumerate(picked)]
    shown = ", ".join(f"{e} as {n}" for (e, _), n in zip(picked, names, strict=True))
    return f"select {shown} from {rest}", names


def filtered(d: Draft) -> tuple[str, list[str]]:
    one, other = d.rng.choice(d.lc), d.rng.choice(d.lc)
    rest = f"{d.left} l where l.{one} > {d.rng.randint(0, 3)} or l.{other} is null"
    return select(of("l", d.some), rest)


def computed(d: Draft) -> tuple[str, list[str]]:
    one, other = d.rng.choice(d.lc), d.rng.choice(d.lc)
    new = [
        (f"coalesce(l.{one}, 0) + 1", "x"),
        (f"case when l.{one} > 2 then l.{other} else 7 end", "x"),
    ]
    return select(of("l", d.some) + new, f"{d.left} l")


def inner_or_outer(d: Draft) -> tuple[str, list[str]]:
    how = d.rng.choice(["join", "join", "left join", "right join", "full join"])
    picked = (of("l", d.some) + of("r", d.few))[:7]
    return select(picked, f"{d.left} l {how} {d.right} r on {d.on()}")


def merged(d: Draft) -> tuple[str, list[str]]:
    a, b = d.pair()
    how = d.rng.choice(["full join", "left join", "join"])
    picked = [(f"coalesce(l.{a}, r.{b})", sort_of(a))]
    picked += of("l", d.some)[:3] + of("r", d.few)[:3]
    return select(picked, f"{d.left} l {how} {d.right} r on l.{a} = r.{b}")


def grouped(d: Draft) -> tuple[str, list[str]]:
    keys, one, other = d.keys(), d.rng.choice(d.lc), d.rng.choice(d.lc)
    picked = of("l", keys)
    picked += [("count(*)", "x"), (f"sum(l.{one})", "x")]
    picked += [(f"max(l.{one}) filter (where l.{other} > 1)", "x")]
    by = f" group by {', '.join(f'l.{k}' for k in keys)}" if keys else ""
    return select(picked, f"{d.left} l{by}")


def windowed(d: Draft) -> tuple[str, list[str]]:
    keys = d.keys()
    over = f"partition by {', '.join(f'l.{k}' for k in keys)}" if keys else ""
    over += d.rng.choice(["", f" order by l.{d.rng.choice(d.lc)}"])
    function = f"{d.rng.choice(['count', 'sum', 'min'])}(l.{d.rng.choice(d.lc)})"
    return select([*of("l", d.some)[:5], (f"{function} over ({over})", "x")], f"{d.left} l")


def united(d: Draft) -> tuple[str, list[str]]:
    mine, other = d.aligned(4)
    every = d.rng.choice(["", " all"])
    rest = f"{d.left} l union{every} select {', '.join(f'r.{c}' for c in other)} from {d.right} r"
    return select(of("l", mine), rest)


def with_constants(d: Draft) -> tuple[str, list[str]]:
    row = ", ".join(str(d.rng.randint(0, 4)) for _ in d.some)
    return select(of("l", d.some), f"{d.left} l union all values ({row})")


def distinct(d: Draft) -> tuple[str, list[str]]:
    sql, names = select(of("l", d.some), f"{d.left} l")
    return sql.replace("select ", "select distinct ", 1), names


def either_or(d: Draft) -> tuple[str, list[str]]:
    mine, other = d.aligned(3)
    how = d.rng.choice(["except", "intersect"])
    rest = f"{d.left} l {how} select {', '.join(f'r.{c}' for c in other)} from {d.right} r"
    return select(of("l", mine), rest)


def is_in(d: Draft) -> tuple[str, list[str]]:
    a, b = d.pair()
    more = d.rng.choice(["", f" or l.{d.rng.choice(d.lc)} = 1"])
    return select(of("l", d.some), f"{d.left} l where l.{a} in (select {b} from {d.right}){more}")


def not_in(d: Draft) -> tuple[str, list[str]]:
    a, b = d.pair()
    sure = d.rng.choice(["", f" where {b} is not null"])
    return select(
        of("l", d.some), f"{d.left} l where l.{a} not in (select {b} from {d.right}{sure})"
    )


def exists(d: Draft) -> tuple[str, list[str]]:
    no = d.rng.choice(["", "not "])
    rest = f"{d.left} l where {no}exists (select 1 from {d.right} r where {d.on()})"
    return select(of("l", d.some), rest)


def limited(d: Draft) -> tuple[str, list[str]]:
    sql, names = select(of("l", d.some), f"{d.left} l")
    return f"{sql} order by {', '.join(names)} limit 5", names


def scalar(d: Draft) -> tuple[str, list[str]]:
    a, b = d.pair()
    value = f"(select max(r.{d.rng.choice(d.rc)}) from {d.right} r where r.{b} = l.{a})"
    if d.rng.random() < 0.3:
        value = f"(select count(*) from {d.right})"
    return select([*of("l", d.some)[:4], (value, "x")], f"{d.left} l")


def unnested(d: Draft) -> tuple[str, list[str]]:
    new = (f"unnest(range(coalesce(l.{d.rng.choice(d.lc)}, 0) % 3))", "x")
    return select([*of("l", d.some)[:4], new], f"{d.left} l")


def recursive(d: Draft) -> tuple[str, list[str]]:
    file = d.rng.choice([c for c in d.lc if sort_of(c) == "f"] or d.lc)
    other = d.rng.choice([c for c in d.rc if sort_of(c) == "f"] or d.rc)
    key, to, by = d.rng.choice(d.lc), d.rng.choice(d.rc), d.rng.choice(d.rc)
    own = f" and t.o0_{sort_of(file)} = r.{other}" if d.rng.random() < 0.6 else ""
    names = [f"o0_{sort_of(file)}", "o1_k", "o2_x"]
    return (
        f"with recursive t as (select l.{file} as {names[0]}, l.{key} as o1_k, 0 as o2_x "
        f"from {d.left} l union all select t.{names[0]}, r.{to}, t.o2_x + 1 "
        f"from t join {d.right} r on t.o1_k = r.{by}{own} where t.o2_x < 2) "
        f"select {', '.join(names)} from t",
        names,
    )


SHAPES: tuple[Callable[[Draft], tuple[str, list[str]]], ...] = (
    *(filtered, computed, grouped, grouped, windowed, united, with_constants, distinct),
    *(inner_or_outer, inner_or_outer, inner_or_outer, merged, merged, either_or, is_in, not_in),
    *(exists, limited, scalar, unnested, recursive),
)


def random_view(
    rng: random.Random, relations: Mapping[str, Sequence[str]], shapes: Sequence = SHAPES
) -> tuple[str, list[str]]:
    """SQL of a view over the relations, and its columns."""
    return rng.choice(shapes)(Draft(rng, relations))


def session(tables: Mapping[str, pa.Table]) -> SessionContext:
    ctx = SessionContext(SessionConfig().with_target_partitions(1))
    for name, table in tables.items():
        register(ctx, name, table)
    return ctx


def register(ctx: SessionContext, name: str, table: pa.Table) -> None:
    empty = [pa.RecordBatch.from_pylist([], schema=table.schema)]
    ctx.register_record_batches(name, [table.to_batches() or empty])


def edited(rng: random.Random, rows: list, table: str, file: int) -> list:
    """The table's rows with those of one file changed, dropped, added to or all replaced."""
    columns = BASES[table]
    mine, rest = [r for r in rows if r["f"] == file], [r for r in rows if r["f"] != file]
    how = rng.choice(["edit", "edit", "delete", "add", "all"])
    if how == "edit" and mine:
        at = rng.randrange(len(mine))
        mine[at] = mine[at] | {rng.choice(columns[1:]): rng.randint(0, 12)}
    elif how == "delete" and mine:
        mine = mine[1:]
    elif how == "add":
        mine = mine + base_rows(rng, columns, [file], 2)
    else:
        mine = base_rows(rng, columns, [file], 4)
    return rest + mine


def changed(old: pa.Table, new: pa.Table, columns: Sequence[str]) -> list[dict[str, int | None]]:
    """Rows that occur more often on one side than on the other, in these columns."""
    if old.equals(new):
        return []
    counts: Counter[tuple[int | None, ...]] = Counter()
    for table, sign in ((old, 1), (new, -1)):
        for row in table.to_pylist():
            counts[tuple(row[c] for c in columns)] += sign
    return [dict(zip(columns, row, strict=True)) for row, n in counts.items() if n]


def touched(path: Path, rows: Rows, leaves: Sequence[Rows]) -> set[tuple[int | None, ...]]:
    """The values that a path predicts for these changed rows."""
    match path:
        case Col(columns):
            return {tuple(r[c] for c in columns) for r in rows}
        case Or(paths):
            return set().union(*(touched(p, rows, leaves) for p in paths))
        case Hop(inner, leaf, keys, then):
            values = touched(inner, rows, leaves)
            on = [r for r in leaves[leaf] if tuple(r[k] for k in keys) in values]
            return touched(then, on, leaves)
    raise AssertionError("a path to all values is not followed")


class World:
    """Random base tables, up to seven random views over them and each other, and the plans."""

    def __init__(self, seed: int, shapes: Sequence = SHAPES) -> None:
        self.rng = rng = random.Random(seed)
        self.schemas = {t: base_schema(t) for t in BASES}
        self.tables = {
            t: pa.Table.from_pylist(
                base_rows(rng, c, FILES if "f" in c else [0, 1], 3), schema=self.schemas[t]
            )
            for t, c in BASES.items()
        }
        self.views: dict[str, tuple[str, PlanFacts]] = {}
        relations: dict[str, Sequence[str]] = dict(BASES)
        grains: dict[str, Grain] = {}
        for i in range(7):
            sql, columns = random_view(rng, relations, shapes)
            name = f"v{i}"
            try:
                df = planning_session(self.schemas).sql(sql)
                facts = plan_facts(df, self.schemas, upstream=grains)
                self.schemas[name] = df.schema()
            except ValueError:  # the engine has no plan for it
                continue
            relations[name], grains[name] = columns, facts.grain
            self.views[name] = sql, facts

    def run(self, bases: Mapping[str, pa.Table]) -> dict[str, pa.Table] | None:
        """All tables after running all views; None where they grow beyond use.

        Without field metadata: the engine refuses recursive queries whose terms differ in it.
        """
        tables = {n: pa.table({c: t[c] for c in t.column_names}) for n, t in bases.items()}
        ctx = session(tables)
        for name, (sql, _) in self.views.items():
            result = ctx.sql(sql).to_arrow_table()
            if result.num_rows > 4000:
                return None
            tables[name] = result
            register(ctx, name, result)
        return tables

    def wrong(self, tally: Counter[str]) -> list[str]:
        """What an edit of one file changed although the views' grains say that it cannot."""
        rng, file = self.rng, self.rng.choice(FILES)
        after = dict(self.tables)
        for name in rng.sample(["a", "b", "e"], rng.choice([1, 1, 2, 3])):
            rows = edited(rng, self.tables[name].to_pylist(), name, file)
            after[name] = pa.Table.from_pylist(rows, schema=self.schemas[name])
        old, new = self.run(self.tables), self.run(after)
        if old is None or new is None:
            return []
        found = []
        for name, (sql, facts) in self.views.items():
            tally["views"] += 1
            tally[facts.grain.kind] += 1
            tally["opaque"] += bool(facts.opaque)
            really = changed(old[name], new[name], old[name].column_names)
            why = broken(facts, really, old, new, tally)
            if facts.grain.absolute == "local":
                for column in (facts.grain.column, *facts.grain.also):
                    if {row[column] for row in really} - {file}:
                        why = f"an edit of file {file} changed {column} in {really}"
            if why:
                found.append(f"{name}: {why}: {sql} [{facts.grain.reason}]")
        return found


def broken(
    facts: PlanFacts,
    really: Rows,
    old: Mapping[str, pa.Table],
    new: Mapping[str, pa.Table],
    tally: Counter[str],
) -> str | None:
    """What changed in a view beyond the values that its paths predict from changes below it."""
    leaves, grain = facts.leaves, facts.grain
    deltas = [changed(old[leaf.table], new[leaf.table], leaf.columns) for leaf in leaves]
    live = [n for n, delta in enumerate(deltas) if delta]
    if not live:
        tally["skipped"] += 1
        return f"changed without a change of its inputs: {really}" if really else None
    if grain.column is None or any(grain.paths[n] == ALL for n in live):
        return None
    read = {hop.leaf for n in live for hop in hops(grain.paths[n])}
    states = [new[leaf.table].to_pylist() if i in read else [] for i, leaf in enumerate(leaves)]
    predicted = {v for n in live for (v,) in touched(grain.paths[n], deltas[n], states)}
    actual = {row[grain.column] for row in really}
    tally[f"{grain.kind} predicted"] += len(predicted)
    tally[f"{grain.kind} changed"] += len(actual)
    if actual <= predicted:
        return None
    return f"changed {sorted(actual - predicted, key=repr)}, predicted {predicted}"
