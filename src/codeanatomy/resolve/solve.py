"""Front door of the solver: constraint rows of all files in, targets of all sites out."""

import numpy as np
import pyarrow as pa

from codeanatomy.facts import constraints as c
from codeanatomy.resolve.answers import answers, mark
from codeanatomy.resolve.fixpoint import Fixpoint
from codeanatomy.resolve.pairs import SHIFT, Ints
from codeanatomy.resolve.points import CLASS, EXTERNAL, among
from codeanatomy.resolve.rules import CHAINS, RULES

BITS = {name: 1 << number for number, name in enumerate(RULES)}  # of `Points.interest`
MAX_ROUNDS = 500  # an upper bound that no real input comes near; every rule's growth is finite


def solve(
    constraints: dict[str, pa.Table], files: pa.Table
) -> tuple[dict[str, pa.Table], dict[str, int]]:
    """What every site of the repository may mean: the tables `target`, `external`, `unanswered`;
    and their effort (wide: places that hold too much to tell). `constraints`: the four tables with
    `file_id`, rows file by file in the order of `files` (sorted by path)."""
    f = Fixpoint(constraints, files)
    rounds = run(f)
    wide = int(np.count_nonzero(f.points.marks & (1 << c.WIDE)))
    mark(f)
    return answers(f), {"rounds": rounds, "places": f.points.places, "wide": wide}


def run(f: Fixpoint) -> int:
    """Applies the rules until nothing moves; returns the number of rounds.

    Copies first and alone, then one pass over all rules, each with everything that is new to it;
    of some rules what they bring is copied on, and met by them, at once: chains of attributes and
    operators take one round. When nothing moves, one stage decides what only
    an empty answer can decide, and the rules go on.
    """
    stages = iter((_pass_classes, _order, _last))
    rounds = 0
    # new pairs that the rule has not met; a row that arrives later meets all pairs anyway
    unseen: dict[str, list[Ints]] = {name: [] for name in RULES}

    def close() -> None:
        delta = f.points.close()
        interest = f.points.interest[delta >> SHIFT]
        for name, bit in BITS.items():
            mine = delta[interest & bit != 0]
            if mine.size:
                unseen[name].append(mine)

    while rounds < MAX_ROUNDS:
        close()
        settled = f.lookup.settle()
        if settled:
            _release(f)
        if not (settled or any(unseen.values()) or any(f.tables.values())):
            stage = next(stages, None)
            if stage is None:
                break
            stage(f)
            continue
        rounds += 1
        for name in RULES:
            _meet(f, name, unseen)
            if name in CHAINS:
                close()
        while chained := [x for x in CHAINS if unseen[x] or f.tables[x]]:
            for name in chained:
                _meet(f, name, unseen)
            close()
    return rounds


def _meet(f: Fixpoint, name: str, unseen: dict[str, list[Ints]]) -> None:
    """Runs a rule: its old rows meet the new pairs of their places, its new rows all pairs."""
    rule, table = RULES[name], f.tables[name]
    delta, unseen[name] = unseen[name], []
    if delta:
        old, objects = table.matching(np.sort(np.concatenate(delta), kind="stable"))
        if len(old):
            rule(f, old, objects)
    new = table.arrived()
    if len(new):
        f.points.interest[new[:, 0]] |= BITS[name]
        which, objects = f.points.pairs.join(new[:, 0])
        if which.size:
            rule(f, new[which], objects)


def _release(f: Fixpoint) -> None:
    """Runs the rules again for what waited for a class's order."""
    waiting, f.waiting = f.waiting, []
    for name, rows in waiting:
        RULES[name](f, rows[:, :-1], rows[:, -1])


def _order(f: Fixpoint) -> None:
    """All classes get an order, without bases that nothing feeds. Methods are called by somebody:
    their first parameter gets an instance of their class."""
    f.lookup.settle(force=True)
    f.lookup.close()
    _release(f)
    f.seed()


def _pass_classes(f: Fixpoint) -> None:
    """A class decorator that is not known to give a class is taken to give back its class, before
    classes that inherit from it would go without."""
    points, decorated = f.points, f.decorated
    calls = np.flatnonzero(decorated[:, 0])
    which, objects = points.pairs.join(decorated[calls, 0])
    of_class = np.unique(calls[which[points.kind[objects] == CLASS]])
    which, objects = points.pairs.join(decorated[of_class, 1])
    gives = of_class[which[among(points.kind[objects], (CLASS, EXTERNAL))]]
    _pass(f, np.setdiff1d(of_class, gives))


def _last(f: Fixpoint) -> None:
    """What still nothing is known of: attributes of bases, keys, results of decorators."""
    if f.lookup.settle(force=True):  # classes that type() made meanwhile
        _release(f)
    for place, child in f.lookup.inherited:  # what nothing was stored as
        if child and not f.points.count[place]:
            f.points.hold(place, child)
    # a key that nothing is known of may be any
    rows = f.world.rows["keyed"][:, :4]
    rows = rows[f.points.count[rows[:, 1]] == 0]
    rows[:, 1] = any_ = f.points.place()
    f.points.hold(any_, f.modules.literal("str"))
    f.tables["keyed"].add(rows[rows[:, 3] == c.GET_ATTRIBUTE])
    rows[:, 1] = f.elements.unknown
    f.tables["load"].add(rows[rows[:, 3] == c.GET, :3])
    f.tables["store"].add(rows[rows[:, 3] == c.PUT, :3])
    # overloads are what their name means where no definition follows them, as in stubs
    value, result = f.decorated[f.overloads].T
    which, names = f.points.edges.join(result)
    single = np.setdiff1d(np.arange(len(result)), which)  # the result is the name's own place
    which, names = np.append(which, single), np.append(names, result[single])
    bare = f.points.count[names] == 0
    f.points.copy_all(value[which[bare]], names[bare])
    # a decorator whose result is not known is taken to give back what it decorates
    value, result = f.decorated.T
    unknown = np.flatnonzero((value > 0) & (f.points.count[result] == 0))
    _pass(f, np.setdiff1d(unknown, f.overloads))


def _pass(f: Fixpoint, calls: Ints) -> None:
    """These decorators give back what they decorate, as far as is known."""
    value, result = f.decorated[calls].T
    f.points.copy_all(value, result)
    f.points.mark(result, c.UNKNOWN_DECORATOR)
