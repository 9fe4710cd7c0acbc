"""What does a call do, for each object that is called?"""

import numpy as np

from codeanatomy.facts import constraints as c
from codeanatomy.facts.ids import distinct
from codeanatomy.resolve import points as p
from codeanatomy.resolve.builtin_calls import inherited, outside
from codeanatomy.resolve.fixpoint import INIT, INTO, NAMED, POSITIONAL, Fixpoint
from codeanatomy.resolve.lookup import CONTAINERS
from codeanatomy.resolve.pairs import LOW, SHIFT, Flags, Ints, each, pair
from codeanatomy.resolve.points import among

# decorators from outside that give back what they decorate, or a callable that calls it
TRANSPARENT = frozenset(
    {
        *("abc.abstractmethod", "contextlib.asynccontextmanager", "contextlib.contextmanager"),
        *("dataclasses.dataclass", "functools.cache", "functools.lru_cache", "functools.wraps"),
        *("functools.singledispatch", "functools.total_ordering", "unittest.expectedFailure"),
        *(f"typing.{x}" for x in ("final", "no_type_check", "override", "runtime_checkable")),
        *(f"typing_extensions.{x}" for x in ("final", "override")),
    }
)
OVERLOADS = ("typing.overload", "typing_extensions.overload")
WRAPPERS = {
    "builtins.classmethod": p.CLASS_METHOD,
    "builtins.staticmethod": p.STATIC_METHOD,
    "builtins.property": p.PROPERTY,
    "functools.cached_property": p.PROPERTY,
    "abc.abstractproperty": p.PROPERTY,
}
MOST_SHIFTED = 16  # places by which partial applications of each other move arguments


def call(f: Fixpoint, rows: Ints, objects: Ints) -> None:
    """callee, call, result, flag."""
    kinds = f.points.kind[objects]
    functions = kinds == p.FUNCTION
    _link(f, rows[functions], objects[functions], np.zeros(int(functions.sum()), np.int64), 0)
    bound = (kinds == p.BOUND) | (kinds == p.OVERRIDE)
    of = objects[bound]
    _link(f, rows[bound], f.points.a[of], f.points.b[of], 1)
    construct(f, rows, objects, kinds)
    _call_instances(f, rows, objects, kinds)
    _call_partials(f, rows, objects, kinds)
    _call_outside(f, rows, objects, kinds)
    any_method = (kinds == p.ANY_METHOD) & (rows[:, 2] > 0)
    for (_, _, result, _), object_ in each(rows[any_method], objects[any_method]):
        f.points.copy(f.any_result(f.points.a_of[object_]), result)
    of_container = kinds == p.METHOD_OF
    for (_, number, result, _), object_ in each(rows[of_container], objects[of_container]):
        inherited(f, f.points.a_of[object_], f.lookup.method_of(object_), number, result)


def construct(f: Fixpoint, rows: Ints, objects: Ints, kinds: Ints) -> None:
    """A class gives an instance and runs the first `__init__` of its order."""
    chosen = among(kinds, (p.CLASS, p.CLS)) & ((rows[:, 3] & INIT) == 0)
    rows, objects, kinds = rows[chosen], objects[chosen], kinds[chosen]
    wraps = _wrapped(f, rows, objects)
    rows, objects, kinds = rows[~wraps], objects[~wraps], kinds[~wraps]
    made = np.empty(len(objects), np.int64)
    exact = kinds == p.CLASS
    made[exact] = f.points.objects_of(p.INSTANCE, objects[exact])
    made[~exact] = f.points.objects_of(p.SELF, f.points.a[objects[~exact]])
    f.points.hold_all(rows[:, 2], made)
    _fill(f, rows, objects, made)
    found, rows, _ = f.found("call", rows, objects, pair(made, f.world.name("__init__")))
    ready = found > 0
    keys = distinct(pair(found[ready], rows[ready, 1]))
    calls = np.zeros((len(keys), 4), np.int64)
    calls[:, 0], calls[:, 1], calls[:, 3] = keys >> SHIFT, keys & LOW, INIT
    f.tables["call"].add(calls)


def _fill(f: Fixpoint, rows: Ints, classes: Ints, made: Ints) -> None:
    """An instance of a class that inherits from a container gets the elements it is made of."""
    for (_, number, _, _), class_, instance in each(rows, classes, made):
        if not CONTAINERS.isdisjoint(f.lookup.bases_outside(f.lookup.class_of(class_))):
            f.tables["spread"].add_one(f.arguments.at(number, 0), instance, INTO, 0)


def _wrapped(f: Fixpoint, rows: Ints, objects: Ints) -> Flags:
    """Decorations by classes that inherit from classmethod, staticmethod or property."""
    decorates = f.decorates(rows[:, 1])
    for i in np.flatnonzero(decorates).tolist():
        bases = f.lookup.bases_outside(int(objects[i]))
        kind: int = next((WRAPPERS[x] for x in bases if x in WRAPPERS), 0)
        decorates[i] = kind > 0
        if kind:
            value, result = f.decorated[rows[i, 1]].tolist()
            f.tables["wrap"].add(np.array([(value, kind, result)], np.int64))
    return decorates


def _call_instances(f: Fixpoint, rows: Ints, objects: Ints, kinds: Ints) -> None:
    """An instance runs `__call__` of its class."""
    chosen = among(kinds, (p.INSTANCE, p.SELF)) & ((rows[:, 3] & INIT) == 0)
    rows, objects = rows[chosen], objects[chosen]
    found, rows, _ = f.found("call", rows, objects, pair(objects, f.world.name("__call__")))
    for place, (_, number, result, flags) in each(found, rows):
        if place > 0:
            f.tables["call"].add_one(place, number, result, flags)


def _call_partials(f: Fixpoint, rows: Ints, objects: Ints, kinds: Ints) -> None:
    """functools.partial: the first call's arguments, then this one's, go to what it holds."""
    chosen = kinds == p.PARTIAL
    for (_, number, result, flags), object_ in each(rows[chosen], objects[chosen]):
        first = f.points.a_of[object_]
        callee, given = f.arguments.at(first, 0), f.arguments.of(first)
        count = sum(at > 0 for at, _, _ in given)
        f.tables["call"].add_one(callee, first, result, -1 << 1)
        if (flags >> 1) + count <= MOST_SHIFTED:
            f.tables["call"].add_one(callee, number, result, flags + (count << 1))


def _call_outside(f: Fixpoint, rows: Ints, objects: Ints, kinds: Ints) -> None:
    """External callees: decorators give back what they decorate, some builtins a literal."""
    chosen = among(kinds, (p.EXTERNAL, p.FACTORY, p.PROPERTY_PART)) & ((rows[:, 3] & INIT) == 0)
    rows, objects, kinds = rows[chosen], objects[chosen], kinds[chosen]
    decorates = f.decorates(rows[:, 1])
    for (_, number, _, _), object_, kind in each(
        rows[decorates], objects[decorates], kinds[decorates]
    ):
        _decorate(f, number, object_, kind)
    plain = ~decorates & (kinds == p.EXTERNAL)
    rows, objects = rows[plain], objects[plain]
    outside(f, rows, objects)
    factory = f.is_decorator.take(rows[:, 2], mode="clip")
    f.points.hold_all(rows[factory, 2], f.points.objects_of(p.FACTORY, objects[factory]))


def _decorate(f: Fixpoint, number: int, object_: int, kind: int) -> None:
    value, result = f.decorated[number].tolist()
    if kind == p.PROPERTY_PART:  # x.setter: the property stays
        property_ = f.points.a_of[object_]
        f.points.hold(result, property_)
        if f.world.texts[f.points.b_of[object_]] == "setter":
            f.points.copy(value, f.lookup.setters[property_])
        return
    external = object_ if kind == p.EXTERNAL else f.points.a_of[object_]
    dotted = f.modules.dotted(external)
    wrapper = WRAPPERS.get(dotted)
    if wrapper is not None:
        f.tables["wrap"].add(np.array([(value, wrapper, result)], np.int64))
        return
    if dotted in OVERLOADS:
        f.overloads.append(number)
        return
    f.points.copy(value, result)
    if dotted not in TRANSPARENT:
        f.points.marks[result] |= 1 << c.UNKNOWN_DECORATOR


def _link(f: Fixpoint, rows: Ints, functions: Ints, receivers: Ints, shift: int) -> None:
    """Arguments of each call to the parameters of its function, what it returns to the result."""
    points, results = f.points, rows[:, 2]
    points.copy_all(f.result[functions], results)
    of_class = points.kind[receivers] == p.CLASS  # what a class method makes may be a base
    with_receiver = (receivers > 0) & ((f.method_of[functions] == 0) | of_class)
    with_receiver &= f.parameter_count[functions] > 0
    points.hold_all(
        f.parameter[f.parameter_start[functions[with_receiver]]], receivers[with_receiver]
    )
    f.return_parameters(rows, functions, receivers, shift)
    offset = (rows[:, 3] >> 1) + shift
    keys = distinct(pair(rows[:, 1], (functions << 6) + offset + MOST_SHIFTED))
    calls, functions, offset = keys >> SHIFT, (keys & LOW) >> 6, (keys & 63) - MOST_SHIFTED
    arguments, of = f.arguments.of_all(calls)
    known = arguments[:, 2] > 0
    position, name, value = arguments[known].T
    functions, offset = functions[of[known]], offset[of[known]]
    positional = position >= 0
    position = position + np.where(positional, offset, 0)
    count = f.parameter_count[functions]
    fits = positional & (position >= 0) & (position < count)
    points.copy_all(value[fits], f.parameter[f.parameter_start[functions[fits]] + position[fits]])
    named = position == -1
    named &= ~positional
    keys = pair(functions[named], name[named])
    index = np.searchsorted(f.keyword_key, keys)
    hit = f.keyword_key[index] == keys
    points.copy_all(value[named][hit], f.keyword_place[index[hit]])
    missed = np.flatnonzero(named)[~hit]
    for column, rest in enumerate((np.flatnonzero(positional & (position >= count)), missed)):
        rest = rest[f.variadic[functions[rest], column] > 0]
        for i, function, place in each(rest, functions[rest], value[rest]):
            item = f.world.texts[name[i]] if column else int(position[i] - count[i])
            key = f.world.name(c.item(item))
            points.copy(place, f.elements.place(int(f.variadic[function, column]), key))
    stars = ~positional & (position <= c.STAR_KEYWORDS)
    for function, at, more, place in each(
        functions[stars], position[stars], offset[stars], value[stars]
    ):
        if at == c.STAR_KEYWORDS:
            f.tables["spread"].add_one(place, function, NAMED, more)
        else:
            f.tables["spread"].add_one(place, function, POSITIONAL, c.STAR_ARGUMENT - at + more)
