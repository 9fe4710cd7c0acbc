"""Joins by spans: the ways follow from the types, the row that is taken from the spans."""

from typing import Annotated

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeanatomy.engine.serialised import frame_of, serialised
from codeanatomy.engine.session import register, session
from codeanatomy.facts import types as t
from codeanatomy.facts.errors import DeclarationError
from codeanatomy.facts.ids import node_id
from codeanatomy.facts.schema import schema_from_struct, table_of
from codeanatomy.plans.facts import plan_facts, planning_session
from codeanatomy.semantic.compile import ViewNode
from codeanatomy.semantic.declare import CONTAINMENT, EXACT_SPAN, OVERLAP, Relation
from codeanatomy.semantic.emit import emit
from codeanatomy.semantic.infer import Inferred, infer, infer_join


class Mark(msgspec.Struct, frozen=True):
    """A stretch of a file's text."""

    file: Annotated[int, t.FILE]
    mark: Annotated[int, t.NODE]
    start: Annotated[int, t.BSTART]
    end: Annotated[int, t.BEND]


class Thing(msgspec.Struct, frozen=True):
    """Something in a file."""

    file: Annotated[int, t.FILE]
    thing: Annotated[int, t.VALUE]
    start: Annotated[int, t.BSTART]
    end: Annotated[int, t.BEND]


SCHEMAS = {"mark": schema_from_struct(Mark), "thing": schema_from_struct(Thing)}
Span = tuple[int, int, int]  # file, start, end


def relation(by: str) -> Relation:
    return Relation(
        name="r",
        kind="K",
        left=("mark",),
        right="thing",
        by=by,
        src=t.NODE,
        dst=t.VALUE,
        origin="x",
    )


def inferred(by: str) -> Inferred:
    return infer((ViewNode("r", relation(by), ("mark", "thing")),), SCHEMAS)


def joined(by: str, marks: list[Span], things: list[Span]) -> set[tuple[int, int]]:
    """(mark, thing) by their numbers, which their ids are made of."""
    known = inferred(by)
    frame = known.session.sql(emit(known.views[0], known))
    ctx = session({})
    for name, struct, spans in (("mark", Mark, marks), ("thing", Thing, things)):
        rows = [(file << 44, n, start, end) for n, (file, start, end) in enumerate(spans, 1)]
        register(ctx, name, table_of(struct, rows))
    edges = frame_of(serialised(frame, known.session), ctx).to_pylist()
    ids = [
        {int(node_id(file << 44, n)): n for n, (file, *_) in enumerate(spans, 1)}
        for spans in (marks, things)
    ]
    return {(ids[0][e["src"]], ids[1][e["dst"]]) for e in edges}


def test_three_ways_follow_from_the_types_and_equal_spans_are_the_surest() -> None:
    decision = infer_join(SCHEMAS, "mark", "thing", by=OVERLAP)
    assert decision.chosen.strategy == OVERLAP
    assert [c.strategy for c in decision.refused if c.strategy != "referenced by"] == [
        EXACT_SPAN,
        CONTAINMENT,
        "same file",
    ]
    with pytest.raises(DeclarationError, match="nothing joins mark with thing by symbol"):
        infer_join(SCHEMAS, "mark", "thing", by="symbol")


def test_such_a_join_stays_within_a_file() -> None:
    for by in (CONTAINMENT, OVERLAP):
        known = inferred(by)
        frame = planning_session(SCHEMAS).sql(emit(known.views[0], known))
        grain = plan_facts(frame, known.schemas).grain
        assert grain.kind == "local", grain


span = st.tuples(st.integers(1, 2), st.integers(0, 9), st.integers(0, 5)).map(
    lambda s: (s[0], s[1], s[1] + s[2])
)


@settings(max_examples=60, deadline=None)
@given(st.lists(span, min_size=1, max_size=4), st.lists(span, min_size=1, max_size=8))
def test_the_narrowest_that_holds_it_and_the_one_that_shares_most(
    marks: list[Span], things: list[Span]
) -> None:
    for by in (CONTAINMENT, OVERLAP):
        wanted = set()
        for m, (file, start, end) in enumerate(marks, 1):
            fits = [
                (-(min(end, e) - max(start, s)), e - s, n)
                for n, (f, s, e) in enumerate(things, 1)
                if f == file
                and (s <= start and end <= e if by == CONTAINMENT else s < end and start < e)
            ]
            if fits:
                wanted.add((m, min(fits)[2]))
        assert joined(by, marks, things) == wanted
