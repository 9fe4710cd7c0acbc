"""What do builtin functions and the methods of containers do with the values they get?

Only effects on values are told here: that `map` calls its first argument, that `append` puts
something into its list. What is not told has no effect; its result comes from declarations.
"""

from collections.abc import Callable

import numpy as np

from codeanatomy.facts import constraints as c
from codeanatomy.resolve import points as p
from codeanatomy.resolve.container_calls import keyword, method, update
from codeanatomy.resolve.declared import declared, declared_types
from codeanatomy.resolve.fixpoint import Fixpoint
from codeanatomy.resolve.pairs import Ints, each, expand, pair
from codeanatomy.resolve.through import give_back
from codeanatomy.sources.stub_types import Type

CONTAINERS = ("list", "dict", "set", "frozenset", "tuple")
Effect = Callable[[Fixpoint, int, int, int], None]  # number of the call, result, site


def outside(f: Fixpoint, rows: Ints, externals: Ints) -> None:
    """The effects of calls of external things; what is not told gives what is declared."""
    shapes = f.arguments.shapes(rows[:, 1])
    keys, which = np.unique(pair(externals, shapes), return_inverse=True)
    given: list[tuple[int, ...]] = []  # objects that every call of that thing and shape gives
    single = np.zeros(len(keys), bool)  # calls whose effect is their own
    unknown = np.zeros(len(keys), bool)
    for i, key in enumerate(keys.tolist()):
        external, shape = key >> 32, key & 0xFFFFFFFF
        effect, dotted = _effect(f, external)
        objects: tuple[int, ...] = ()
        types: tuple[Type, ...] = ()
        if effect is None or dotted in TYPED:
            objects, types = declared_types(f, external, f.arguments.shape_of[shape])
            unknown[i] = not objects and not types
            if unknown[i] and not f.lookup.declared(external):  # an instance, if it is a class
                objects = (f.points.object(p.LITERAL, external),)
        given.append(objects)
        single[i] = bool(effect or types)
    sizes = np.array([len(x) for x in given], np.int64)
    flat = np.array([x for objects in given for x in objects], np.int64)
    ends = np.cumsum(sizes)[which]
    at, of = expand(ends - sizes[which], ends)
    f.points.hold_all(rows[of, 2], flat[at])
    f.unknown_results.update(rows[unknown[which], 2].tolist())
    for (_, number, result, _), external in each(rows[single[which]], externals[single[which]]):
        effect, dotted = _effect(f, external)
        if effect is not None and f.once("outside", external, number, result):
            effect(f, number, result, f.arguments.site(number))
        if effect is None or dotted in TYPED:
            declared(f, external, number, result)


def _effect(f: Fixpoint, external: int) -> tuple["Effect | None", str]:
    dotted = f.modules.dotted(external)
    return _new if dotted.endswith(".__new__") else EFFECTS.get(dotted), dotted


def inherited(f: Fixpoint, instance: int, external: int, number: int, result: int) -> None:
    """The effects of a builtin method of a container, a generator or of what inherits from one."""
    points, dotted = f.points, f.modules.dotted(external)
    parts = dotted.split(".")
    own = points.kind_of[instance] in (p.CONTAINER, p.GENERATOR)
    if own or (parts[1:2] and parts[1] in CONTAINERS):
        if not method(f, instance, parts[-1], number, result):
            declared(f, external, number, result, instance)
    elif dotted == "builtins.type.mro":
        held = _container(f, "list", result)
        points.hold(held, instance)
    else:
        declared(f, external, number, result)


# functions


def _container(f: Fixpoint, type_: str, result: int) -> int:
    """A new container in the result; the place of its elements."""
    made = f.container(type_, result)
    f.points.hold(result, made)
    return f.elements.place(made, f.elements.unknown)


def _positional(f: Fixpoint, number: int) -> list[int]:
    return [place for at, _, place in f.arguments.of(number) if at >= 0]


def _sequence(type_: str) -> Effect:
    """`list(x)`, `reversed(x)`, `chain(x, y)`: a container of their elements."""

    def effect(f: Fixpoint, number: int, result: int, site: int) -> None:
        held = _container(f, type_, result)
        for place in _positional(f, number):
            f.points.copy(f.element(place, site), held)

    return effect


def _map(f: Fixpoint, number: int, result: int, site: int) -> None:
    """Which argument is the function shows by itself: the call of an iterable has no effect."""
    given, held = _positional(f, number), _container(f, "list", result)
    for function in given:
        elements = [f.element(place, site) for place in given if place != function]
        f.call(function, held, *elements, site=site)


def _starmap(f: Fixpoint, number: int, result: int, site: int) -> None:
    function, iterable = f.arguments.at(number, 0), f.arguments.at(number, 1)
    rows = f.element(iterable, site)
    number = f.arguments.add([[c.STAR_ARGUMENT, 0, rows]], site)
    f.tables["call"].add_one(function, number, _container(f, "list", result), 0)
    f.callbacks[site, function] = None


def _filter(f: Fixpoint, number: int, result: int, site: int) -> None:
    function, iterable = f.arguments.at(number, 0), f.arguments.at(number, 1)
    element = f.element(iterable, site)
    f.points.copy(element, _container(f, "list", result))
    f.call(function, 0, element, site=site)


def _reduce(f: Fixpoint, number: int, result: int, site: int) -> None:
    function, iterable = f.arguments.at(number, 0), f.arguments.at(number, 1)
    element, start = f.element(iterable, site), f.arguments.at(number, 2)
    f.points.copy(element, result)
    f.points.copy(start, result)
    f.call(function, result, result, element, site=site)


def _ranked(f: Fixpoint, number: int, result: int, site: int) -> None:
    """`sorted`, `min`, `max`: elements, and a key function that is called with each."""
    given = _positional(f, number)
    elements = given if len(given) > 1 else [f.element(place, site) for place in given]
    key = keyword(f, number, "key")
    for element in elements:
        if key:
            f.call(key, 0, element, site=site)


def _sorted(f: Fixpoint, number: int, result: int, site: int) -> None:
    _ranked(f, number, result, site)
    held = _container(f, "list", result)
    for place in _positional(f, number):
        f.points.copy(f.element(place, site), held)


def _extreme(f: Fixpoint, number: int, result: int, site: int) -> None:
    _ranked(f, number, result, site)
    given = _positional(f, number)
    for place in given:
        f.points.copy(place if len(given) > 1 else f.element(place, site), result)


def _zip(f: Fixpoint, number: int, result: int, site: int) -> None:
    _tuples(f, result, [f.element(place, site) for place in _positional(f, number)])


def _enumerate(f: Fixpoint, number: int, result: int, site: int) -> None:
    _tuples(f, result, [0, *(f.element(place, site) for place in _positional(f, number)[:1])])


def _tuples(f: Fixpoint, result: int, parts: list[int]) -> None:
    """A container of tuples with these elements."""
    held = _container(f, "list", result)
    row = f.container("tuple", held)
    f.points.hold(held, row)
    for index, place in enumerate(parts):
        if place:
            f.points.copy(place, f.elements.place(row, f.world.name(c.item(index))))


def _dict(f: Fixpoint, number: int, result: int, site: int) -> None:
    made = f.container("dict", result)
    f.points.hold(result, made)
    update(f, made, number, 0)


def _default_dict(f: Fixpoint, number: int, result: int, site: int) -> None:
    held = _container(f, "dict", result)
    f.call(f.arguments.at(number, 0), held, site=site)


def _next(f: Fixpoint, number: int, result: int, site: int) -> None:
    _protocol("__next__")(f, number, result, site)
    f.points.copy(f.arguments.at(number, 1), result)


def _protocol(name: str) -> Effect:
    """A builtin that calls a special method of its first argument."""

    def effect(f: Fixpoint, number: int, result: int, site: int) -> None:
        if base := f.arguments.at(number, 0):
            f.special(base, name, 0 if name in _TYPED_NAMES else result, site)

    return effect


def _type(f: Fixpoint, number: int, result: int, site: int) -> None:
    """`type(x)`, or a new class: `type(name, bases, namespace)`."""
    given = _positional(f, number)
    if len(given) < 3:
        _wrapped(p.CLS)(f, number, result, site)
        return
    [made] = f.points.new_objects(p.CLASS, np.zeros(1, np.int64), np.zeros(1, np.int64)).tolist()
    f.lookup.namespaces[made] = given[2]
    f.classes.add(made, f.element(given[1]))
    f.points.hold(result, made)


def _new(f: Fixpoint, number: int, result: int, site: int) -> None:
    """`object.__new__(cls)`: an instance of its argument."""
    f.tables["annotate"].add_one(f.arguments.at(number, 0), 0, result, 0)


def _module(mode: int) -> Effect:
    """`import_module(name)`, `__import__(name)`: the module of that name, where it is known."""

    def effect(f: Fixpoint, number: int, result: int, site: int) -> None:
        if key := f.arguments.at(number, 0):
            f.tables["keyed"].add_one(key, key, result, mode)

    return effect


def _wrapped(kind: int) -> Effect:
    """`property(f)`, `type(x)` as calls."""

    def effect(f: Fixpoint, number: int, result: int, site: int) -> None:
        given = _positional(f, number)
        if given and (kind != p.CLS or len(given) == 1):
            f.tables["wrap"].add_one(given[0], kind, result)

    return effect


def _partial(f: Fixpoint, number: int, result: int, site: int) -> None:
    if f.arguments.at(number, 0):
        f.points.hold(result, f.points.object(p.PARTIAL, number))


def _followed(f: Fixpoint, number: int, result: int, site: int) -> None:
    """The emission has told what the call gives."""


def _same(position: int) -> Effect:
    """The result is that argument."""

    def effect(f: Fixpoint, number: int, result: int, site: int) -> None:
        give_back(f, f.arguments.at(number, position), result)

    return effect


_ASKING = ("len", "repr", "hash", "abs", "format", "dir", "round", "bool", "str", "int", "float")
_TYPED_NAMES = {f"__{x}__" for x in (*_ASKING, "bytes")}
# of these the result is what their declaration says
TYPED: dict[str, Effect] = {
    **{f"builtins.{x}": _protocol(f"__{x}__") for x in _ASKING},
    "builtins.bytes": _protocol("__bytes__"),
    "builtins.print": _protocol("__str__"),
}
EFFECTS: dict[str, Effect] = {
    **{f"builtins.{x}": _sequence(x) for x in ("list", "tuple", "set", "frozenset")},
    **{f"builtins.{x}": _sequence("list") for x in ("reversed",)},
    **{
        f"itertools.{x}": _sequence("list")
        for x in ("chain", "islice", "cycle", "permutations", "combinations", "product", "tee")
    },
    "collections.deque": _sequence("list"),
    "builtins.map": _map,
    "itertools.starmap": _starmap,
    **dict.fromkeys(
        ("builtins.filter", "itertools.takewhile", "itertools.dropwhile", "itertools.filterfalse"),
        _filter,
    ),
    "functools.reduce": _reduce,
    "builtins.sorted": _sorted,
    "builtins.min": _extreme,
    "builtins.max": _extreme,
    "builtins.zip": _zip,
    "itertools.zip_longest": _zip,
    "builtins.enumerate": _enumerate,
    **dict.fromkeys(("builtins.dict", "collections.OrderedDict"), _dict),
    "collections.defaultdict": _default_dict,
    "builtins.next": _next,
    "builtins.anext": _protocol("__anext__"),
    "builtins.iter": _protocol("__iter__"),
    "builtins.aiter": _protocol("__aiter__"),
    **TYPED,
    "importlib.import_module": _module(c.GET_MODULE),
    "builtins.__import__": _module(c.GET_TOP),
    "builtins.type": _type,
    "builtins.super": _followed,
    "builtins.property": _wrapped(p.PROPERTY),
    "builtins.classmethod": _wrapped(p.CLASS_METHOD),
    "builtins.staticmethod": _wrapped(p.STATIC_METHOD),
    **dict.fromkeys(("functools.partial", "functools.partialmethod"), _partial),
    **dict.fromkeys(("copy.copy", "copy.deepcopy", "functools.update_wrapper"), _same(0)),
    **dict.fromkeys(("typing.cast", "typing_extensions.cast"), _same(1)),
    **dict.fromkeys(("weakref.ref", "weakref.proxy", "asyncio.run"), _same(0)),
}
