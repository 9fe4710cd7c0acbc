"""What do builtin functions and the methods of containers do with the values they get?

Only effects on values are told here: that `map` calls its first argument, that `append` puts
something into its list. What is not told has no effect; its result comes from declarations.
"""

from collections.abc import Callable
from functools import partial

import numpy as np

from codeanatomy.facts import constraints as c
from codeanatomy.resolve import points as p
from codeanatomy.resolve.declared import declared, declared_types
from codeanatomy.resolve.fixpoint import INTO, Fixpoint
from codeanatomy.resolve.lookup import CONTAINERS
from codeanatomy.resolve.pairs import Ints, each, mapped, pair, spread

KEYWORD_ONLY = -9  # position of no argument
Effect = Callable[[Fixpoint, int, int, int], None]  # number of the call, result, site
ContainerEffect = Callable[[Fixpoint, int, int, int], None]  # container, number of the call, result


def outside(f: Fixpoint, rows: Ints, externals: Ints) -> None:
    """The effects of calls of external things; what is not told gives what is declared."""
    asked = pair(externals, mapped(f.arguments.shape, rows[:, 1]))
    single: list[int] = []  # calls whose effect is their own
    unknown: list[int] = []

    def given(key: int) -> tuple[int, ...]:
        """Objects that every call of that thing and shape gives."""
        external = key >> 32
        effect, typed = _effect(f, external)
        objects, types = declared_types(f, external, key & 0xFFFFFFFF) if typed else ((), ())
        if typed and not objects and not types:
            unknown.append(key)
            if not f.lookup.declared(external):  # an instance, if it is a class
                objects = (f.points.object(p.LITERAL, external),)
        if effect or types:
            single.append(key)
        return objects

    which, objects = spread(given, asked)
    f.points.hold_all(rows[which, 2], objects)
    results = rows[np.isin(asked, unknown), 2]
    decorators = f.is_decorator.take(results, mode="clip")  # what they give back is known
    f.points.mark(results[~decorators], c.EXTERNAL_CALL)
    for (_, number, result, _), external in each(rows, externals, where=np.isin(asked, single)):
        effect, typed = _effect(f, external)
        if effect and f.once("outside", external, number, result):
            effect(f, number, result, f.arguments.site[number])
        if typed:
            declared(f, external, number, result)


def _effect(f: Fixpoint, external: int) -> tuple["Effect | None", bool]:
    """What a call does beside its result; whether that is what is declared."""
    dotted = f.modules.dotted(external)
    effect = _new if dotted.endswith(".__new__") else EFFECTS.get(dotted)
    return effect, effect is None or dotted in TYPED


def inherited(f: Fixpoint, instance: int, external: int, number: int, result: int) -> None:
    """The effects of a builtin method of a container, a generator or of what inherits from one."""
    class_, _, name = f.modules.dotted(external).rpartition(".")
    own = f.points.kind_of[instance] in (p.CONTAINER, p.GENERATOR)
    if not (own or class_ in CONTAINERS) or not method(f, instance, name, number, result):
        declared(f, external, number, result, instance)


# methods of containers and generators


def method(f: Fixpoint, object_: int, name: str, number: int, result: int) -> bool:
    """The effects of a call of a container's or generator's method; False where none is told."""
    points = f.points
    if points.kind_of[object_] == p.GENERATOR:
        if name in ("__iter__", "__aiter__", "__await__"):
            points.hold(result, object_)
        elif name in ("__next__", "__anext__", "send", "__enter__", "__aenter__"):
            points.copy(f.lookup.yields[points.a_of[object_]], result)
        return True
    effect = METHODS.get(name)
    if effect is not None and f.once("method", object_, name, number, result):
        effect(f, object_, number, result)
    return effect is not None


def _row(f: Fixpoint, place: int, parts: list[int]) -> int:
    """The tuple of these places that belongs to a place."""
    row = f.points.object(p.CONTAINER, f.modules.type("tuple"), place)
    for index, part in enumerate(parts):
        f.points.copy(part, f.elements.place(row, f.world.name(c.item(index))))
    return row


def _put(position: int, f: Fixpoint, object_: int, number: int, result: int) -> None:
    held = f.elements.place(object_, f.elements.unknown)
    f.points.copy(f.arguments.at(number, position), held)


def _self(f: Fixpoint, object_: int, number: int, result: int) -> None:
    f.points.hold(result, object_)


def _any(f: Fixpoint, object_: int, number: int, result: int) -> None:
    """One of the elements; of a dict that is iterated, one of its keys."""
    of_dict = f.modules.dotted(f.points.a_of[object_]).endswith("dict")
    name = f.elements.keys if of_dict else f.elements.all
    f.points.copy(f.elements.place(object_, name), result)


def _get(puts: bool, f: Fixpoint, object_: int, number: int, result: int) -> None:
    """`get`, `pop`, `setdefault`: the element of a key, or the default, which the last puts in."""
    keep = f.points.place()
    f.points.hold(keep, object_)
    if key := f.arguments.at(number, 0):
        f.tables["keyed"].add_one(keep, key, result, c.GET)
        f.tables["by_key"].add_one(key, keep, result, c.GET)
    else:
        f.points.copy(f.elements.read(object_, f.elements.unknown), result)
    f.points.copy(f.arguments.at(number, 1), result)
    if puts:
        _put(1, f, object_, number, result)


def _update(f: Fixpoint, object_: int, number: int, result: int) -> None:
    for at, name, place in f.arguments.of(number):
        if at == -1:
            key = f.world.name(c.item(f.world.texts[name]))
            f.points.copy(place, f.elements.place(object_, key))
        else:
            f.tables["spread"].add_one(place, object_, INTO, 0)
    f.points.hold(result, object_)


def _view(keys: bool, f: Fixpoint, object_: int, number: int, result: int) -> None:
    """`keys`, `values`: a container of them; one per container, or a loop would never end."""
    elements = f.elements
    given = elements.read(object_, elements.keys if keys else elements.unknown)
    made = f.points.object(p.CONTAINER, f.modules.type("list"), given)
    f.points.copy(given, elements.place(made, elements.unknown))
    f.points.hold(result, made)


def _items(f: Fixpoint, object_: int, number: int, result: int) -> None:
    elements = f.elements
    value, key = elements.read(object_, elements.unknown), elements.place(object_, elements.keys)
    row = _row(f, value, [key, value])
    made = f.points.object(p.CONTAINER, f.points.a_of[row], elements.place(row, elements.unknown))
    f.points.hold(elements.place(made, elements.unknown), row)
    f.points.hold(result, made)


def _concatenated(f: Fixpoint, object_: int, number: int, result: int) -> None:
    f.points.hold(result, object_)
    f.points.copy(f.arguments.at(number, 0), result)


METHODS: dict[str, ContainerEffect] = {
    **dict.fromkeys(("append", "add", "appendleft"), partial(_put, 0)),
    "insert": partial(_put, 1),
    **dict.fromkeys(("extend", "update", "extendleft", "__iadd__", "__ior__"), _update),
    **dict.fromkeys(("__iter__", "copy", "__enter__", "union", "difference"), _self),
    **dict.fromkeys(("__mul__", "__imul__", "__reversed__", "intersection"), _self),
    **dict.fromkeys(("__add__", "__or__", "__and__", "__sub__"), _concatenated),
    **dict.fromkeys(("popleft", "send", "__next__"), _any),
    **dict.fromkeys(("get", "pop", "__getitem__"), partial(_get, False)),
    "setdefault": partial(_get, True),
    "values": partial(_view, False),
    "keys": partial(_view, True),
    "items": _items,
}


# functions


def _container(f: Fixpoint, type_: str, result: int) -> int:
    """A new container in the result; the place of its elements."""
    return f.elements.place(f.container(type_, result), f.elements.unknown)


def _positional(f: Fixpoint, number: int) -> list[int]:
    return [place for at, _, place in f.arguments.of(number) if at >= 0]


def _sequence(type_: str, f: Fixpoint, number: int, result: int, site: int) -> None:
    """`list(x)`, `reversed(x)`, `chain(x, y)`: a container of their elements."""
    held = _container(f, type_, result)
    for place in _positional(f, number):
        f.points.copy(f.element(place, site), held)


def _map(f: Fixpoint, number: int, result: int, site: int) -> None:
    """Which argument is the function shows by itself: the call of an iterable has no effect."""
    given, held = _positional(f, number), _container(f, "list", result)
    for function in given:
        elements = [f.element(place, site) for place in given if place != function]
        f.call(function, held, *elements, site=site)


def _filter(f: Fixpoint, number: int, result: int, site: int) -> None:
    function, iterable = f.arguments.at(number, 0), f.arguments.at(number, 1)
    element = f.element(iterable, site)
    f.points.copy(element, _container(f, "list", result))
    f.call(function, 0, element, site=site)


def _ranked(whole: bool, f: Fixpoint, number: int, result: int, site: int) -> None:
    """`sorted`: a list of the elements; `min`, `max`: one of them; a key function gets each."""
    given = _positional(f, number)
    elements = given if len(given) > 1 else [f.element(place, site) for place in given]
    held = _container(f, "list", result) if whole else result
    for element in elements:
        f.points.copy(element, held)
        if key := f.arguments.at(number, KEYWORD_ONLY, f.world.name("key")):
            f.call(key, 0, element, site=site)


def _zip(counted: bool, f: Fixpoint, number: int, result: int, site: int) -> None:
    """`zip(x, y)`, `enumerate(x)`: a container of tuples of their elements."""
    given = _positional(f, number)
    parts = [f.element(place, site) for place in (given[:1] if counted else given)]
    held = _container(f, "list", result)
    f.points.hold(held, _row(f, held, [0, *parts] if counted else parts))


def _dict(f: Fixpoint, number: int, result: int, site: int) -> None:
    _update(f, f.container("dict", result), number, 0)


def _next(f: Fixpoint, number: int, result: int, site: int) -> None:
    _protocol("__next__", f, number, result, site)
    f.points.copy(f.arguments.at(number, 1), result)


def _protocol(name: str, f: Fixpoint, number: int, result: int, site: int) -> None:
    """A builtin that calls a special method of its first argument."""
    f.special(f.arguments.at(number, 0), name, 0 if name in _TYPED_NAMES else result, site)


def _type(f: Fixpoint, number: int, result: int, site: int) -> None:
    """`type(x)`, or a new class: `type(name, bases, namespace)`."""
    given = _positional(f, number)
    if len(given) == 1:
        _wrapped(p.CLS, f, number, result, site)
    if len(given) < 3:
        return
    made = f.points.object(p.CLASS, 0, number)
    f.lookup.namespaces[made] = given[2]
    f.lookup.add(made, f.element(given[1], -1))
    f.points.hold(result, made)


def _new(f: Fixpoint, number: int, result: int, site: int) -> None:
    """`object.__new__(cls)`: an instance of its argument."""
    f.tables["annotate"].add_one(f.arguments.at(number, 0), 0, result, 0)


def _module(mode: int, f: Fixpoint, number: int, result: int, site: int) -> None:
    """`import_module(name)`, `__import__(name)`: the module of that name, where it is known."""
    key = f.arguments.at(number, 0)
    f.tables["keyed"].add_one(key, key, result, mode)


def _wrapped(kind: int, f: Fixpoint, number: int, result: int, site: int) -> None:
    """`property(f)`, `type(x)` as calls."""
    f.tables["wrap"].add_one(f.arguments.at(number, 0), kind, result)


def _partial(f: Fixpoint, number: int, result: int, site: int) -> None:
    f.points.hold(result, f.points.object(p.PARTIAL, number))


def _same(position: int, f: Fixpoint, number: int, result: int, site: int) -> None:
    """The result is that argument."""
    f.give(f.given(f.arguments.at(number, position), result))


_ASKING = ("len", "repr", "hash", "abs", "format", "dir", "round", "bool", "str", "int", "float")
_TYPED_NAMES = {f"__{x}__" for x in (*_ASKING, "bytes")}
# of these the result is what their declaration says
TYPED: dict[str, Effect] = {
    **{f"builtins.{x}": partial(_protocol, f"__{x}__") for x in (*_ASKING, "bytes")},
    "builtins.print": partial(_protocol, "__str__"),
}
_SEQUENCES = ("chain", "islice", "cycle", "permutations", "combinations", "product", "tee")
_FILTERS = ("takewhile", "dropwhile", "filterfalse")
EFFECTS: dict[str, Effect] = {
    **{f"builtins.{x}": partial(_sequence, x) for x in ("list", "tuple", "set", "frozenset")},
    **{f"itertools.{x}": partial(_sequence, "list") for x in _SEQUENCES},
    **dict.fromkeys(("builtins.reversed", "collections.deque"), partial(_sequence, "list")),
    "builtins.map": _map,
    **dict.fromkeys(("builtins.filter", *(f"itertools.{x}" for x in _FILTERS)), _filter),
    "builtins.sorted": partial(_ranked, True),
    **dict.fromkeys(("builtins.min", "builtins.max"), partial(_ranked, False)),
    **dict.fromkeys(("builtins.zip", "itertools.zip_longest"), partial(_zip, False)),
    "builtins.enumerate": partial(_zip, True),
    **dict.fromkeys(("builtins.dict", "collections.OrderedDict"), _dict),
    "builtins.next": _next,
    **{f"builtins.{x}": partial(_protocol, f"__{x}__") for x in ("anext", "iter", "aiter")},
    **TYPED,
    "importlib.import_module": partial(_module, c.GET_MODULE),
    "builtins.__import__": partial(_module, c.GET_TOP),
    "builtins.type": _type,
    "builtins.super": lambda f, number, result, site: None,  # the emission tells what it gives
    "builtins.property": partial(_wrapped, p.PROPERTY),
    "builtins.classmethod": partial(_wrapped, p.CLASS_METHOD),
    "builtins.staticmethod": partial(_wrapped, p.STATIC_METHOD),
    **dict.fromkeys(("functools.partial", "functools.partialmethod"), _partial),
    **dict.fromkeys(("copy.copy", "copy.deepcopy", "functools.update_wrapper"), partial(_same, 0)),
    **dict.fromkeys(("weakref.ref", "weakref.proxy", "asyncio.run"), partial(_same, 0)),
    **dict.fromkeys(("typing.cast", "typing_extensions.cast"), partial(_same, 1)),
}
