"""The optimiser's rules: what each leaves out, and that no row depends on it."""

from pathlib import Path

import pytest

import codeanatomy
from codeanatomy.compiled import Asked, compile_graph, evidence_schemas
from codeanatomy.cpg.kinds import selected
from codeanatomy.semantic import optimize as o
from codeanatomy.semantic.compile import Union

SOURCE = """\
from functools import partial


class Base:
    def run(self, *args):
        return [x for x in args]


class Child(Base):
    def run(self, *args):
        try:
            return super().run(*args)
        finally:
            print(self)


go = partial(Child().run, 1)
go()
"""


def left_out(layers: tuple[str, ...] = ()) -> dict[str, set[str]]:
    compiled = compile_graph(evidence_schemas(), asked=Asked(selected(layers)))
    return {rule: set(views) for rule, views in compiled.left_out.items()}


def test_kinds_that_were_not_asked_for_are_dropped_first() -> None:
    assert not left_out()["drop_unselected"]
    dropped = left_out(("syntax",))["drop_unselected"]
    assert {"rel_call", "rel_cfg", "variable_norm"} <= dropped
    assert not dropped & {"rel_argument", "definition_norm", "edges"}


def test_views_over_tables_that_nobody_fills_are_dropped_with_what_reads_them() -> None:
    dropped = left_out()["drop_unfed"]
    assert {"typed", "rel_typed_call", "scip_place", "scip_meaning", "rel_scip_name"} <= dropped


def test_where_nobody_else_gives_a_kind_nothing_is_fused_and_nothing_disputed() -> None:
    compiled = compile_graph(evidence_schemas())
    assert "fused_call" in compiled.left_out["fuse_only_several"]
    views = {v.name: v for v in compiled.views}
    assert "rel_call" in views["edges"].inputs
    assert views["conflicts"].inputs == ()
    asked = Asked(witnesses={"types": ""})
    with_types = {v.name: v for v in compile_graph(evidence_schemas(), asked=asked).views}
    assert with_types["fused_call"].inputs == ("rel_call", "rel_typed_call")
    assert with_types["fused_call"].made_of.fused
    assert "fused_call" in with_types["conflicts"].inputs
    assert "fused_ref" not in with_types


def test_only_what_an_output_reads_is_kept() -> None:
    compiled = compile_graph(evidence_schemas(), asked=Asked(selected(("CALL",))))
    read = {i for v in compiled.views for i in v.inputs}
    assert {v.name for v in compiled.views if not isinstance(v.made_of, Union)} <= read | {
        v.name for v in compiled.views if v.kind == "project"
    }
    assert "filled" in compiled.left_out["prune_unread"]


@pytest.mark.parametrize("rule", [o.fuse_only_several, o.prune_unread])
def test_no_row_depends_on_a_rule(
    rule: o.Rule, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop.py").write_text(SOURCE)
    found = []
    for rules in (o.RULES, tuple(r for r in o.RULES if r is not rule)):
        monkeypatch.setattr(o, "RULES", rules)
        out = tmp_path / f"out{len(rules)}"
        codeanatomy.build(tmp_path, out=out, workers=1, include=["*.py"])
        with codeanatomy.open_graph(out) as graph:
            asked = "SELECT *, round(score, 5) AS about FROM cpg_edges ORDER BY edge_id"
            found.append((graph.nodes, graph.sql(asked).drop_columns(["score"])))
    assert found[0][0].equals(found[1][0])
    assert found[0][1].equals(found[1][1])
    assert found[0][1].num_rows > 200
