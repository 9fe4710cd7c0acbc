"""Which places are not sure, and why? Marks travel along copies, loads and calls."""

import numpy as np

from codeanatomy.facts import constraints as c
from codeanatomy.facts.ids import distinct
from codeanatomy.resolve import points as p
from codeanatomy.resolve.fixpoint import Fixpoint
from codeanatomy.resolve.pairs import LOW, SHIFT, Ints, expand, pair
from codeanatomy.resolve.points import Counts, among

# calls whose effect no rule can see
DYNAMIC_CALLS = (
    *("builtins.getattr", "builtins.eval", "builtins.exec", "builtins.__import__"),
    *("builtins.globals", "builtins.locals", "builtins.vars", "importlib.import_module"),
)
NOT_UNKNOWN = (1 << c.OVERRIDDEN) | (1 << c.UNKNOWN_DECORATOR) | (1 << c.WIDE) | (1 << c.TRUNCATED)


def spread(f: Fixpoint) -> None:
    """Completes `points.marks`: every place gets the marks of all that its value came from."""
    points, world = f.points, f.world
    load, call, special = world.rows["load"], f.tables["call"].all, f.tables["special"].all
    points.mark(_parameters(f), c.PARAMETER)
    _mark_results(f, call)
    edges = np.concatenate(
        (
            points.edges.all(),
            pair(load[:, 0], load[:, 2]),
            pair(call[:, 0], call[:, 2]),
            pair(special[:, 0], special[:, 3]),
            pair(*f.tables["bound_copy"].all[:, :2].T),
        )
    )
    edges = np.sort(edges, kind="stable")  # fast on the sorted runs
    starts = np.searchsorted(edges, np.arange(points.places + 1) << SHIFT)
    targets = edges & LOW
    _flow(points.marks, starts, targets, np.flatnonzero(points.marks[: points.places]))
    while True:
        changed = np.concatenate((_open_attributes(f), _missing(f, load)))
        if not changed.size:
            return
        _flow(points.marks, starts, targets, changed)


def _flow(marks: Counts, starts: Ints, targets: Ints, frontier: Ints) -> None:
    while frontier.size:
        at, of = expand(starts[frontier], starts[frontier + 1])
        if not at.size:
            return
        reached, bits = targets[at], marks[frontier[of]]
        news = (bits & ~marks[reached]) != 0
        reached, bits = reached[news], bits[news]
        np.bitwise_or.at(marks, reached, bits)
        frontier = distinct(reached)
        frontier = frontier[frontier > 0]


def _parameters(f: Fixpoint) -> Ints:
    """Places of parameters that callers outside the repository may fill."""
    rows = f.world.rows
    places, (declared, said) = rows["param"][:, 3], rows["declared"][:, :2].T
    known = np.append(declared[f.points.count[said] > 0], np.array(f.receivers, np.int64))
    return places[~np.isin(places, known)]


def _mark_results(f: Fixpoint, call: Ints) -> None:
    """Results of calls whose effect no rule follows."""
    points = f.points
    supers = f.world.rows["super"][:, 2]
    rows = call[~f.decorates(call[:, 1]) & ~np.isin(call[:, 2], supers)]
    which, objects = points.answers(rows[:, 0])
    results, kinds = rows[which, 2], points.kind[objects]
    outside = kinds == p.EXTERNAL
    called = np.unique(objects[outside]).tolist()
    dynamic = [x for x in called if f.modules.dotted(x) in DYNAMIC_CALLS]
    points.mark(results[np.isin(objects, dynamic)], c.DYNAMIC)
    unknown = np.array(sorted(f.unknown_results), np.int64)
    decorators = f.is_decorator.take(unknown, mode="clip")  # what they give back is known
    points.mark(unknown[~decorators], c.EXTERNAL_CALL)
    points.mark(results[among(kinds, p.VALUES)], c.NOT_CALLABLE)


def _open_attributes(f: Fixpoint) -> Ints:
    """Instance attributes whose name is also stored through a value that is not known."""
    points, store = f.points, f.world.rows["store"]
    bases = store[:, 0]
    unknown = (points.marks[bases] & ~NOT_UNKNOWN) != 0
    stored = map(f.lookup.storing.get, np.unique(store[unknown, 1]).tolist())
    fields = np.array([place for found in stored for _, place, _ in found or ()], np.int64)
    places: Ints = fields[(points.marks[fields] & (1 << c.OPEN_ATTRIBUTE)) == 0]
    points.mark(places, c.OPEN_ATTRIBUTE)
    return places


def _missing(f: Fixpoint, load: Ints) -> Ints:
    """Results of loads that found nothing although their base holds something."""
    points = f.points
    base, result = load[:, 0], load[:, 2]
    chosen = (points.count[base] > 0) & (points.count[result] == 0) & (points.marks[result] == 0)
    places: Ints = np.unique(result[chosen])
    points.mark(places, c.NO_ATTRIBUTE)
    return places
