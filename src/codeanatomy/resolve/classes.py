"""In which order does a class look for attributes (C3), which classes inherit from it, and whose
definition of an attribute does an object see? Out to external bases as the stubs declare them."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import cache
from itertools import chain, islice

import numpy as np

from codeanatomy.facts.ids import grouped
from codeanatomy.resolve import points as p
from codeanatomy.resolve.pairs import each
from codeanatomy.resolve.world import Modules
from codeanatomy_stubs.stubs import Stubs

EXTERNAL_DEPTH = 6  # attributes followed below the name that an import or builtin gives
MODULE_TYPE = "types.ModuleType"  # a module of which nothing but that is known
FUNCTION_PARTS = ("cache_clear", "cache_info", "register", "dispatch")  # what decorators add


class Classes:
    """Orders of the classes whose bases are known (the others wait for one place or class each),
    and definitions of attributes along and below these orders, and outside of them."""

    def __init__(self, modules: Modules, stubs: Stubs) -> None:
        self.modules, self.world, self.points = modules, modules.world, modules.points
        self.stubs = stubs
        rows = self.world.rows
        self._metaclasses = dict(rows["metaclass"][:, :2].tolist())
        # class -> itself, then where to look next
        self.order: dict[int, tuple[int, ...]] = self.points.order
        self.doubtful: set[int] = set()  # classes with a base that is not known, or not for sure
        # class -> itself and the classes that inherit from it, once all are ordered
        self.below: dict[int, set[int]] = {}
        self._branching: set[int] = set()  # classes with several bases somewhere in their order
        bases = sorted(rows["base"][:, :3].tolist())
        self.places = grouped((class_, place) for class_, _, place in bases)
        self.waiting: list[int] = np.flatnonzero(self.world.kinds == p.CLASS).tolist()
        self._classes = frozenset(self.waiting)
        bound = sorted(self.world.bound.items())
        # name -> classes whose body binds it
        self.binders = grouped((x, of) for of, names in bound if of in self._classes for x in names)
        # of external things: how many attributes below an imported name they lie
        self.depth: defaultdict[int, int] = defaultdict(int)
        # each is found once per argument
        self.child: Callable[[int, int], int] = cache(self._child)
        # what the stubs declare an external thing to be: class, function, ...; "" for unknown
        self.declared: Callable[[int], str] = cache(lambda x: stubs.kind(modules.dotted(x)))
        self.first = cache(self._first)
        self.overriding = cache(self._overriding)
        self.definers = cache(self._definers)
        self._classes_in = cache(self._held_classes)

    # orders

    def add(self, class_: int, bases: int) -> None:
        """A class made while solving, whose bases are what the place holds."""
        self.places[class_] = [bases]
        self.waiting.append(class_)
        self._classes |= {class_}

    def settle(self, *, force: bool = False) -> bool:
        """Orders every class whose bases are known (`force`: what is not known is left out); True
        when a class became ready."""
        count, waiting = self.points.count, self.waiting
        if not force:  # those all of whose base expressions hold something
            waiting = [x for x in waiting if all(count[at] for at in self.places.get(x, ()))]
        found = self._bases(waiting)
        left = [x for x in waiting if force or found[x][1]]

        def ready(class_: int) -> bool:
            return all(b in self.order or b not in self._classes for b in found[class_][0])

        # where none is ready, one class breaks a circle of bases
        while now := [x for x in left if ready(x)] or left[:force]:
            for class_ in now:
                bases, complete = found[class_]
                if not complete:
                    self.doubtful.add(class_)
                self.order[class_] = self._linear(class_, bases)
            left = [x for x in left if x not in self.order]
        before = len(self.waiting)
        self.waiting = [x for x in self.waiting if x not in self.order]
        return len(self.waiting) < before

    def _bases(self, waiting: list[int]) -> dict[int, tuple[list[int], bool]]:
        """Bases found so far of these classes; complete: every base has a value."""
        places = [p for x in waiting for p in self.places.get(x, ())]
        which, objects = self.points.pairs.join(np.array(places or [0], np.int64))
        held: dict[int, list[int]] = {}
        for i, object_, kind in each(which, objects, self.points.kind[objects]):
            if kind in (*p.CLASSES, p.EXTERNAL):
                class_ = self.points.a_of[object_] if kind == p.CLS else object_
                held.setdefault(places[i], []).append(class_)
        found = {}
        for class_ in waiting:
            values = [
                sorted({*held.get(at, ())} - {class_}, key=lambda x: (x not in self._classes, x))
                for at in self.places.get(class_, ())
            ]
            if any(len(x) > 1 for x in values):
                self.doubtful.add(class_)
            found[class_] = [*dict.fromkeys(chain.from_iterable(values))], all(values)
        return found

    def _linear(self, class_: int, bases: Sequence[int]) -> tuple[int, ...]:
        """C3 over the bases' orders; where they contradict, the first head goes first."""
        known = [x for x in bases if x in self.order or x not in self._classes]
        if len(known) < len(bases):  # forced inside a circle of bases
            self.doubtful.add(class_)
        orders = [[*self.order.get(x, (x,))] for x in known]
        todo = [x for x in (*orders, [x[0] for x in orders]) if x]
        result = [class_]
        while todo:
            heads = (s[0] for s in todo if not any(s[0] in other[1:] for other in todo))
            head = next(heads, todo[0][0])
            result.append(head)
            todo = [rest for s in todo if (rest := [x for x in s if x != head])]
        return tuple(result)

    def close(self) -> None:
        """Notes for every class which ones inherit from it; call when all classes are ordered."""
        for class_, order in self.order.items():
            if any(self.order.get(x, (x,)) != order[i:] for i, x in enumerate(order)):
                self._branching.add(class_)
            for above in order:
                self.below.setdefault(above, set()).add(class_)

    def metaclass(self, class_: int) -> list[int]:
        """The metaclasses that the class or one above it names; the nearest one's first."""
        order = self.order.get(class_, ())
        named = next((self._metaclasses[x] for x in order if x in self._metaclasses), 0)
        return self._classes_in(named, int(self.points.count[named])) if named else []

    def _held_classes(self, place: int, count: int) -> list[int]:
        """The classes among the so many objects that the place holds."""
        _, held = self.points.pairs.join(np.array([place], np.int64))
        return [x for x in held.tolist() if x in self._classes]

    # definitions

    def _child(self, external: int, name: int) -> int:
        """The external thing `external.name`; 0 where a builtin type lacks it, or too deep."""
        depth = self.depth[external]
        if depth >= EXTERNAL_DEPTH or not self.may_have(external, name):
            return 0
        child = self.modules.member(external, name)
        self.depth[child] = depth + 1
        return child

    def may_have(self, external: int, name: int) -> bool:
        what, dotted = self.declared(external), self.modules.dotted(external)
        text = self.world.texts[name]
        if what == "class":
            if dotted == MODULE_TYPE:
                return bool(self.stubs.kind(f"{dotted}.{text}"))
            members = self.stubs.members(dotted)
            return members is None or text in members
        if what == "function":
            return text.startswith("__") or text in FUNCTION_PARTS
        return True

    def _first(self, class_: int, name: int, after: int = 0) -> int:
        """The first class in the order (after `after`) whose body binds the name; negative: an
        external base that may have it; 0: none."""
        order = self.order.get(class_, (class_,))
        if after:
            order = order[order.index(after) + 1 :] if after in order else ()
        outside = 0
        for candidate in order:
            if candidate << 32 | name in self.world.definition:
                return candidate
            if self.points.kind_of[candidate] == p.EXTERNAL and not outside:
                outside = candidate if self.may_have(candidate, name) else 0
        return -outside

    def unsure(self, class_: int, first: int) -> bool:
        """Whether a class with bases not known stands before the one that has the attribute."""
        order = self.order.get(class_, ())
        before = order[: order.index(first)] if first in order else order
        return not self.doubtful.isdisjoint(before)

    def _overriding(self, class_: int, name: int, first: int) -> list[int]:
        """Classes whose definition instances of inheriting classes use instead of `first`."""
        below = self.below.get(class_, set())

        def used(binder: int) -> bool:
            if binder == first or binder in self.order[class_]:
                return False
            under = below & self.below.get(binder, set())
            return binder in below or any(self.first(x, name) == binder for x in under)

        binders = self.binders.get(name, ()) if len(below) > 1 else ()
        return [*islice(filter(used, binders), p.OBJECTS_PER_PLACE)]

    def _definers(self, object_: int, name: int) -> tuple[int, list[int]]:
        """`first` of an object's class, and the classes whose definition may be used instead; those
        that `super()` reaches are of inheriting classes with several bases."""
        points, class_ = self.points, self.class_of(object_)
        kind, around, receiver = (x[object_] for x in (points.kind_of, points.a_of, points.b_of))
        if kind != p.SUPER:
            first = self.first(class_, name)
            return first, self.overriding(class_, name, first) if kind in p.CONES else []
        first = self.first(class_, name, around)
        cone = points.kind_of[receiver] in p.CONES
        below = sorted(self.below.get(class_, set()) & self._branching) if cone else []
        there = dict.fromkeys(self.first(x, name, around) for x in below)
        return first, [x for x in there if x > 0 and x != first][: p.OBJECTS_PER_PLACE]

    def class_of(self, object_: int) -> int:
        """The class behind an instance, a class or a `super()`."""
        kind = self.points.kind_of[object_]
        if kind == p.SUPER:
            return self.class_of(self.points.b_of[object_])
        return object_ if kind == p.CLASS else self.points.a_of[object_]

    def instance_side(self, object_: int) -> int:
        """The instance that a call of the class gives."""
        kind = p.INSTANCE if self.points.kind_of[object_] == p.CLASS else p.SELF
        return self.points.object(kind, self.class_of(object_))

    def class_side(self, object_: int) -> int:
        """The class of an instance; all else is its own."""
        kind, a = self.points.kind_of[object_], self.points.a_of[object_]
        if kind == p.INSTANCE:
            return a
        return self.points.object(p.CLS, a) if kind == p.SELF else object_

    def bases_outside(self, class_: int) -> list[str]:
        """Dotted names of the external classes that the class inherits from, in order."""
        order = self.order.get(class_, ())
        return [self.modules.dotted(x) for x in order if self.points.kind_of[x] == p.EXTERNAL]
