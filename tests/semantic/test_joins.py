"""Keys and strategies follow from semantic types, never from names."""

import pyarrow as pa
import pytest

from codeanatomy.facts import types as t
from codeanatomy.facts.errors import DeclarationError
from codeanatomy.facts.schema import annotate
from codeanatomy.facts.tables.all import SCHEMAS
from codeanatomy.semantic.infer import infer_join


def table(**columns: t.SemanticType) -> pa.Schema:
    """A schema whose columns have these meanings."""
    return pa.schema([annotate(pa.field(n, pa.int64()), m) for n, m in columns.items()])


def keys(left: pa.Schema, right: pa.Schema, on: t.SemanticType | None = None) -> object:
    """(strategy, pairs) of the inferred join."""
    chosen = infer_join({"l": left, "r": right}, "l", "r", on).chosen
    return chosen.strategy, [(k.left, k.right) for k in chosen.keys]


def test_reference_joins_the_key_of_its_group_within_the_same_file() -> None:
    left = table(where=t.FILE, points=t.VALUE)
    right = table(home=t.FILE, thing=t.NODE)
    assert keys(left, right) == ("foreign key", [("where", "home"), ("points", "thing")])


def test_reference_into_another_file_pairs_that_file() -> None:
    left = table(own=t.FILE, other=t.FILE_REF, goal=t.TARGET)
    right = table(home=t.FILE, thing=t.NODE)
    assert keys(left, right) == ("foreign key", [("other", "home"), ("goal", "thing")])


def test_two_references_of_one_type_are_ambiguous_until_one_is_required() -> None:
    left = table(f=t.FILE, a=t.VALUE, b=t.RECEIVER)
    right = table(f=t.FILE, n=t.NODE)
    with pytest.raises(DeclarationError, match="say which with `on`"):
        infer_join({"l": left, "r": right}, "l", "r")
    assert keys(left, right, on=t.RECEIVER) == ("foreign key", [("f", "f"), ("b", "n")])


def test_node_keys_without_their_file_do_not_join() -> None:
    with pytest.raises(DeclarationError, match="no columns of one group"):
        infer_join({"l": table(a=t.VALUE), "r": table(b=t.NODE)}, "l", "r")


def test_equal_spans_join_when_nothing_better_is_there() -> None:
    left = table(f=t.FILE, s=t.BSTART, e=t.BEND)
    right = table(g=t.FILE, b=t.BSTART, z=t.BEND)
    assert keys(left, right) == ("exact span", [("f", "g"), ("s", "b"), ("e", "z")])


def test_refused_ways_are_kept_with_their_confidence() -> None:
    decision = infer_join(SCHEMAS, "base", "target", t.VALUE)
    assert decision.chosen.strategy == "foreign key"
    assert all(c.confidence < decision.chosen.confidence for c in decision.refused)


@pytest.mark.parametrize("rename", ["x", "file", "node"])
def test_renaming_a_column_changes_nothing_but_the_name(rename: str) -> None:
    left, right = table(a=t.FILE, b=t.VALUE), table(c=t.FILE, d=t.NODE)
    renamed = table(**{rename: t.FILE}, b2=t.VALUE)
    strategy, pairs = keys(left, right)
    assert keys(renamed, right) == (strategy, [(rename, "c"), ("b2", "d")])
    assert pairs == [("a", "c"), ("b", "d")]
