"""SQL over the public views, and what is refused."""

from pathlib import Path

import pyarrow as pa
import pytest

from codeanatomy.cpg.kinds import EDGE_KINDS
from codeanatomy.facts.errors import UsageError
from codeanatomy.facts.ids import hash_text, mix
from codeanatomy.query.graph import Graph
from tests.query.handmade import Handmade

CONTRACT = {
    "cpg_nodes": "node_id kind name qualified_name path file_id bstart bend line external evidence",
    "cpg_edges": "edge_id kind src dst path bstart bend origin certainty confidence score evidence",
    "cpg_props": "entity id key value_type",
    "problems": "stage witness code severity message path bstart bend",
    "unresolved": "path bstart bend what text reason",
    "calls": "caller callee path line certainty confidence evidence",
    "refs": "name target path line",
    "imports": "importer imported path line",
    "inherits": "class base path line",
}


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    hand = Handmade(tmp_path)
    top = hand.file("m.py", "def é(): len()\né()\n")
    f = hand.define("METHOD", "m.é", "m.py:1", "def é(): len()", top)
    hand.call(f, "m.py:1", "len()", hand.external("builtins.len"))
    hand.call(top, "m.py:2", "é()", f)
    return hand.open()


@pytest.mark.parametrize("view", CONTRACT)
def test_contract_columns(graph: Graph, view: str) -> None:
    rows = graph.sql(f"SELECT {', '.join(CONTRACT[view].split())} FROM {view}")
    assert rows.schema.names == CONTRACT[view].split()


def test_types(graph: Graph) -> None:
    nodes, edges = graph.nodes.schema, graph.edges.schema
    for schema, name in ((nodes, "node_id"), (nodes, "bstart"), (edges, "edge_id"), (edges, "src")):
        assert schema.field(name).type == pa.int64()
    assert nodes.field("line").type == pa.int32()
    assert nodes.field("external").type == pa.bool_()
    assert edges.field("confidence").type == pa.float64()
    assert edges.field("evidence").type == pa.list_(pa.string())


def test_external_things_have_no_place(graph: Graph) -> None:
    (row,) = graph.sql("SELECT * FROM cpg_nodes WHERE external").to_pylist()
    assert (row["path"], row["bstart"], row["line"]) == ("", None, None)


def test_places_are_bytes(graph: Graph) -> None:
    (row,) = graph.sql("SELECT * FROM calls WHERE callee = 'm.é'").to_pylist()
    assert (row["caller"], row["line"], row["bstart"], row["bend"]) == ("m.<module>", 2, 16, 20)


def test_edge_ids_follow_the_recipe(graph: Graph) -> None:
    edges = graph.edges
    assert edges.num_rows == 5
    for row in edges.to_pylist():
        made = mix(mix(hash_text(row["kind"]), row["src"]), mix(row["dst"], row["ordinal"]))
        assert row["edge_id"] == int(made)


def test_every_edge_kind_has_an_id(tmp_path: Path) -> None:
    hand = Handmade(tmp_path)
    top = hand.file("m.py", "x\n")
    for kind in EDGE_KINDS:
        hand.edge(kind.kind, top, top)
    ids = hand.open().edges["edge_id"]
    assert ids.null_count == 0
    assert len(set(ids.to_pylist())) == len(EDGE_KINDS)


@pytest.mark.parametrize(
    "text",
    [
        "DROP TABLE nodes",
        "INSERT INTO nodes SELECT * FROM nodes",
        "CREATE TABLE x AS SELECT 1",
        "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
        "COPY nodes TO '/tmp/x.parquet'",
        "SET datafusion.execution.batch_size = 1",
        "EXPLAIN INSERT INTO nodes SELECT * FROM nodes",
        "BEGIN",
    ],
)
def test_only_reading(graph: Graph, text: str) -> None:
    with pytest.raises(UsageError, match="read-only"):
        graph.sql(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("SELECT 1; SELECT 2", "one statement at a time"),
        ("", "the query is empty"),
        ("SELEC 1", "cannot be understood"),
        ("SELECT * FROM cals", "no table 'cals' (did you mean 'calls'?)"),
        ("SELECT calle FROM calls", "no column 'calle' (did you mean 'caller'?)"),
        ("SELECT * FROM '/etc/passwd'", "no table '/etc/passwd'"),
        ("SELECT 1 / 0", "Divide by zero"),
        ("SELECT nofunction(1)", "nofunction"),
    ],
)
def test_refusals_help(graph: Graph, text: str, told: str) -> None:
    with pytest.raises(UsageError) as refusal:
        graph.sql(text)
    assert told in str(refusal.value)
    assert "datafusion" not in str(refusal.value).lower()


@pytest.mark.parametrize(
    "text",
    [
        "WITH x AS (SELECT 1 AS a) SELECT a FROM x",
        "EXPLAIN SELECT * FROM calls",
        "SHOW TABLES",
        "DESCRIBE cpg_nodes",
        "VALUES (1)",
    ],
)
def test_statements_that_read(graph: Graph, text: str) -> None:
    assert graph.sql(text).num_rows


def test_a_question_opens_only_what_it_names(graph: Graph) -> None:
    graph.sql("SELECT count(*) FROM problems")
    assert graph._whole._open == {"problems"}
    graph.sql("SELECT * FROM cpg_nodes")
    assert graph._whole._open == {"problems", "cpg_nodes", "nodes", "spans", "files"}


def test_any_tables_may_be_joined(graph: Graph) -> None:
    every = ", ".join(f"(SELECT count(*) AS n{i} FROM {v})" for i, v in enumerate(CONTRACT))
    assert graph.sql(f"SELECT * FROM {every}").num_rows == 1
    assert graph.sql("SELECT max(src), node_id FROM cpg_nodes, cpg_edges GROUP BY node_id").num_rows


def test_limit(graph: Graph) -> None:
    assert graph.sql("SELECT * FROM cpg_nodes", limit=2).num_rows == 2
