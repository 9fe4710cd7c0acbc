"""What may each site mean, and how surely? The tables of the answers, out of a finished solve.
Marks say why a place is not sure; they travel along copies, loads and calls.

Confidence: 1 where every step was forced (one target, no mark on the way); otherwise 0.9 divided by
the square root of the number of candidates, halved for a definition that only overrides in an
inheriting class, and halved again where values were dropped on the way.
"""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import chain

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from codeanatomy.facts import constraints as c
from codeanatomy.facts.ids import EXTERNAL_FILE, FIELD, distinct, expand, external_key, mix
from codeanatomy.facts.schema import schema_from_struct, table_of
from codeanatomy.facts.tables.resolution import (
    DroppedCandidate,
    External,
    Relative,
    Target,
    Unanswered,
)
from codeanatomy.resolve import meaning as m
from codeanatomy.resolve import points as p
from codeanatomy.resolve.fixpoint import Fixpoint
from codeanatomy.resolve.pairs import Flags, Ints, Pairs, pair
from codeanatomy.resolve.relatives import INSTANTIATES, WHATS, relatives
from codeanatomy.resolve.world import Symbol, World

POSSIBLE = 0.9
SEVERAL = "one of several"  # why a target is only possible where nothing is unknown
# calls whose effect no rule can see
DYNAMIC_CALLS = (
    *("builtins.getattr", "builtins.eval", "builtins.exec", "builtins.__import__"),
    *("builtins.globals", "builtins.locals", "builtins.vars", "importlib.import_module"),
)
NOT_UNKNOWN = (1 << c.OVERRIDDEN) | (1 << c.UNKNOWN_DECORATOR) | (1 << c.WIDE) | (1 << c.TRUNCATED)
Meanings = Callable[[int], m.Meant]


def answers(f: Fixpoint) -> dict[str, pa.Table]:
    """The tables by name; rows in the order of the sites, those of `external` by symbol."""
    meaning, world = m.Meaning(f), f.world
    f.points.settle()
    sites = len(world.site_what)
    first = np.arange(sites)  # site that asks the same: a name bound by two imports is one question
    names = np.flatnonzero(world.site_what == c.NAME_SITE)
    keys = mix(world.site_file[names], world.site_key[names])
    _, at, which = np.unique(keys, return_index=True, return_inverse=True)
    first[names] = names[at][which]
    lost = _candidates(f, meaning, f.points.dropped)
    found = np.concatenate((_candidates(f, meaning, f.points.pairs), _imported(f, meaning)), axis=1)
    unseen, site = np.divmod(found[0], max(sites, 1))
    found[0] = first[site] + unseen * sites
    related = relatives(f, meaning)
    files, keys, things, external = _resolved(f, [*meaning.number])
    thing = things[found[1]]
    # once per question and thing, in the order of the questions; the least doubtful way is kept
    order = np.argsort(pair(found[3], found[2]), kind="stable")
    order = order[np.unique(pair(found[0], thing)[order], return_index=True)[1]]
    # without what a node calls unseen and calls already
    site = found[0, order] % max(sites, 1)
    calls = np.flatnonzero((found[0, order] >= sites) | (world.site_what[site] == c.CALL_SITE))
    site = site[calls]
    _, node = np.unique(mix(world.site_file[site], world.site_key[site]), return_inverse=True)
    _, kept = np.unique(pair(node, thing[order[calls]]), return_index=True)
    order = np.delete(order, np.delete(calls, kept))
    question, symbol, rule, doubt = found[:, order]
    count = np.bincount(question[question < sites], minlength=sites)
    asked = (first == np.arange(sites)) & (world.site_what != c.IMPLICIT_SITE)
    left = np.flatnonzero((count == 0) & asked)
    what = world.site_what[left]
    return {
        "target": _targets(world, question, (files[symbol], keys[symbol]), rule, doubt),
        "dropped_candidate": _dropped(world, lost, (files, keys, things), (question, thing[order])),
        "external": external,
        "relative": _relatives(world, related, (files, keys, things)),
        "unanswered": _table(
            Unanswered,
            world.file_ids[world.site_file[left]],
            _node(world, left),
            _coded(np.where(what == c.STORED_SITE, c.ATTRIBUTE_SITE, what), c.SITES),
            _coded(world.site_name[left], world.texts),
            _coded(meaning.reasons(left), c.REASONS),
        ),
    }


def _candidates(f: Fixpoint, meaning: m.Meaning, pairs: Pairs) -> Ints:
    """Question, symbol, rule and doubt (marks of the way) of everything a site may mean by what its
    place holds (`pairs`): the question's number is the site's, and as many more as there are sites
    for what it calls unseen."""
    world, points = f.world, f.points
    what, parts = world.site_what, []
    called, inherited = (meaning.called, False), (meaning.inherited_init, True)
    attribute, accessed = (meaning.attribute, False), (meaning.accessed, True)
    stored = (partial(meaning.accessed, stored=True), True)
    callbacks = np.array([*f.callbacks], np.int64).reshape(-1, 2)
    # sites (None: those of the callbacks), whether their name counts, and for every object in a
    # site's place: what it means; true: what the site calls unseen
    for asked, named, meant in (
        (c.CALL_SITE, False, (called, inherited)),
        (c.BASE_SITE, False, ((meaning.base, False),)),
        (c.DECORATOR_SITE, False, ((meaning.value, False),)),
        (c.ATTRIBUTE_SITE, True, (attribute, accessed)),
        (c.STORED_SITE, True, (attribute, stored)),
        (c.IMPLICIT_SITE, True, ((meaning.implicit, True),)),
        (None, False, ((meaning.called, True),)),
    ):
        sites = callbacks[:, 0] if asked is None else np.flatnonzero(what == asked)
        places = callbacks[:, 1] if asked is None else world.site_place[sites]
        which, objects = pairs.join(places)
        asking = sites[which]
        keys = pair(objects, world.site_name[asking]) if named else objects
        numbered = np.unique(keys, return_inverse=True)
        doubt = points.marks[places[which]].astype(np.int64)
        for answer, unseen in meant:
            parts.append(_expanded(asking + unseen * len(what), numbered, doubt, answer))
    return np.concatenate(parts, axis=1)


def _imported(f: Fixpoint, meaning: m.Meaning) -> Ints:
    """The same of imports and of names that no scope binds: by the name, not by what it holds."""
    sites = np.flatnonzero(np.isin(f.world.site_what, (c.NAME_SITE, c.IMPORT_SITE)))
    numbered = np.unique(f.world.site_place[sites], return_inverse=True)
    return _expanded(sites, numbered, np.zeros(len(sites), np.int64), meaning.imported)


def _expanded(sites: Ints, keys: tuple[Ints, Ints], doubt: Ints, meant: Meanings) -> Ints:
    """Every site with every meaning of its key. `keys`: the distinct ones, each of which `meant` is
    asked once, and for each site the place of its key among them."""
    asked, inverse = keys
    flat: m.Meant = []
    ends = [0]
    for key in asked.tolist():  # keeping every list would take half as long again
        flat += meant(key)
        ends.append(len(flat))
    bounds = np.array(ends, np.int64)
    at, of = expand(bounds[inverse], bounds[inverse + 1])
    table = np.fromiter(chain.from_iterable(flat), np.int64)
    symbol, rule, why = table.reshape(-1, 3)[at].T
    return np.stack((sites[of], symbol, rule, doubt[of] | why))


def _node(world: World, sites: Ints) -> Ints:
    """Node keys of what the sites ask for: of an attribute access, its field."""
    keys = world.site_key[sites]
    field = np.isin(world.site_what[sites], (c.ATTRIBUTE_SITE, c.STORED_SITE))
    keys[field] = mix(keys[field], FIELD)
    return keys


def _targets(
    world: World, question: Ints, target: tuple[Ints, Ints], rule: Ints, doubt: Ints
) -> pa.Table:
    candidates = np.bincount(question, minlength=1)[question]
    unseen, site = np.divmod(question, max(len(world.site_what), 1))
    what = np.where(unseen, c.IMPLICIT_SITE, world.site_what[site])
    what[what == c.STORED_SITE] = c.ATTRIBUTE_SITE
    node = np.where(unseen, world.site_key[site], _node(world, site))
    certain = (candidates == 1) & (doubt == 0)
    taken, rule = np.divmod(rule, m.TAKEN)
    halved = (rule == m.OVERRIDE) | (rule == m.UNDECLARED)
    dropped = (doubt & ((1 << c.WIDE) | (1 << c.TRUNCATED))) != 0
    confidence = POSSIBLE / np.sqrt(candidates) / (1 + halved) / (1 + dropped)
    lowest = np.log2(np.maximum(doubt & -doubt, 1)).astype(np.int64)
    why = np.where(doubt == 0, len(c.REASONS) + certain, lowest)
    certainty, confidence = _sureness(certain, confidence)
    return _table(
        Target,
        world.file_ids[world.site_file[site]],
        node,
        _coded(what, c.SITES),
        *target,
        _coded(np.where(unseen, m.IMPLICIT, rule), m.WAYS),
        certainty,
        _coded(why, (*c.REASONS, SEVERAL, "")),
        confidence,
        candidates,
        np.where(taken < m.UNTOLD, taken, -1),
    )


def _dropped(
    world: World, lost: Ints, symbols: tuple[Ints, Ints, Ints], answered: tuple[Ints, Ints]
) -> pa.Table:
    """What sites' places had no room for, each once, and not what the site means all the same."""
    files, keys, things = symbols
    answer = pair(lost[0], things[lost[1]])
    kept = np.unique(answer, return_index=True)[1]
    same = np.isin(answered[0], lost[0])
    kept = kept[~np.isin(answer[kept], pair(answered[0][same], answered[1][same]))]
    question, symbol, _, doubt = lost[:, kept]
    unseen, site = np.divmod(question, max(len(world.site_what), 1))
    wide = doubt & (1 << c.WIDE) > 0
    return _table(
        DroppedCandidate,
        world.file_ids[world.site_file[site]],
        np.where(unseen, world.site_key[site], _node(world, site)),
        files[symbol],
        keys[symbol],
        _coded(np.where(wide, c.WIDE, c.TRUNCATED), c.REASONS),
    )


def _relatives(world: World, rows: Ints, symbols: tuple[Ints, Ints, Ints]) -> pa.Table:
    """Each relative once, by node; in doubt where one way to it is, or it is one of several."""
    file, key, what, symbol, position, doubt = rows
    files, keys, things = symbols
    _, node = np.unique(mix(world.file_ids[file], key), return_inverse=True)
    question = node * len(WHATS) + what
    answer = pair(question, things[symbol])
    order = np.argsort(answer, kind="stable")
    kept = np.flatnonzero(np.diff(answer[order], prepend=-1))
    doubt = np.maximum.reduceat(doubt[order], kept) if len(kept) else doubt
    order = order[kept]
    several = np.bincount(question[order], minlength=1)[question[order]]
    candidates = np.where(what[order] < INSTANTIATES, 1, several)
    certain = (doubt == 0) & (candidates == 1)
    return _table(
        Relative,
        world.file_ids[file[order]],
        key[order],
        _coded(what[order], WHATS),
        files[symbol[order]],
        keys[symbol[order]],
        position[order],
        *_sureness(certain, POSSIBLE / np.sqrt(candidates)),
    )


def _resolved(f: Fixpoint, symbols: list[Symbol]) -> tuple[Ints, Ints, Ints, pa.Table]:
    """File id and node key of each symbol, a number equal for equal things (two ways may lead
    to one external name), and the table of the external ones."""
    world, points = f.world, f.points
    objects, names = np.array(symbols, np.int64).reshape(-1, 2).T
    files = np.full(len(objects), EXTERNAL_FILE, np.int64)
    keys = np.empty(len(objects), np.int64)
    inside = points.kind[objects] != p.EXTERNAL
    files[inside] = world.file_ids[world.object_file[objects[inside]]]
    keys[inside] = world.keys[objects[inside]]
    local = inside & (names > 0)
    keys[local] = world.variables(objects[local], names[local])
    dotted = [f.modules.dotted(x) for x in objects[~inside].tolist()]
    outside = {x: external_key(x) for x in dotted}
    keys[~inside] = [outside[x] for x in dotted]
    rows = ((EXTERNAL_FILE, outside[x], x, x.rpartition(".")[2]) for x in sorted(outside))
    _, things = np.unique(mix(files, keys), return_inverse=True)
    return files, keys, things, table_of(External, rows)


def _sureness(certain: Flags, otherwise: npt.NDArray[np.float64]) -> tuple[pa.Array, object]:
    """The columns `certainty` and `confidence`."""
    certainty = _coded(np.where(certain, 0, 1), ("certain", "possible"))
    return certainty, np.where(certain, 1.0, np.round(otherwise, 3))


def _coded(codes: Ints, values: Iterable[str]) -> pa.Array:
    """Codes of distinct values as a dictionary array that holds just the values in use, sorted."""
    texts = list(values)
    used = sorted(np.flatnonzero(np.bincount(codes)).tolist(), key=texts.__getitem__)
    position = np.empty(len(texts), np.int32)
    position[used] = np.arange(len(used))
    found = pa.array([texts[i] for i in used], pa.string())
    return pa.DictionaryArray.from_arrays(position[codes], found)


def _table(struct: type[msgspec.Struct], *columns: object) -> pa.Table:
    return pa.Table.from_arrays([*columns], schema=schema_from_struct(struct))


def mark(f: Fixpoint) -> None:
    """Completes `points.marks`: every place gets the marks of all that its value came from."""
    points, rows = f.points, f.world.rows
    store = rows["store"]
    load, call, special = rows["load"], f.tables["call"].all, f.tables["special"].all
    # parameters that callers outside the repository may fill
    parameters, (declared, said) = rows["param"][:, 3], rows["declared"][:, :2].T
    known = np.append(declared[points.count[said] > 0], np.array(f.receivers, np.int64))
    points.mark(parameters[~np.isin(parameters, known)], c.PARAMETER)
    # results of calls whose effect no rule follows
    followed = call[~f.decorates(call[:, 1])]
    which, objects = points.pairs.join(followed[:, 0])
    results, kinds = followed[which, 2], points.kind[objects]
    called = np.unique(objects[kinds == p.EXTERNAL]).tolist()
    dynamic = [x for x in called if f.modules.dotted(x) in DYNAMIC_CALLS]
    points.mark(results[np.isin(objects, dynamic)], c.DYNAMIC)
    points.mark(results[p.among(kinds, p.VALUES)], c.NOT_CALLABLE)
    edges = np.concatenate(
        (
            points.edges.all(),
            pair(load[:, 0], load[:, 2]),
            pair(call[:, 0], call[:, 2]),
            pair(special[:, 0], special[:, 3]),
            pair(*f.tables["bound_copy"].all[:, :2].T),
        )
    )
    ways = Pairs()
    ways.add(np.sort(edges, kind="stable"))  # fast on the sorted runs
    changed = np.flatnonzero(points.marks[: points.places])
    while True:
        while changed.size:
            of, reached = ways.join(changed)
            bits = points.marks[changed[of]]
            news = (bits & ~points.marks[reached]) != 0
            reached, bits = reached[news], bits[news]
            np.bitwise_or.at(points.marks, reached, bits)
            changed = distinct(reached[reached > 0])
        # instance attributes whose name is also stored through a value that is not known
        unknown = (points.marks[store[:, 0]] & ~NOT_UNKNOWN) != 0
        found = map(f.lookup.storing.get, np.unique(store[unknown, 1]).tolist())
        fields = np.array([place for one in found for _, place, _ in one or ()], np.int64)
        stored = fields[(points.marks[fields] & (1 << c.OPEN_ATTRIBUTE)) == 0]
        points.mark(stored, c.OPEN_ATTRIBUTE)
        # loads that found nothing although their base holds something
        result = load[points.count[load[:, 0]] > 0, 2]
        missing = np.unique(result[(points.count[result] == 0) & (points.marks[result] == 0)])
        points.mark(missing, c.NO_ATTRIBUTE)
        changed = np.append(stored, missing)
        if not changed.size:
            return
