"""Why an edge is believed, asked of a graph that was built."""

from collections.abc import Iterator
from pathlib import Path

import pytest

import codeanatomy
from codeanatomy.cpg.kinds import RULES
from codeanatomy.facts.errors import UsageError
from codeanatomy.query.graph import Graph
from tests.query.handmade import STRUCTS, Handmade

SHOP = """\
class Box:
    def open(self):
        return lid()

    def close(self):
        pass


class Crate(Box):
    def close(self):
        return Box()


def lid():
    '''What a box has.'''


def pack(box: Box, other):
    box.open()
    box.close()
    other.open()
    try:
        return [x for x in box]
    finally:
        pass
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Graph]:
    folder: Path = tmp_path_factory.mktemp("shop")
    (folder / "shop.py").write_text(SHOP)
    (folder / "test_shop.py").write_text("from shop import Crate\ndef test_it(): Crate().close()\n")
    codeanatomy.build(folder, workers=1)
    with codeanatomy.open_graph(folder) as graph:
        yield graph


def test_a_certain_call_names_its_rule_its_place_and_its_terms(shop: Graph) -> None:
    [one], about = shop.explain_edge("shop.Box.open", "shop.lid", kind="CALL")
    assert (one.certainty, one.rule, one.evidence, one.doubt) == (
        *("certain", "function", ("resolve",), ""),
    )
    assert (one.site.place, one.site.text) == ("shop.py:3", "return lid()")
    assert (one.target.place, one.target.text) == ("shop.py:14", "def lid():")
    [relation] = one.relations
    assert relation.name == "rel_call"
    assert one.score == pytest.approx(relation.trust * one.confidence)
    assert not one.alternatives
    assert (about.rows, about.shown) == (1, 1)


def test_a_possible_call_says_why_and_what_else_it_may_be(shop: Graph) -> None:
    [one], _ = shop.explain_edge("shop.pack", "shop.Box.close", kind="CALL")
    assert (one.certainty, one.doubt) == ("possible", "overridden in a subclass")
    assert 0 < one.score < one.confidence < 1
    [other] = one.alternatives
    assert (other.name, other.certainty) == ("shop.Crate.close", "possible")
    [same], _ = shop.explain_edge("shop.pack", "shop.Crate.close", kind="CALL")
    assert same.rule == "override"
    assert same.score == other.score < one.score


def test_what_was_left_out_is_told(tmp_path: Path) -> None:
    functions = "".join(f"def f{i:02}(): pass\n" for i in range(40))
    calls = "".join(f"k(f{i:02})\n" for i in range(40))
    (tmp_path / "wide.py").write_text(f"{functions}def k(g):\n    return g()\n{calls}")
    codeanatomy.build(tmp_path, workers=1)
    with codeanatomy.open_graph(tmp_path) as graph:
        [one], _ = graph.explain_edge("wide.k", "wide.f00", kind="CALL")
        assert one.certainty == "possible"
        left, kept = [x.name for x in one.dropped], [x.name for x in one.alternatives]
        assert sorted([*left, *kept]) == [f"wide.f{i:02}" for i in range(1, 40)]
        assert {x.reason for x in one.dropped} == {"too many values"}
        rows = graph.listed("dropped").to_pylist()
        assert [(x["target"], x["line"], x["site"]) for x in rows] == [(x, 42, "g") for x in left]


def test_a_graph_of_an_older_version_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delitem(STRUCTS, "dropped")
    made = Handmade(tmp_path)
    module = made.file("m.py", "def f(): g()\ndef g(): pass\n")
    f, g = (
        made.define("METHOD", f"m.{x}", f"m.py:{n}", inside=module) for n, x in ((1, "f"), (2, "g"))
    )
    made.call(f, "m.py:1", "g()", g)
    with made.open() as graph, pytest.raises(UsageError, match=r"without the table 'dropped'; run"):
        graph.explain_edge("m.f", "m.g")


def test_a_place_may_stand_for_the_source(shop: Graph) -> None:
    found, _ = shop.explain_edge("shop.py:19", "shop.Box.open")
    assert [one.kind for one in found] == ["CALL", "REF"]


def test_an_edge_of_two_tables_tells_how_they_were_joined(shop: Graph) -> None:
    [one], _ = shop.explain_edge("shop.Crate", "shop.Box", kind="INHERITS_FROM")
    [relation] = one.relations
    [join] = relation.joins
    assert join.startswith(
        "foreign key: base.file_id = target.file_id and base.value = target.site"
    )


def test_edges_that_nodes_hold_are_explained_too(shop: Graph) -> None:
    [one], _ = shop.explain_edge("shop.Box", "shop.Box.open", kind="AST")
    assert (one.rule, one.evidence, one.certainty) == ("syntax", ("ast",), "certain")
    assert not one.relations


def test_of_relations_that_add_the_same_words_one_gives_the_edge(shop: Graph) -> None:
    [one], _ = shop.explain_edge("shop.py:19", "shop.py:2", kind="PARAMETER_LINK")
    assert len(one.relations) > 1
    assert {relation.adds for relation in one.relations} == {"resolve"}
    assert one.score == pytest.approx(one.relations[0].trust * one.confidence)


def test_what_is_certain_has_no_alternatives(shop: Graph) -> None:
    found, _ = shop.explain_edge("shop.Crate", "shop.Box")
    assert {one.kind for one in found} >= {"INHERITS_FROM", "MRO"}
    assert not any(one.alternatives for one in found if one.certainty == "certain")


def test_a_kind_that_there_is_not_is_told(shop: Graph) -> None:
    with pytest.raises(UsageError, match=r"no 'CALLS' edges; did you mean 'CALL'\?"):
        shop.explain_edge("shop.pack", "shop.Box.open", kind="CALLS")


def test_where_there_is_no_edge_the_unresolved_sites_of_that_name_are_told(shop: Graph) -> None:
    with pytest.raises(UsageError, match=r"callees shop\.lid"):
        shop.explain_edge("shop.lid", "shop.pack")
    with pytest.raises(UsageError) as told:
        shop.explain_edge("shop.pack", "shop.Box.open", kind="MRO")
    assert "shop.py:21  call open: parameter without a value" in str(told.value)


def test_a_node_tells_who_saw_it_and_what_is_not_known_in_it(shop: Graph) -> None:
    [lid] = shop.explain_node("shop.lid")
    assert lid.properties["DOCSTRING"] == "What a box has."
    assert lid.edges_in["CALL"] == lid.edges_in["AST"] == 1
    [pack] = shop.explain_node("shop.pack")
    assert pack.unresolved["parameter without a value"] >= 1
    assert pack.evidence == ("ast",)


def test_every_rule_of_the_graph_has_a_sentence(shop: Graph) -> None:
    rows = shop.sql("SELECT DISTINCT origin FROM cpg_edges WHERE kind NOT IN ('CFG', 'CDG')")
    assert set(rows["origin"].to_pylist()) <= RULES.keys()
