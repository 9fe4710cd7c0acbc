"""Adding a thing needs one declaration; broken declarations are named."""

import msgspec
import pyarrow as pa
import pytest

from codeanatomy.compiled import Asked, compile_graph, evidence_schemas
from codeanatomy.cpg.kinds import COLUMNS
from codeanatomy.cpg.model import model
from codeanatomy.extract.witnesses import witnesses
from codeanatomy.facts import types as t
from codeanatomy.facts.errors import DeclarationError
from codeanatomy.facts.schema import schema_from_struct, semantic_type
from codeanatomy.facts.tables.graph import Node
from codeanatomy.semantic.compile import DIAGNOSTIC, KINDS
from codeanatomy.semantic.declare import Entity, Model, Property, Relation, View
from codeanatomy.semantic.emit import EMITTERS


def declared(**more: dict[str, object]) -> Model:
    """Our model with further declarations."""
    ours = model()
    return msgspec.structs.replace(ours, **{k: {**getattr(ours, k), **v} for k, v in more.items()})


def test_there_are_six_kinds_and_every_view_is_of_one() -> None:
    compiled = compile_graph(evidence_schemas())
    kinds = {*KINDS.values(), DIAGNOSTIC}
    assert kinds == {*EMITTERS}
    assert len(kinds) == 6
    assert {v.kind for v in compiled.views} == kinds


def test_an_entity_needs_one_declaration() -> None:
    base = Entity(
        name="base", table="capture", kind="BASE", properties=(Property("OF", "captured"),)
    )
    tables = evidence_schemas()
    tables["capture"] = tables["capture"].append(tables["literal"].field("node"))
    compiled = compile_graph(tables, declared(entities={"base": base}))
    facts = compiled.facts
    assert "base_norm" in facts["nodes"].tables
    assert "base_norm_props" in facts["props"].tables


def test_a_relation_joins_by_types_alone() -> None:
    relation = Relation(
        name="rel_x",
        kind="X",
        left=("call_site",),
        right="field",
        on=t.CALLEE,
        src=t.CALLEE,
        dst=t.PARENT,
        origin="test",
    )
    compiled = compile_graph(evidence_schemas(), declared(relations={"rel_x": relation}))
    (join,) = compiled.inferred.joins["rel_x"]
    assert [(k.left, k.right) for k in join.chosen.keys] == [
        ("file_id", "file_id"),
        ("callee", "node"),
    ]
    assert "rel_x" in compiled.facts["edges"].tables


def test_edges_told_by_a_column_of_nodes_have_no_view_and_are_the_ones_that_views_read() -> None:
    asked = Asked(witnesses=dict.fromkeys(witnesses(), ""))
    views = compile_graph(evidence_schemas(), asked=asked).views
    fed = {v.made_of.name for v in views if v.kind == "relate"}
    idle = [r for name, r in model().relations.items() if name not in fed]
    held = {r.kind: r.src for r in idle}
    node = schema_from_struct(Node)
    columns = {kind: semantic_type(node.field(c)) for kind, (c, *_) in COLUMNS.items()}
    origins = {r.kind: [r.origin, r.trust] for r in idle}
    assert origins == {kind: told for kind, (_, *told) in COLUMNS.items()}
    assert held and {kind: t.IDS[src] for kind, src in held.items()} == columns


@pytest.mark.parametrize(
    "more", [{"adds": "x"}, {"origin": None}, {"ordinal": True}, {"site": None}]
)
def test_an_edge_that_says_more_than_the_column_keeps_its_rows(more: dict[str, object]) -> None:
    relation = msgspec.structs.replace(model().relations["rel_contains"], **more)
    compiled = compile_graph(evidence_schemas(), declared(relations={"rel_contains": relation}))
    assert any(table.startswith("rel_contains__") for table in compiled.facts["edges"].tables)


def test_unknown_tables_and_double_names_are_errors() -> None:
    lost = Entity(name="lost", table="nowhere", kind="X")
    with pytest.raises(DeclarationError, match="no table 'nowhere'"):
        compile_graph(evidence_schemas(), declared(entities={"lost": lost}))
    twice = View(name="syntax", sql="SELECT 1", struct=msgspec.defstruct("S", [("a", int)]))
    with pytest.raises(DeclarationError, match="'syntax'"):
        compile_graph(evidence_schemas(), declared(views={"syntax": twice}))


def test_views_nobody_reads_are_pruned() -> None:
    class Row(msgspec.Struct):
        path: str

    idle = View(name="idle", sql='SELECT "path" FROM "source_file"', struct=Row)
    compiled = compile_graph(evidence_schemas(), declared(views={"idle": idle}))
    assert "idle" not in {v.name for v in compiled.views}


def test_an_unread_column_of_a_source_changes_no_plan() -> None:
    tables = evidence_schemas()
    before = compile_graph(tables)
    tables["comment"] = tables["comment"].append(pa.field("unread", pa.int64()))
    after = compile_graph(tables)
    assert before.manifest == after.manifest
