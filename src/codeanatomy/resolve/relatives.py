"""What are classes, methods, calls and values to each other? Orders of classes, what a method
overrides, which class a call makes an instance of, and of which class a value is."""

from collections.abc import Iterator

import numpy as np

from codeanatomy.facts import constraints as c
from codeanatomy.facts.constraints import EXPORT_ADD as ADDED
from codeanatomy.facts.ids import EXIT, PARAMETER, mix
from codeanatomy.resolve import points as p
from codeanatomy.resolve.fixpoint import Fixpoint
from codeanatomy.resolve.meaning import Meaning
from codeanatomy.resolve.pairs import Ints, mapped, pair
from codeanatomy.resolve.world import FILE

WHATS = ("mro", "overrides", "exports", "re_exports", "instantiates", "type")
MRO, OVERRIDES, EXPORTS, RE_EXPORTS, INSTANTIATES, TYPE = range(6)
_OF_CLASS = (*p.INSTANCES, *p.VALUES, p.CONTAINER)  # whose class is their first part


def relatives(f: Fixpoint, meaning: Meaning) -> Ints:
    """Columns: file, key, what, number of the symbol, position, doubt (0 or 1)."""
    places = np.concatenate((np.pad(_places(f), ((0, 1), (0, 0))), _members(f)), axis=1)
    typed = _types(f, meaning, places)
    return np.concatenate((_classes(f, meaning), _instances(f, meaning), typed), axis=1)


def _classes(f: Fixpoint, meaning: Meaning) -> Ints:
    """Orders of the classes that files define, the methods that theirs override, and what modules
    export."""
    world, lookup, defined = f.world, f.lookup, len(f.world.kinds)
    rows = [*_exports(f, meaning)]
    for class_ in sorted(x for x in lookup.order if x < defined):
        doubt = not lookup.doubtful.isdisjoint(lookup.order[class_])
        for at, above in enumerate(lookup.order[class_]):
            named = above < defined or f.points.kind_of[above] == p.EXTERNAL
            if at and named:
                rows.append((class_, MRO, meaning.number[above, 0], at, doubt))
    for key, function in world.definition.items():
        class_, name = key >> 32, key & 0xFFFFFFFF
        if world.kinds[max(function, 0)] == c.FUNCTION and class_ in lookup.order:
            first = lookup.first(class_, name, class_)
            outside = lookup.child(-first, name) if first < 0 else 0
            symbol = meaning.member(first, name) if first > 0 else (outside, 0)
            if symbol[0]:
                doubt = lookup.unsure(class_, first)
                rows.append((function, OVERRIDES, meaning.number[symbol], 0, doubt))
    subject, *told = np.array(rows, np.int64).reshape(-1, 5).T
    return np.stack((world.object_file[subject], world.keys[subject], *told))


def _exports(f: Fixpoint, meaning: Meaning) -> Iterator[tuple[int, int, int, int, bool]]:
    """What `from module import *` takes. Without `__all__`, a package is taken to give on what it
    imports from the repository's other files, and nothing else is."""
    world, modules = f.world, f.modules
    listed = [(m, x) for m, rows in modules.exports.items() for what, x in rows if what == ADDED]
    bound = [(x >> 32, x & 0xFFFFFFFF) for x in world.definition]
    for module, name in dict.fromkeys((*listed, *bound)):
        if module > len(world.modules) or not modules.exported(module, name):
            continue
        symbols, told = modules.symbols(module, name), module in modules.exports
        for symbol in symbols:
            kind = f.points.kind_of[symbol[0]]
            if kind == p.NAMESPACE:
                continue
            inside = kind != p.EXTERNAL
            own = inside and world.object_file[symbol[0]] == module - 1
            if own or told or (inside and world.packages[module - 1]):
                doubt = not (own or told) or len(symbols) > 1
                yield module, EXPORTS if own else RE_EXPORTS, meaning.number[symbol], 0, doubt


def _instances(f: Fixpoint, meaning: Meaning) -> Ints:
    """The classes that calls make instances of."""
    world, points = f.world, f.points
    sites = np.flatnonzero(world.site_what == c.CALL_SITE)
    places = world.site_place[sites]
    which, objects = points.pairs.join(places)

    def made(object_: int) -> int:
        of_files = points.kind_of[object_] in p.CLASSES
        class_ = f.lookup.class_of(object_) if of_files else object_
        called = of_files or points.kind_of[object_] == p.EXTERNAL
        return meaning.number[class_, 0] if called and _surely(f, class_) else -1

    symbol = mapped(made, objects)
    kept = symbol >= 0
    which, objects, symbol = which[kept], objects[kept], symbol[kept]
    doubt = (points.marks[places[which]] != 0) | (points.kind[objects] == p.CLS)
    at, none = sites[which], np.zeros(len(which), np.int64)
    place = world.site_file[at], world.site_key[at]
    return np.stack((*place, none + INSTANTIATES, symbol, none, doubt))


def _types(f: Fixpoint, meaning: Meaning, places: Ints) -> Ints:
    """The classes of what the places hold (file, node key, place, whether other places share in the
    value); in doubt where something there is of none, or is shared."""
    points = f.points
    file, key, place, shared = places
    which, objects = points.pairs.join(place)

    def class_of(object_: int) -> int:
        class_ = points.a_of[object_]
        return meaning.number[class_, 0] if _surely(f, class_) or class_ in guessed else -1

    typed = p.among(points.kind[objects], _OF_CLASS)
    classes = np.unique(points.a[objects[typed]])
    # what an import names and a call gives an instance of may be a class
    outside = [x for x in classes.tolist() if points.kind_of[x] == p.EXTERNAL]
    guessed = {x for x in outside if not (f.lookup.declared(x) or f.lookup.depth[x])}
    symbol = np.full(len(objects), -1, np.int64)
    symbol[typed] = mapped(class_of, objects[typed])
    kept = symbol >= 0
    of, guess = which[kept], np.isin(points.a[objects[kept]], [*guessed])
    untyped = np.bincount(which[~kept], minlength=len(place))[of] > 0
    doubt = (shared[of] > 0) | untyped | guess | (points.marks[place[of]] != 0)
    none = np.zeros(len(of), np.int64)
    return np.stack((file[of], key[of], none + TYPE, symbol[kept], none, doubt))


def _surely(f: Fixpoint, class_: int) -> bool:
    """Whether that is a class of the files, or declared to be one outside."""
    if f.points.kind_of[class_] == p.EXTERNAL:
        return f.lookup.declared(class_) == "class"
    return class_ < len(f.world.kinds)


def _places(f: Fixpoint) -> Ints:
    """File, node key and place of the results of calls, of parameters by their place in the
    signature, of what functions return, and of the variables of modules and classes."""
    world, rows = f.world, f.world.rows
    call = rows["call"][(rows["call"][:, 3] > 0) & (rows["call"][:, 2] > 0)]
    site = world.site_start[call[:, FILE]] + call[:, 3] - 1
    results = call[:, FILE], world.site_key[site], call[:, 2]
    # *args stand before, and **kwargs behind, what is keyword only
    turn = np.array([0, 3, 1, 2])[np.minimum(rows["param"][:, 1], 0)]
    function, _, _, place, file = rows["param"][np.lexsort((turn, rows["param"][:, 0]))].T
    at = np.arange(len(function)) - np.searchsorted(function, function)
    parameters = file, mix(mix(world.keys[function], PARAMETER), at), place
    functions = np.flatnonzero(f.result[: len(world.kinds)])
    keys = mix(world.keys[functions], EXIT)
    returned = world.object_file[functions], keys, f.result[functions]
    scope, name, place, _, file = rows["bind"].T
    variable = np.array([world.definition[x] == 0 for x in pair(scope, name).tolist()], bool)
    keys = world.variables(scope[variable], name[variable])
    variables = file[variable], keys, place[variable]
    return np.concatenate((results, parameters, returned, variables), axis=1)


def _members(f: Fixpoint) -> Ints:
    """The same of attributes that methods set on their instances, and whether related classes set
    them as well."""
    found, lookup = [], f.lookup
    for class_, name, *_ in f.world.rows["member"].tolist():
        instance = f.points.derived.get((p.INSTANCE, class_, 0), 0)
        others = (x for x, *_ in lookup.storing.get(name, ()) if x != class_)
        if place := lookup.fields.get(instance << 32 | name):
            shared = any(lookup.related(class_, x, cone=True) for x in others)
            found.append((class_, name, place, shared))
    classes, names, *told = np.array(found, np.int64).reshape(-1, 4).T
    return np.stack((f.world.object_file[classes], f.world.variables(classes, names), *told))
