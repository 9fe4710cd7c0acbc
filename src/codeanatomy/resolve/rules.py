"""What does each kind of constraint say about the objects that reach it? One function per rule.

A rule gets rows and, for each row, an object that its first place holds; every such pair once.
"""

from functools import partial

import numpy as np

from codeanatomy.facts import constraints as c
from codeanatomy.resolve import points as p
from codeanatomy.resolve.builtin_calls import inherited, method
from codeanatomy.resolve.calls import call, construct
from codeanatomy.resolve.declared import declared, describe, hold
from codeanatomy.resolve.fixpoint import INTO, NAMED, POSITIONAL, Fixpoint, Rule
from codeanatomy.resolve.lookup import INSTEAD
from codeanatomy.resolve.pairs import Ints, each, mapped, pair

ENTERS = ("__enter__", "__aenter__")
OVERRIDING, META = 1, 2  # how a bound copy came to be
CLASSY = (*p.INSTANCES, *p.CLASSES)


def super_(f: Fixpoint, rows: Ints, objects: Ints) -> None:
    """receiver, class, result: what `super()` gives for the receiver."""
    fits = p.among(f.points.kind[objects], CLASSY)
    for (_, class_, result), object_ in each(rows, objects, where=fits):
        f.points.hold(result, f.points.object(p.SUPER, class_, object_))


def load(f: Fixpoint, rows: Ints, objects: Ints) -> None:
    """base, attribute, result."""
    found, rows, _ = f.found("load", rows, objects, pair(objects, rows[:, 1]))
    for external, held in f.lookup.values:
        for one in f.stubs.value(f.modules.dotted(external)):
            hold(f, one, held)
    f.lookup.values.clear()
    place = found > 0
    f.points.copy_all(found[place], rows[place, 2])
    single = found < 0
    f.points.hold_all(rows[single, 2], -found[single])


def store(f: Fixpoint, rows: Ints, objects: Ints) -> None:
    """base, attribute, value. What is stored on something outside is not followed."""
    asked = pair(objects, rows[:, 1])
    places, rows, _ = f.found("store", rows, objects, asked, partial(_stored, f))
    f.points.copy_all(rows[:, 2], places)


def _stored(f: Fixpoint, object_: int, name: int) -> int | None:
    """Place of what is stored; 0: it is not followed; None: the class has no order yet."""
    kind, text = f.points.kind_of[object_], f.world.texts[name]
    elements, lookup = f.elements, f.lookup
    if kind in CLASSY:
        class_ = lookup.class_of(object_)
        if class_ not in lookup.order:
            return None
        if text[:1] != "[":
            return lookup.stored_field(class_, name, on_class=kind in p.CLASSES)
        return elements.place(object_, name)  # of a class that inherits from a container
    if kind == p.MODULE:
        return lookup.module_member(object_, name)
    if kind == p.CONTAINER:
        if name != elements.unknown and text[1:2] in "'\"":  # the keys of dicts are kept, too
            key = f.points.object(p.CONSTANT, f.modules.external("builtins.str"), name)
            f.points.hold(elements.place(object_, elements.keys), key)
        return elements.place(object_, name)
    return lookup.fields[object_ << 32 | name] if kind == p.FUNCTION else 0


def bound_copy(f: Fixpoint, rows: Ints, objects: Ints) -> None:
    """source, target, receiver, how: an attribute of a class as its receiver sees it; how: 1 of an
    overriding class, 2 of the metaclass, for which the class is the instance."""
    points = f.points
    rows, objects = f.closed("bound_copy", rows, objects)
    kinds, receivers = f.points.kind[objects], rows[:, 2]
    special = p.among(points.kind[receivers], p.INSTANCES) | (rows[:, 3] == META)
    special &= p.among(kinds, (p.PROPERTY, p.FUNCTION))
    special |= p.among(kinds, (p.CLASS_METHOD, p.STATIC_METHOD, *p.INSTANCES))
    points.hold_all(rows[~special, 1], objects[~special])
    for (_, target, receiver, how), object_, kind in each(rows, objects, kinds, where=special):
        bound = p.OVERRIDE if how == OVERRIDING else p.BOUND
        function = object_ if kind == p.FUNCTION else points.a_of[object_]
        if kind == p.FUNCTION:
            kept = receiver if f.keeps_receiver[function] or how == META else 0
            points.hold(target, points.object(bound, function, kept))
        elif kind == p.CLASS_METHOD:
            points.hold(target, points.object(bound, function, f.lookup.class_side(receiver)))
        elif kind == p.STATIC_METHOD:
            points.hold(target, function)
        elif kind in p.INSTANCES:
            _describe(f, object_, target, receiver)
        else:
            points.copy(int(f.result[function]), target)
            if 0 in f.through.get(function, ()):
                points.hold(target, receiver)


def _describe(f: Fixpoint, object_: int, target: int, receiver: int) -> None:
    """An instance whose class has `__get__` gives what that returns, others themselves."""
    class_ = f.points.a_of[object_]
    getter = f.world.name("__get__")
    if class_ not in f.lookup.order or f.lookup.first(class_, getter) <= 0:
        f.points.hold(target, object_)
    elif f.once("get", object_, target, receiver):
        instance, owner = f.points.place(), f.points.place()
        f.points.hold(owner, f.lookup.class_side(receiver))
        if f.points.kind_of[receiver] not in p.CLASSES:
            f.points.hold(instance, receiver)
        f.call(f.lookup.find(object_, getter) or 0, target, instance, owner)


def wrap(f: Fixpoint, rows: Ints, objects: Ints) -> None:
    """value, kind, result: classmethod, staticmethod, property of a function; class of a value."""
    points = f.points
    for (_, kind, result), object_, of in each(rows, objects, points.kind[objects]):
        if kind != p.CLS:
            points.hold(result, points.object(kind, object_) if of == p.FUNCTION else object_)
        elif of in p.INSTANCES:
            points.hold(result, f.lookup.class_side(object_))


def special(f: Fixpoint, rows: Ints, objects: Ints) -> None:
    """base, method, call, result: what an operator, a loop or `with` calls."""
    kinds = f.points.kind[objects]
    raised = (rows[:, 1] == f.world.name(c.RAISE)) & p.among(kinds, p.CLASSES)
    calls = rows[raised][:, [0, 2, 3, 0]] * (1, 1, 1, 0)
    construct(f, calls, objects[raised])
    instance = p.among(kinds, p.OF_CLASS) & ~raised
    asked = pair(objects[instance], rows[instance, 1])
    for place, (_, name, number, result), object_ in each(
        *f.found("special", rows[instance], objects[instance], asked)
    ):
        text, callee = f.world.texts[name], place
        if place <= 0 and text in INSTEAD:
            callee = f.lookup.find(object_, f.world.name(INSTEAD[text])) or 0
        if callee > 0:
            f.tables["call"].add_one(callee, number, result, 0)
        elif text in ENTERS:
            f.points.hold(result, object_)
        if place < 0:
            inherited(f, object_, -place, number, result)
    outside = p.among(kinds, (p.CONTAINER, p.GENERATOR, *p.VALUES))
    for (_, name, number, result), object_, kind in each(rows, objects, kinds, where=outside):
        text = f.world.texts[name]
        if kind not in p.VALUES:
            method(f, object_, text, number, result)
        elif text in ENTERS:
            f.points.hold(result, object_)
        elif child := f.lookup.child(f.points.a_of[object_], name):
            declared(f, child, number, result)


def keyed(f: Fixpoint, rows: Ints, objects: Ints) -> None:
    """base, key, value, mode, by what the base holds."""
    which, keys = f.points.pairs.join(rows[:, 1])
    _elements(f, objects[which], keys, rows[which])
    getters = (rows[:, 3] == c.GET) & p.among(f.points.kind[objects], p.INSTANCES)
    chosen = rows[getters][:, :3].copy()
    chosen[:, 1] = f.elements.unknown
    load(f, chosen, objects[getters])
    put = (rows[:, 3] == c.PUT) & (f.points.kind[objects] == p.CONTAINER)
    for (_, key, _, _), object_ in each(rows, objects, where=put):
        f.points.copy(key, f.elements.place(object_, f.elements.keys))


def by_key(f: Fixpoint, rows: Ints, objects: Ints) -> None:
    """key, base, value, mode, by what the key holds."""
    which, bases = f.points.pairs.join(rows[:, 1])
    _elements(f, bases, objects[which], rows[which])


def _elements(f: Fixpoint, bases: Ints, keys: Ints, rows: Ints) -> None:
    """Keys of bases; those that name an attribute read or set it."""
    named = [
        x
        for base, key, (_, _, value, mode) in each(bases, keys, rows)
        if (x := _element(f, base, key, value, mode))
    ]
    for rule, get in ((load, True), (store, False)):
        asked = np.array([x[1:] for x in named if x[0] == get], np.int64).reshape(-1, 3)
        if len(asked):
            rule(f, asked, asked[:, 0])


def _element(
    f: Fixpoint, base: int, key: int, value: int, mode: int
) -> tuple[bool, int, int, int] | None:
    """One key of one base; a key that is not known is any. Of one that names an attribute:
    whether it is read, and the base, the name and the value."""
    points, elements = f.points, f.elements
    text = f.world.texts[points.b_of[key]] if points.kind_of[key] == p.CONSTANT else c.ANY_ITEM
    known = text[-2:] != "*]"
    name, of = points.b_of[key] if known else elements.unknown, points.kind_of[base]
    if mode == c.GET:
        if of == p.CONTAINER:
            points.copy(elements.read(base, name), value)
    elif mode == c.PUT:
        if of in (p.CONTAINER, *p.INSTANCES):
            points.copy(value, elements.place(base, name))
    elif mode in (c.GET_MODULE, c.GET_TOP):
        dotted = text[2:-2] if known else ""
        if dotted and dotted[0] != ".":
            module = dotted.partition(".")[0] if mode == c.GET_TOP else dotted
            points.hold(value, f.modules.object_of.get(module) or f.modules.external(module))
    elif not known:
        if mode == c.GET_ATTRIBUTE and of in CLASSY:
            points.hold(value, points.object(p.ANY_METHOD, f.lookup.class_of(base)))
    elif text[1:2] in "'\"":
        return mode == c.GET_ATTRIBUTE, base, f.world.name(text[2:-2]), value
    return None


def annotate(f: Fixpoint, rows: Ints, objects: Ints) -> None:
    """type, call, result, class: values that a type expression describes."""
    kinds = f.points.kind[objects]
    of_class = p.among(kinds, p.CLASSES)
    made = mapped(lambda x: f.points.object(p.SELF, f.lookup.class_of(x)), objects[of_class])
    f.points.hold_all(rows[of_class, 2], made)
    for (_, number, result, class_), object_ in each(rows, objects, where=kinds == p.EXTERNAL):
        describe(f, object_, number, result, class_)


def spread(f: Fixpoint, rows: Ints, objects: Ints) -> None:
    """value, target, kind, offset: the elements of an unpacked value."""
    for (place, target, kind, offset), object_, of in each(rows, objects, f.points.kind[objects]):
        if of != p.CONTAINER:
            if of in (p.GENERATOR, *p.INSTANCES) and kind != NAMED:
                _feed(f, (target, kind, offset), f.elements.unknown, f.element(place, -1))
        elif f.once("spread", object_, target, kind, offset) and object_ != target:
            f.elements.watch(object_, partial(_feed, f, (target, kind, offset)))
            if kind == INTO:
                keys = f.elements.keys
                f.points.copy(f.elements.place(object_, keys), f.elements.place(target, keys))


def _feed(f: Fixpoint, to: tuple[int, int, int], name: int, place: int) -> None:
    """One element of an unpacked value: to a container, a parameter, or what takes the rest."""
    target, kind, offset = to
    elements, copy = f.elements, f.points.copy
    if kind == INTO:
        of_dict = f.modules.dotted(f.points.a_of[target]).endswith("dict")
        copy(place, elements.place(target, name if of_dict else elements.unknown))
        return
    text = f.world.texts[name]
    start, count = int(f.parameter_start[target]), int(f.parameter_count[target])
    rest = int(f.variadic[target, int(kind == NAMED)])
    if kind == NAMED and text[1:2] in "'\"":
        if named := f.keyword.get(target << 32 | f.world.name(text[2:-2])):
            copy(place, named)
        elif rest:
            copy(place, elements.place(rest, name))
    elif kind == POSITIONAL and text[1:-1].isdigit():
        at = int(text[1:-1]) + offset
        if 0 <= at < count:
            copy(place, int(f.parameter[start + at]))
        elif rest and at >= count:
            copy(place, elements.place(rest, f.world.name(c.item(at - count))))
    elif name == elements.unknown:
        for parameter in f.parameter[start + max(offset, 0) : start + count].tolist():
            copy(place, parameter)
        if rest:
            copy(place, elements.place(rest, name))


def fluent(f: Fixpoint, rows: Ints, objects: Ints) -> None:
    """value, class, result: of what a method returns, instances of its class and related ones."""
    chosen = p.among(f.points.kind[objects], p.INSTANCES)
    for (_, class_, result), object_ in each(rows, objects, where=chosen):
        if f.lookup.related(class_, f.points.a_of[object_], cone=True):
            f.points.hold(result, object_)


# by the table of its rows, in the order of each round
RULES: dict[str, Rule] = {
    "super": super_,
    "load": load,
    "special": special,
    "keyed": keyed,
    "by_key": by_key,
    "store": store,
    "bound_copy": bound_copy,
    "annotate": annotate,
    "call": call,
    "wrap": wrap,
    "spread": spread,
    "fluent": fluent,
}
# what these bring is copied on and met again before the next rule
CHAINS = ("load", "special", "bound_copy", "call")
