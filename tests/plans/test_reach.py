"""Laws of reach paths."""

from codeanatomy.plans.reach import ALL, Col, Hop, Or, best, either, hop, hops, show

KEY, FILE = Col(("k",)), Col(("f",))


def test_passing_on_the_key_itself_reads_no_rows() -> None:
    assert hop(KEY, 3, ("m",), Col(("m",))) == KEY
    assert hop(Col(("f", "k")), 3, ("g", "m"), Col(("g",))) == FILE


def test_all_swallows_every_step() -> None:
    assert hop(ALL, 0, ("k",), FILE) == hop(KEY, 0, ("k",), ALL) == ALL
    assert either([KEY, ALL]) == either([]) == best([]) == ALL


def test_either_keeps_each_path_once() -> None:
    assert either([KEY, KEY]) == KEY
    assert either([KEY, FILE, KEY]) == Or((KEY, FILE))


def test_best_takes_the_fewest_hops() -> None:
    step = hop(KEY, 1, ("k",), FILE)
    assert best([ALL, step]) == step
    assert best([step, KEY]) == KEY
    long = step
    for _ in range(20):
        long = hop(long, 1, ("f",), KEY)
    assert best([ALL, long]) == long


def test_a_path_is_shown_and_taken_apart() -> None:
    path = Or((KEY, hop(hop(KEY, 0, ("k",), Col(("m",))), 1, ("m",), FILE)))
    assert show(path, ["a", "b"]) == "k | k -> a#0[k] -> m -> b#1[m] -> f"
    assert [(h.leaf, h.keys) for h in hops(path)] == [(0, ("k",)), (1, ("m",))]
    assert isinstance(path.paths[1], Hop)
