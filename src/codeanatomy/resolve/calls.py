"""What does a call do, for each object that is called?"""

from functools import partial

import numpy as np

from codeanatomy.facts import constraints as c
from codeanatomy.resolve import points as p
from codeanatomy.resolve.builtin_calls import inherited, outside
from codeanatomy.resolve.fixpoint import INTO, NAMED, POSITIONAL, Fixpoint, Rule
from codeanatomy.resolve.lookup import CONTAINERS
from codeanatomy.resolve.pairs import Ints, each, mapped, pair

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
    """callee, call, result, by how many places its positional arguments are shifted."""
    kinds = f.points.kind[objects]
    for called, does in CALLED:
        chosen = p.among(kinds, called)
        if chosen.any():
            does(f, rows[chosen], objects[chosen])


def construct(f: Fixpoint, rows: Ints, objects: Ints) -> None:
    """A class gives an instance and runs the first `__init__` of its order."""
    made = mapped(f.lookup.instance_side, objects)
    f.points.hold_all(rows[:, 2], made)
    for (_, number, _, _), class_, instance in each(rows, objects, made):
        # of a class that inherits from a container: it gets the elements it is made of
        if not CONTAINERS.isdisjoint(f.lookup.bases_outside(f.lookup.class_of(class_))):
            f.tables["spread"].add_one(f.arguments.at(number, 0), instance, INTO, 0)
    found, rows, _ = f.found("call", rows, objects, pair(made, f.world.name("__init__")))
    for place, number in each(found, rows[:, 1], where=found > 0):
        f.tables["call"].add_one(place, number, 0, 0)


def _call_instances(f: Fixpoint, rows: Ints, objects: Ints) -> None:
    """An instance runs `__call__` of its class."""
    found, rows, _ = f.found("call", rows, objects, pair(objects, f.world.name("__call__")))
    for place, (_, number, result, shift) in each(found, rows, where=found > 0):
        f.tables["call"].add_one(place, number, result, shift)


def _call_partials(f: Fixpoint, rows: Ints, objects: Ints) -> None:
    """functools.partial: the first call's arguments, then this one's, go to what it holds."""
    for (_, number, result, shift), object_ in each(rows, objects):
        first = f.points.a_of[object_]
        callee, given = f.arguments.at(first, 0), f.arguments.of(first)
        count = sum(at > 0 for at, _, _ in given)
        f.tables["call"].add_one(callee, first, result, -1)
        if shift + count <= MOST_SHIFTED:
            f.tables["call"].add_one(callee, number, result, shift + count)


def _call_methods(f: Fixpoint, rows: Ints, objects: Ints) -> None:
    """Methods of containers, and what getattr may give."""
    for (_, number, result, _), object_ in each(rows, objects):
        of = f.points.a_of[object_]
        if f.points.kind_of[object_] == p.METHOD_OF:
            inherited(f, of, f.points.b_of[object_], number, result)
        elif result:
            f.points.copy(f.any_result(of), result)


def _call_outside(f: Fixpoint, rows: Ints, objects: Ints) -> None:
    """External callees: decorators give back what they decorate, some builtins a literal."""
    decorates = f.decorates(rows[:, 1])
    for (_, number, _, _), object_ in each(rows, objects, where=decorates):
        _decorate(f, number, object_)
    plain = ~decorates & (f.points.kind[objects] == p.EXTERNAL)
    rows, objects = rows[plain], objects[plain]
    outside(f, rows, objects)
    factory = f.is_decorator.take(rows[:, 2], mode="clip")
    made = mapped(partial(f.points.object, p.FACTORY), objects[factory])
    f.points.hold_all(rows[factory, 2], made)


def _decorate(f: Fixpoint, number: int, object_: int) -> None:
    value, result = f.decorated[number].tolist()
    kind = f.points.kind_of[object_]
    if kind == p.PROPERTY_PART:  # x.setter: the property stays
        property_ = f.points.a_of[object_]
        f.points.hold(result, property_)
        if f.modules.dotted(f.points.b_of[object_]).endswith("setter"):
            f.points.copy(value, f.lookup.setters[property_])
        return
    external = object_ if kind == p.EXTERNAL else f.points.a_of[object_]
    dotted = f.modules.dotted(external)
    if dotted in WRAPPERS:
        f.tables["wrap"].add_one(value, WRAPPERS[dotted], result)
    elif dotted in OVERLOADS:
        f.overloads.append(number)
    else:
        f.points.copy(value, result)
        if dotted not in TRANSPARENT:
            f.points.marks[result] |= 1 << c.UNKNOWN_DECORATOR


def _call_functions(f: Fixpoint, rows: Ints, objects: Ints) -> None:
    """Arguments of each call to the parameters of its function, what it returns to the result."""
    points = f.points
    bound = points.kind[objects] != p.FUNCTION
    functions, receivers = np.where(bound, points.a[objects], objects), points.b[objects]
    offset = rows[:, 3] + bound
    points.copy_all(f.result[functions], rows[:, 2])
    of_class = points.kind[receivers] == p.CLASS  # what a class method makes may be a base
    with_receiver = (receivers > 0) & ((f.method_of[functions] == 0) | of_class)
    with_receiver &= f.parameter_count[functions] > 0
    first = f.parameter[f.parameter_start[functions[with_receiver]]]
    points.hold_all(first, receivers[with_receiver])
    f.return_parameters(rows, functions, receivers, offset)
    arguments, of = f.arguments.of_all(rows[:, 1])
    known = arguments[:, 2] > 0
    position, name, value = arguments[known].T
    functions, offset = functions[of[known]], offset[of[known]]
    positional = position >= 0
    position = position + np.where(positional, offset, 0)
    count = f.parameter_count[functions]
    fits = positional & (position >= 0) & (position < count)
    points.copy_all(value[fits], f.parameter[f.parameter_start[functions[fits]] + position[fits]])
    named = np.flatnonzero(~positional & (position == -1))
    keywords = mapped(lambda x: f.keyword.get(x, 0), pair(functions[named], name[named]))
    points.copy_all(value[named], keywords)
    missed = named[keywords == 0]
    for column, rest in enumerate((np.flatnonzero(positional & (position >= count)), missed)):
        rest = rest[f.variadic[functions[rest], column] > 0]
        for i, made, place in each(rest, f.variadic[functions[rest], column], value[rest]):
            item = f.world.texts[name[i]] if column else int(position[i] - count[i])
            points.copy(place, f.elements.place(made, f.world.name(c.item(item))))
    stars = ~positional & (position <= c.STAR_KEYWORDS)
    for function, at, more, place in each(functions, position, offset, value, where=stars):
        if at == c.STAR_KEYWORDS:
            f.tables["spread"].add_one(place, function, NAMED, more)
        else:
            f.tables["spread"].add_one(place, function, POSITIONAL, c.STAR_ARGUMENT - at + more)


# what is called, and what the call does
CALLED: tuple[tuple[tuple[int, ...], Rule], ...] = (
    ((p.FUNCTION, p.BOUND, p.OVERRIDE), _call_functions),
    (p.CLASSES, construct),
    (p.INSTANCES, _call_instances),
    ((p.PARTIAL,), _call_partials),
    ((p.EXTERNAL, p.FACTORY, p.PROPERTY_PART), _call_outside),
    ((p.METHOD_OF, p.ANY_METHOD), _call_methods),
)
