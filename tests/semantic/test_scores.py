"""What an edge's score means: the SQL that fuses what several witnesses say, run on random rows."""

import math
from collections import defaultdict

import pytest
from datafusion import SessionContext
from hypothesis import given, settings
from hypothesis import strategies as st

from codeanatomy.cpg.model import model
from codeanatomy.engine.session import register
from codeanatomy.facts.schema import schema_from_struct, table_of
from codeanatomy.facts.tables.graph import Edge
from codeanatomy.facts.tables.views import FusedEdge
from codeanatomy.plans.facts import planning_session
from codeanatomy.semantic.compile import Union, ViewNode
from codeanatomy.semantic.emit import emit
from codeanatomy.semantic.infer import Inferred

WITNESSES = ("a", "b", "c")
Said = tuple[str, int, int, float, float]  # witness, site, target, trust, confidence


def fused(said: list[Said]) -> list[dict[str, object]]:
    """The fused edges of one table per witness."""
    ctx = SessionContext()
    views = []
    for witness in WITNESSES:
        rows = [
            ("K", s, d, 0, 1, s, witness, "certain" if c == 1 else "possible", c, trust * c, w)
            for w, s, d, trust, c in said
            if w == witness
        ]
        register(ctx, witness, table_of(Edge, rows))
        views.append(ViewNode(witness, Union(Edge), ()))
    schemas = {name: schema_from_struct(Edge) for name in WITNESSES}
    views.append(ViewNode("all", Union(FusedEdge, fused=True), WITNESSES))
    text = emit(views[-1], Inferred(tuple(views), schemas, {}, planning_session({})))
    return ctx.sql(f"{text} ORDER BY src, dst").to_arrow_table().to_pylist()


@st.composite
def saying(draw: st.DrawFn) -> list[Said]:
    """Every witness says each (site, target) at most once."""
    shares = st.integers(1, 999).map(lambda n: n / 1000)
    keys = draw(
        st.sets(
            st.tuples(st.sampled_from(WITNESSES), st.integers(1, 3), st.integers(1, 3)), min_size=1
        )
    )
    return [(*key, draw(shares), draw(shares | st.just(1.0))) for key in sorted(keys)]


@settings(max_examples=40, deadline=None)
@given(saying())
def test_a_score_is_what_no_doubt_is_left_of(said: list[Said]) -> None:
    doubts: dict[tuple[int, int], float] = defaultdict(lambda: 1.0)
    words: dict[tuple[int, int], set[str]] = defaultdict(set)
    for witness, site, target, trust, confidence in said:
        doubts[site, target] *= 1 - trust * confidence
        words[site, target].add(witness)
    found = fused(said)
    assert {(e["src"], e["dst"]) for e in found} == set(doubts)
    for edge in found:
        key = edge["src"], edge["dst"]
        same_site = {k: w for k, w in words.items() if k[0] == key[0]}
        alone = all(len(w) == 1 for w in same_site.values())
        disputed = alone and len({min(w) for w in same_site.values()}) > 1
        assert edge["disputed"] == disputed
        expected = (1 - doubts[key]) / (2 if disputed else 1)
        assert math.isclose(edge["score"], expected, abs_tol=2e-6)
        assert 0 <= edge["score"] <= 1
        assert set(edge["evidence"].split("+")) == words[key]


@pytest.mark.parametrize("more", [0.1, 0.5, 0.9])
def test_who_agrees_raises_a_score_and_who_is_surer_raises_it_more(more: float) -> None:
    one = ("a", 1, 1, 0.9, 0.5)
    [alone] = fused([one])
    [both] = fused([one, ("b", 1, 1, 0.5, more)])
    [surer] = fused([one, ("b", 1, 1, 0.5, more + 0.05)])
    assert alone["score"] < both["score"] < surer["score"] < 1


def test_a_dispute_halves_what_both_say_and_an_agreement_ends_it() -> None:
    dispute = [("a", 1, 1, 0.9, 1.0), ("b", 1, 2, 0.8, 1.0)]
    assert [e["score"] for e in fused(dispute)] == pytest.approx([0.45, 0.4])
    agreed = fused([*dispute, ("c", 1, 2, 0.5, 1.0)])
    assert [e["score"] for e in agreed] == pytest.approx([0.9, 0.9])
    assert not any(e["disputed"] for e in agreed)


def test_every_relation_says_how_far_it_is_trusted_and_none_is_beyond_doubt() -> None:
    assert all(0.5 < relation.trust < 1 for relation in model().relations.values())
