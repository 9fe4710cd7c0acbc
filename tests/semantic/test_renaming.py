"""Types route, names do not: with other names for its columns, tables and views the model compiles
to the same joins, plans and policy, but for these names."""

import random
import re
from collections.abc import Mapping
from typing import Any, get_type_hints

import msgspec
import pyarrow as pa
import pytest

from codeanatomy.compiled import (
    SCAN_PROBLEMS,
    Asked,
    Compiled,
    compile_graph,
    evidence_schemas,
)
from codeanatomy.cpg.model import model
from codeanatomy.facts.collect import declared, plugins
from codeanatomy.facts.tables.all import SCHEMAS
from codeanatomy.facts.tables.graph import Problem
from codeanatomy.planned import decide
from codeanatomy.planning.signals import Machine
from codeanatomy.planning.workload import classify
from codeanatomy.semantic.declare import Entity, Model, Output, Relation, View

PLUGGED = plugins()[0]


def own(field: str, kind: type) -> dict[str, Any]:
    """What the package itself declares; SQL of plug-ins need not quote its names."""
    others = declared(kind, PLUGGED)
    return {name: one for name, one in getattr(model(), field).items() if name not in others}


OURS = msgspec.structs.replace(
    model(),
    entities=own("entities", Entity),
    relations=own("relations", Relation),
    views=own("views", View),
    outputs=own("outputs", Output),
)
TABLES = {n: s for n, s in evidence_schemas().items() if n in SCHEMAS or n == SCAN_PROBLEMS}
COLUMNS = sorted(
    {n for schema in TABLES.values() for n in schema.names}
    | {f for v in OURS.views.values() for f in v.struct.__struct_fields__}
    | {f for o in OURS.outputs.values() for f in o.struct.__struct_fields__}
)
THINGS = sorted({*TABLES, *OURS.views})
_QUOTED = re.compile(r'"(\w+)"')
Names = Mapping[str, str]


class Renamed:
    """The model and its evidence under other names; `columns` and `things` (tables and views) are
    apart, since a table may be called as a column is."""

    def __init__(self, columns: Names, things: Names) -> None:
        self.columns, self.things = columns, things
        self.tables = {
            things.get(name, name): pa.schema(
                [f.with_name(columns.get(f.name, f.name)) for f in schema], schema.metadata
            )
            for name, schema in TABLES.items()
        }

    def model(self) -> Model:
        return msgspec.structs.replace(
            OURS,
            entities={n: self._entity(e) for n, e in OURS.entities.items()},
            relations={n: self._relation(r) for n, r in OURS.relations.items()},
            views={self._thing(n): self._view(v) for n, v in OURS.views.items()},
            outputs={
                n: msgspec.structs.replace(
                    o, feeds=self._thing(o.feeds), struct=self._struct(o.struct)
                )
                for n, o in OURS.outputs.items()
            },
            constants=self._thing(OURS.constants),
            files=self._thing(OURS.files),
        )

    def _thing(self, name: str) -> str:
        return self.things.get(name, name)

    def _properties(self, one: Entity | Relation) -> tuple[object, ...]:
        return tuple(
            msgspec.structs.replace(p, column=self.columns.get(p.column, p.column))
            for p in one.properties
        )

    def _entity(self, entity: Entity) -> Entity:
        more = {"table": self._thing(entity.table), "properties": self._properties(entity)}
        return msgspec.structs.replace(entity, **more)

    def _relation(self, relation: Relation) -> Relation:
        left = tuple(map(self._thing, relation.left))
        right = self._thing(relation.right) if relation.right else None
        more = {"left": left, "right": right, "properties": self._properties(relation)}
        return msgspec.structs.replace(relation, **more)

    def _struct(self, struct: type[msgspec.Struct]) -> type[msgspec.Struct]:
        if struct is Problem:  # which says of a view that it is of trouble
            return struct
        hints = get_type_hints(struct, include_extras=True)
        fields = [(self.columns.get(n, n), hints[n]) for n in struct.__struct_fields__]
        return msgspec.defstruct(struct.__name__, fields, frozen=True)

    def _view(self, view: View) -> View:
        struct = self._struct(view.struct)
        sql = self.seen(view.sql) if struct is Problem else self.sql(view.sql)
        return msgspec.structs.replace(view, name=self._thing(view.name), sql=sql, struct=struct)

    def sql(self, text: str) -> str:
        """The text with every quoted name replaced: after FROM or JOIN a thing's, else a
        column's."""

        def name(found: re.Match[str]) -> str:
            table = text[: found.start()].rstrip().upper().endswith(("FROM", "JOIN"))
            return f'"{(self.things if table else self.columns).get(found[1], found[1])}"'

        return _QUOTED.sub(name, text)

    def seen(self, text: str) -> str:
        """The text, which sees the tables it names through their first names."""

        def table(found: re.Match[str]) -> str:
            fields = TABLES[found[2]].names
            columns = ", ".join(f'"{self.columns.get(f, f)}" AS "{f}"' for f in fields)
            return f'{found[1]} (SELECT {columns} FROM "{self._thing(found[2])}")'

        return re.sub(r'(FROM|JOIN)\s+"(\w+)"', table, text)


def compiled(columns: Names, things: Names) -> Compiled:
    renamed = Renamed(columns, things)
    return compile_graph(renamed.tables, renamed.model(), Asked())


def told(one: Compiled, back: Names) -> object:
    """All that is decided, with the first names."""

    def first(name: str) -> str:
        return "__".join(back.get(part, part) for part in name.split("__"))

    def joined(view: str) -> object:
        return [
            (
                (first(j.left), first(j.right), j.chosen.strategy, j.chosen.confidence),
                [(first(k.left), first(k.right)) for k in j.chosen.keys],
                sorted((c.strategy, c.confidence) for c in j.refused),
            )
            for j in one.inferred.joins.get(view, ())
        ]

    views = {v.name: v for v in one.views}
    policy = decide(one, classify(), {}, None, Machine()).policy
    kept, sort = policy.section("cache"), policy.listed("output")

    def inputs(view: str) -> list[str]:
        found = [*map(first, views[view].inputs)]
        return sorted(found) if isinstance(views[view].made_of, View) else found

    return {
        first(name): (
            inputs(name),
            joined(name),
            (kept[name], [first(c) for c in sort.get(name, ())], one.facts[name].grain.kind),
            sorted((first(t), sorted(map(first, c))) for t, c in one.facts[name].tables.items()),
            # another name for the same column is a projection
            {n: k for n, k in one.facts[name].nodes.items() if n != "Projection"},
        )
        for name in views
    }


BEFORE = told(compiled({}, {}), {})


def test_all_names_at_once() -> None:
    columns = {n: f"c{i:03}_x" for i, n in enumerate(COLUMNS)}
    things = {n: f"t{i:03}_x" for i, n in enumerate(THINGS)}
    back = {new: old for names in (columns, things) for old, new in names.items()}
    assert told(compiled(columns, things), back) == BEFORE


@pytest.mark.slow
@pytest.mark.parametrize("name", random.Random(0).sample(COLUMNS, 16))
def test_one_column(name: str) -> None:
    assert told(compiled({name: "other_name"}, {}), {"other_name": name}) == BEFORE


@pytest.mark.slow
@pytest.mark.parametrize("name", random.Random(0).sample(THINGS, 8))
def test_one_table_or_view(name: str) -> None:
    assert told(compiled({}, {name: "other_name"}), {"other_name": name}) == BEFORE


def test_some_columns_in_another_order_of_names() -> None:
    shuffled = COLUMNS[:]
    random.Random(7).shuffle(shuffled)
    columns = {old: f"z_{i:03}" for i, old in enumerate(shuffled)}
    back = {new: old for old, new in columns.items()}
    assert told(compiled(columns, {}), back) == BEFORE
