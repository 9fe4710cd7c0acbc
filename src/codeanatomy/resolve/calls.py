"""What does a call do, for each object that is called?"""

import numpy as np

from codeanatomy.facts import constraints as c
from codeanatomy.resolve import points as p
from codeanatomy.resolve.builtin_types import PROPERTIES, TRANSPARENT
from codeanatomy.resolve.fixpoint import INIT, WAITS, Fixpoint, Link
from codeanatomy.resolve.pairs import LOW, NONE, SHIFT, Ints, distinct, expand, pair
from codeanatomy.resolve.points import Flags

WRAPPERS = {
    "builtins.classmethod": p.CLASS_METHOD,
    "builtins.staticmethod": p.STATIC_METHOD,
    **dict.fromkeys(PROPERTIES, p.PROPERTY),
}


def call(f: Fixpoint, rows: Ints, objects: Ints) -> None:
    """callee, call, result, flag."""
    kinds = f.kinds(objects)
    functions = kinds == p.FUNCTION
    if functions.any():
        _link(f, rows[functions], objects[functions], np.zeros(int(functions.sum()), np.int64), 0)
    bound = (kinds == p.BOUND) | (kinds == p.OVERRIDE)
    if bound.any():
        of = objects[bound]
        _link(f, rows[bound], f.points.a[of], f.points.b[of], 1)
    _construct(f, rows, objects, kinds)
    _call_instances(f, rows, objects, kinds)
    _call_outside(f, rows, objects, kinds)


def _construct(f: Fixpoint, rows: Ints, objects: Ints, kinds: Ints) -> None:
    """A class gives an instance and runs the first `__init__` of its order."""
    chosen = np.isin(kinds, (p.CLASS, p.CLS)) & (rows[:, 3] != INIT)
    if not chosen.any():
        return
    rows, objects, kinds = rows[chosen], objects[chosen], kinds[chosen]
    wraps = _wrapped(f, rows, objects)
    rows, objects, kinds = rows[~wraps], objects[~wraps], kinds[~wraps]
    made = np.empty(len(objects), np.int64)
    exact = kinds == p.CLASS
    made[exact] = f.points.objects_of(p.INSTANCE, objects[exact])
    made[~exact] = f.points.objects_of(p.SELF, f.points.a[objects[~exact]])
    f.points.hold_all(rows[:, 2], made)
    init = np.full(len(made), f.world.name("__init__"), np.int64)
    found = f.found(made, init)
    waits = found == WAITS
    if waits.any():
        f.waiting.append(("call", np.column_stack((rows[waits], objects[waits]))))
    ready = found > 0
    if ready.any():
        keys = distinct(pair(found[ready], rows[ready, 1]))
        calls = np.zeros((len(keys), 4), np.int64)
        calls[:, 0], calls[:, 1], calls[:, 3] = keys >> SHIFT, keys & LOW, INIT
        f.tables["call"].add(calls)


def _wrapped(f: Fixpoint, rows: Ints, objects: Ints) -> Flags:
    """Decorations by classes that inherit from classmethod, staticmethod or property."""
    decorates: Flags = f.decorated[rows[:, 1], 0] > 0
    for i in np.flatnonzero(decorates).tolist():
        order = f.classes.order.get(int(objects[i]), ())
        bases = [f.modules.dotted(x) for x in order if f.points.kind[x] == p.EXTERNAL]
        kind: int = next((WRAPPERS[x] for x in bases if x in WRAPPERS), 0)
        decorates[i] = kind > 0
        if kind:
            value, result = f.decorated[rows[i, 1]].tolist()
            f.tables["wrap"].add(np.array([(value, kind, result)], np.int64))
    return decorates


def _call_instances(f: Fixpoint, rows: Ints, objects: Ints, kinds: Ints) -> None:
    """An instance runs `__call__` of its class."""
    chosen = np.isin(kinds, (p.INSTANCE, p.SELF)) & (rows[:, 3] != INIT)
    if not chosen.any():
        return
    rows, objects = rows[chosen], objects[chosen]
    found = f.found(objects, np.full(len(objects), f.world.name("__call__"), np.int64))
    waits = found == WAITS
    if waits.any():
        f.waiting.append(("call", np.column_stack((rows[waits], objects[waits]))))
    new = []
    for place, (_, number, result, _) in zip(found.tolist(), rows.tolist(), strict=True):
        key = (place, number, result)
        if place > 0 and key not in f.instance_calls:  # a set: an instance may be its own __call__
            f.instance_calls.add(key)
            new.append((*key, 0))
    if new:
        f.tables["call"].add(np.array(new, np.int64))


def _call_outside(f: Fixpoint, rows: Ints, objects: Ints, kinds: Ints) -> None:
    """External callees: decorators give back what they decorate, some builtins a literal."""
    chosen = np.isin(kinds, (p.EXTERNAL, p.FACTORY, p.PROPERTY_PART)) & (rows[:, 3] != INIT)
    if not chosen.any():
        return
    rows, objects, kinds = rows[chosen], objects[chosen], kinds[chosen]
    decorates = f.decorated[rows[:, 1], 0] > 0
    for (_, number, _, _), object_, kind in zip(
        rows[decorates].tolist(),
        objects[decorates].tolist(),
        kinds[decorates].tolist(),
        strict=True,
    ):
        _decorate(f, number, object_, kind)
    plain = ~decorates & (kinds == p.EXTERNAL)
    rows, objects = rows[plain], objects[plain]
    distinct, inverse = np.unique(objects, return_inverse=True)
    given = np.array([f.given(x) for x in distinct.tolist()], np.int64)
    given = given[inverse] if len(given) else NONE
    f.points.hold_all(rows[given > 0, 2], given[given > 0])
    results = rows[:, 2]
    factory = results < len(f.is_decorator)
    factory[factory] = f.is_decorator[results[factory]]
    f.points.hold_all(results[factory], f.points.objects_of(p.FACTORY, objects[factory]))


def _decorate(f: Fixpoint, number: int, object_: int, kind: int) -> None:
    value, result = f.decorated[number].tolist()
    if kind == p.PROPERTY_PART:  # x.setter: the property stays
        f.points.hold(result, int(f.points.a[object_]))
        return
    external = object_ if kind == p.EXTERNAL else int(f.points.a[object_])
    dotted = f.modules.dotted(external)
    wrapper = WRAPPERS.get(dotted)
    if wrapper is not None:
        f.tables["wrap"].add(np.array([(value, wrapper, result)], np.int64))
        return
    f.points.copy(value, result)
    if dotted not in TRANSPARENT:
        f.points.marks[result] |= 1 << c.UNKNOWN_DECORATOR


def _link(f: Fixpoint, rows: Ints, functions: Ints, receivers: Ints, shift: int) -> None:
    """Arguments of each call to the parameters of its function, what it returns to the result."""
    points, results = f.points, rows[:, 2]
    points.copy_all(f.result[functions], results)
    with_receiver = (receivers > 0) & (f.method_of[functions] == 0)
    with_receiver &= f.parameter_count[functions] > 0
    points.hold_all(
        f.parameter[f.parameter_start[functions[with_receiver]]], receivers[with_receiver]
    )
    _return_parameters(f, rows, functions, receivers, shift)
    keys = distinct(pair(rows[:, 1], functions))
    calls, functions = keys >> SHIFT, keys & LOW
    at, of = expand(f.argument_start[calls], f.argument_start[calls + 1])
    if not at.size:
        return
    position, name, value = f.arguments[at, 1], f.arguments[at, 2], f.arguments[at, 3]
    functions = functions[of]
    fits = (position >= 0) & (position + shift < f.parameter_count[functions])
    points.copy_all(
        value[fits], f.parameter[f.parameter_start[functions[fits]] + position[fits] + shift]
    )
    named = position < 0
    keys = pair(functions[named], name[named])
    index = np.searchsorted(f.keyword_key, keys)
    hit = f.keyword_key[index] == keys
    points.copy_all(value[named][hit], f.keyword_place[index[hit]])


def _return_parameters(
    f: Fixpoint, rows: Ints, functions: Ints, receivers: Ints, shift: int
) -> None:
    """A function that returns its own parameter gives each call its own argument back."""
    chosen = f.may_return_parameter[functions] & (rows[:, 2] > 0)
    todo: list[tuple[int, int, Link]] = []
    for (_, number, result, _), function, receiver in zip(
        rows[chosen].tolist(), functions[chosen].tolist(), receivers[chosen].tolist(), strict=True
    ):
        link = (number, result, receiver, shift)
        if function in f.links:
            f.links[function].append(link)
        todo += [(function, index, link) for index in f.through.get(function, ())]
    while todo:
        function, index, link = todo.pop()
        number, result, receiver, shift = link
        value = argument(f, number, index - shift, function, index)
        if not value:
            if index < shift:
                f.points.hold(result, receiver)
            else:  # not passed, or inside `*args`
                f.points.marks[result] |= 1 << c.PARAMETER
            continue
        outer, position = int(f.parameter_of[value]), int(f.parameter_index[value])
        if not outer or f.returned_by[result] != outer:
            f.points.copy(value, result)
        elif position not in f.through.setdefault(outer, []):
            f.through[outer].append(position)
            todo += [(outer, position, x) for x in f.links.get(outer, ())]


def argument(f: Fixpoint, number: int, position: int, function: int, index: int) -> int:
    """The place passed for a positional parameter of the function; 0: none known."""
    low, high = f.argument_start[number : number + 2]
    wanted = int(f.parameter[f.parameter_start[function] + index])
    for at, name, value in f.arguments[low:high, 1:4].tolist():
        if at >= 0:
            if at == position:
                return int(value)
        else:
            key = function << 32 | name
            found = int(np.searchsorted(f.keyword_key, key))
            if f.keyword_key[found] == key and f.keyword_place[found] == wanted:
                return int(value)
    return 0
