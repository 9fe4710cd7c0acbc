"""What does each kind of constraint say about the objects that reach it? One function per rule.

A rule gets rows and, for each row, an object that its first place holds; every such pair once.
"""

from collections.abc import Callable

import msgspec
import numpy as np

from codeanatomy.resolve import points as p
from codeanatomy.resolve.calls import call
from codeanatomy.resolve.fixpoint import WAITS, Fixpoint
from codeanatomy.resolve.pairs import Ints, pair

CLASSY = (p.INSTANCE, p.SELF, p.CLASS, p.CLS)


class Rule(msgspec.Struct, frozen=True):
    """A rule and the rows it reads."""

    table: str
    run: Callable[[Fixpoint, Ints, Ints], None]


def super_(f: Fixpoint, rows: Ints, objects: Ints) -> None:
    """receiver, class, result: what `super()` gives for the receiver."""
    kinds = f.kinds(objects)
    fits = np.isin(kinds, CLASSY)
    for (_, class_, result), object_ in zip(
        rows[fits].tolist(), objects[fits].tolist(), strict=True
    ):
        f.points.hold(result, f.points.object(p.SUPER, class_, object_))


def load(f: Fixpoint, rows: Ints, objects: Ints) -> None:
    """base, attribute, result."""
    found = f.found(objects, rows[:, 1])
    place = found > 0
    f.points.copy_all(found[place], rows[place, 2])
    single = (found < 0) & (found != WAITS)
    f.points.hold_all(rows[single, 2], -found[single])
    waits = found == WAITS
    if waits.any():
        f.waiting.append(("load", np.column_stack((rows[waits], objects[waits]))))


def store(f: Fixpoint, rows: Ints, objects: Ints) -> None:
    """base, attribute, value. What is stored on something outside is not followed."""
    kinds = f.kinds(objects)
    waits = np.isin(kinds, CLASSY)
    waits[waits] = [f.lookup.class_of(o) not in f.classes.order for o in objects[waits].tolist()]
    if waits.any():
        f.waiting.append(("store", np.column_stack((rows[waits], objects[waits]))))
        rows, objects, kinds = rows[~waits], objects[~waits], kinds[~waits]
    for chosen, place_of in (
        (np.isin(kinds, CLASSY), _stored),
        (np.isin(kinds, (p.MODULE, p.FUNCTION)), _own),
    ):
        if chosen.any():
            keys, inverse = np.unique(pair(objects[chosen], rows[chosen, 1]), return_inverse=True)
            places = np.array([place_of(f, x >> 32, x & 0xFFFFFFFF) for x in keys.tolist()])
            f.points.copy_all(rows[chosen, 2], places[inverse])


def _stored(f: Fixpoint, object_: int, name: int) -> int:
    return f.lookup.stored_field(f.lookup.class_of(object_), name)


def _own(f: Fixpoint, object_: int, name: int) -> int:
    if f.points.kind[object_] == p.MODULE:
        return f.lookup.module_member(object_, name)
    return f.lookup.field(object_, name)


def bound_copy(f: Fixpoint, rows: Ints, objects: Ints) -> None:
    """source, target, receiver, overriding: an attribute of a class as its receiver sees it."""
    points = f.points
    kinds, receivers = f.kinds(objects), rows[:, 2]
    instance = np.isin(points.kind[receivers], (p.INSTANCE, p.SELF))
    plain = (
        ~np.isin(kinds, (p.CLASS_METHOD, p.STATIC_METHOD))
        & ~((kinds == p.PROPERTY) & instance)
        & ~((kinds == p.FUNCTION) & instance)
    )
    points.hold_all(rows[plain, 1], objects[plain])
    special = ~plain
    for (_, target, receiver, overriding), object_, kind in zip(
        rows[special].tolist(), objects[special].tolist(), kinds[special].tolist(), strict=True
    ):
        bound = p.OVERRIDE if overriding else p.BOUND
        function = object_ if kind == p.FUNCTION else int(points.a[object_])
        if kind == p.FUNCTION:
            kept = receiver if f.keeps_receiver[function] else 0
            points.hold(target, points.object(bound, function, kept))
        elif kind == p.CLASS_METHOD:
            points.hold(target, points.object(bound, function, _class_side(f, receiver)))
        elif kind == p.STATIC_METHOD:
            points.hold(target, function)
        else:
            f.property_places.append(target)


def _class_side(f: Fixpoint, receiver: int) -> int:
    kind, a = int(f.points.kind[receiver]), int(f.points.a[receiver])
    if kind == p.INSTANCE:
        return a
    return f.points.object(p.CLS, a) if kind == p.SELF else receiver


def wrap(f: Fixpoint, rows: Ints, objects: Ints) -> None:
    """value, kind, result: classmethod, staticmethod and property of a function."""
    points = f.points
    function = f.kinds(objects) == p.FUNCTION
    for (_, kind, result), object_ in zip(
        rows[function].tolist(), objects[function].tolist(), strict=True
    ):
        points.hold(result, points.object(kind, object_))
    points.hold_all(rows[~function, 2], objects[~function])


RULES = (
    Rule("super", super_),
    Rule("load", load),
    Rule("store", store),
    Rule("bound_copy", bound_copy),
    Rule("call", call),
    Rule("wrap", wrap),
)
