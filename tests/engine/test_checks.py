"""The laws of a graph: each broken one is found and named."""

import numpy as np
import pyarrow as pa
import pytest

from codeanatomy.engine import checks
from codeanatomy.facts.schema import schema_from_struct
from codeanatomy.facts.tables.graph import Edge, EdgeByTarget, Node, Prop, Span


def rows(struct: type, values: list[dict[str, object]]) -> pa.Table:
    schema = schema_from_struct(struct)
    blank = {
        f.name: {"bool": False}.get(str(f.type), "" if "string" in str(f.type) else 0)
        for f in schema
        if not f.nullable
    }
    return pa.Table.from_pylist([{**blank, **value} for value in values], schema=schema)


def graph(ids: list[int], ends: list[tuple[str, int, int, int]]) -> dict[str, pa.Table]:
    edges = [{"kind": k, "src": s, "dst": d, "ordinal": o, "site": s} for k, s, d, o in ends]
    back = [{k: e[k] for k in ("kind", "src", "dst", "ordinal")} for e in reversed(edges)]
    return {
        "nodes": rows(Node, [{"node_id": i} for i in ids]),
        "edges": rows(Edge, edges),
        "edges_by_dst": rows(EdgeByTarget, back),
    }


SOUND = [("AST", 1, 2, 0), ("AST", 1, 3, 1), ("CALL", 1, 3, 0), ("ARGUMENT", 1, 3, 0)]
KINDS = {"AST", "CALL", "ARGUMENT"}


def test_a_sound_graph_breaks_no_law():
    assert checks.broken_laws(graph([3, 1, 2], SOUND), KINDS) == []
    assert checks.broken_laws(graph([], []), KINDS) == []


@pytest.mark.parametrize(
    ("ids", "ends", "says"),
    [
        ([1, 2, 3, 2], SOUND, "1 ids occur twice in nodes (2)"),
        ([1, 2], SOUND, "1 values of edges.dst have no node (3)"),
        ([2, 3], SOUND, "1 values of edges.src have no node (1)"),
        ([1, 2, 3], [*SOUND, ("CALL", 1, 3, 0)], "1 edges occur twice in edges; their sources (1)"),
        ([1, 2, 3], [*SOUND, ("CALLS", 1, 3, 0)], "unknown kinds in edges: CALLS"),
    ],
)
def test_a_broken_law_is_named(ids, ends, says):
    assert says in checks.broken_laws(graph(ids, ends), KINDS)


def test_the_two_edge_tables_must_agree():
    tables = graph([1, 2, 3], SOUND)
    other = graph([1, 2, 3], [("REF", 1, 3, 0), *SOUND[1:]])
    for back in (tables["edges_by_dst"].slice(1), other["edges_by_dst"]):
        broken = checks.broken_laws({**tables, "edges_by_dst": back}, KINDS)
        assert broken[0] == "different edges in edges and edges_by_dst"


def test_any_reference_to_a_node_is_checked():
    site = schema_from_struct(Edge).field("site").with_name("s")
    calls = pa.table({"s": [7]}, schema=pa.schema([site]))
    spans = rows(Span, [{"node_id": 1}, {"node_id": 9}])
    props = rows(Prop, [{"id": 11}])  # may be an edge's
    more = {"calls": calls, "spans": spans, "props": props}
    assert checks.broken_laws({**graph([1, 2, 3], SOUND), **more}, KINDS) == [
        "1 values of calls.s have no node (7)",
        "1 values of spans.node_id have no node (9)",
    ]


@pytest.mark.parametrize("column", ["parent", "container"])
def test_an_edge_held_by_a_node_is_checked_too(column):
    tables = graph([3, 1, 2], SOUND)
    place = tables["nodes"].schema.get_field_index(column)
    field = tables["nodes"].schema.field(place)
    for held, says in (
        ([None, 3, 1], []),
        ([None, 9, 1], [f"1 values of nodes.{column} have no node (9)"]),
    ):
        nodes = tables["nodes"].set_column(place, field, pa.array(held))
        assert checks.broken_laws({**tables, "nodes": nodes}, KINDS) == says


def test_a_site_is_checked_too():
    tables = graph([1, 2, 3], SOUND)
    place = tables["edges"].schema.get_field_index("site")
    field = tables["edges"].schema.field(place)
    sites = tables["edges"].set_column(place, field, pa.array([1, 3, 8, 1]))
    broken = checks.broken_laws({**tables, "edges": sites}, KINDS)
    assert broken == ["1 values of edges.site have no node (8)"]


def test_the_parts_agree_with_plain_python():
    random = np.random.default_rng(3)
    ids = random.integers(0, 5000, 4000)
    ends = np.sort(random.integers(-5, 6000, 3000))
    nodes = rows(Node, []).slice(0, 0)
    nodes = pa.table(
        [pa.array(ids) if f.name == "node_id" else pa.nulls(4000, f.type) for f in nodes.schema],
        names=nodes.schema.names,
    ).cast(pa.schema([f.with_nullable(True) for f in nodes.schema]))
    values, counts = np.unique(ids, return_counts=True)
    assert checks.repeated(np.sort(ids)).tolist() == values[counts > 1].tolist()
    expected = sorted({*ends.tolist()} - {*ids.tolist()})
    assert checks.dangling(ends, np.sort(ids)).tolist() == expected
