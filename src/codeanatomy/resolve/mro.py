"""In which order does a class look for attributes (C3), and which classes inherit from it?"""

from collections.abc import Sequence

import numpy as np

from codeanatomy.resolve.pairs import Ints, each
from codeanatomy.resolve.points import CLASS, CLS, EXTERNAL, Flags, Points
from codeanatomy.resolve.world import World


class Classes:
    """Orders of the classes whose bases are known; the others wait for one place or class each."""

    def __init__(self, points: Points, world: World) -> None:
        self.points = points
        self._metaclasses = dict(world.rows["metaclass"][:, :2].tolist())
        self._meta: dict[int, list[int]] = {}
        self.order: dict[int, tuple[int, ...]] = {}  # class -> itself, then where to look next
        points.order = self.order
        self.unsure: set[int] = set()  # classes with a base that is not known, or not for sure
        self.below: dict[int, int] = {}  # class -> bits of the classes that inherit from it
        self.with_below: dict[int, int] = {}  # the same with the class's own bit
        self.branching = 0  # bits of the classes with several bases somewhere in their order
        self.doubtful: set[int] = set()  # classes with one of those in their order
        self.numbered: list[int] = []  # all classes, once they are ordered
        self._several: set[int] = set()
        rows = world.rows["base"][:, :3].tolist()
        self.places: dict[int, list[int]] = {}
        for class_, _, place in sorted(rows, key=lambda row: row[:2]):
            self.places.setdefault(class_, []).append(place)
        self.waiting: list[int] = np.flatnonzero(world.kinds == CLASS).tolist()
        self._classes = frozenset(self.waiting)

    def add(self, class_: int, bases: int) -> None:
        """A class made while solving, whose bases are what the place holds."""
        self.places[class_] = [bases]
        self.waiting.append(class_)
        self._classes |= {class_}

    def settle(self, *, force: bool = False) -> bool:
        """Orders every class whose bases are known; `force`: what is not known is left out.

        True when a class became ready.
        """
        waiting = self.waiting if force else self._fed()
        if not waiting:
            return False
        found = self._bases(waiting)
        left, stuck = waiting, False
        while left:
            waiting, left = left, []
            for class_ in waiting:
                bases, complete = found[class_]
                blocked = any(b not in self.order and b in self._classes for b in bases)
                if (blocked and not stuck) or not (complete or force):
                    left.append(class_)
                    continue
                stuck = False  # one class breaks a circle of bases, then the others go on
                if not complete:
                    self.unsure.add(class_)
                self.order[class_] = self._linear(class_, bases)
                if not self.unsure.isdisjoint(self.order[class_]):
                    self.doubtful.add(class_)
            if len(left) == len(waiting):
                if not force:
                    break
                stuck = True
        before = len(self.waiting)
        self.waiting = [x for x in self.waiting if x not in self.order]
        return len(self.waiting) < before

    def ready(self, classes: Ints) -> Flags:
        """Which of the classes have an order."""
        if not self.waiting:
            return np.ones(len(classes), bool)
        known, which = np.unique(classes, return_inverse=True)
        flags: Flags = np.array([x in self.order for x in known.tolist()], bool)[which]
        return flags

    def _fed(self) -> list[int]:
        """Waiting classes all of whose base expressions hold something."""
        count = self.points.count
        return [x for x in self.waiting if all(count[p] for p in self.places.get(x, ()))]

    def _bases(self, waiting: list[int]) -> dict[int, tuple[list[int], bool]]:
        """Bases found so far of these classes; complete: every base has a value."""
        places = [p for x in waiting for p in self.places.get(x, ())]
        which, objects = self.points.answers(np.array(places or [0], np.int64))
        kinds = self.points.kind[objects]
        held: dict[int, list[int]] = {}
        for i, object_, kind in each(which, objects, kinds):
            if kind == CLS:
                object_, kind = self.points.a_of[object_], CLASS
            if kind in (CLASS, EXTERNAL):
                held.setdefault(places[i], []).append(object_)
        found = {}
        for class_ in waiting:
            bases: list[int] = []
            complete = True
            for place in self.places.get(class_, ()):
                candidates = set(held.get(place, ())) - {class_}
                values = sorted(candidates, key=lambda x: (x not in self._classes, x))
                if len(values) > 1:
                    self.unsure.add(class_)
                complete &= bool(values)
                bases += [b for b in values if b not in bases]
            found[class_] = (bases, complete)
        return found

    def _linear(self, class_: int, bases: Sequence[int]) -> tuple[int, ...]:
        """C3 over the bases' orders; where they contradict, the first head goes first."""
        orders = []
        for base in bases:
            if base in self.order or base not in self._classes:
                orders.append(list(self.order.get(base, (base,))))
            else:
                self.unsure.add(class_)  # forced inside a circle of bases
        if len(orders) == 1:
            if bases[0] in self._several:
                self._several.add(class_)
            return (class_, *orders[0])
        if orders:
            self._several.add(class_)
        todo = [x for x in (*orders, [x[0] for x in orders]) if x]
        result = [class_]
        while todo:
            head = next(
                (s[0] for s in todo if not any(s[0] in other[1:] for other in todo)), todo[0][0]
            )
            result.append(head)
            todo = [rest for s in todo if (rest := [x for x in s if x != head])]
        return tuple(result)

    def close(self) -> None:
        """Notes for every class which ones inherit from it; call when all classes are ordered."""
        self.numbered = sorted(self.order)
        for bit, class_ in enumerate(self.numbered):
            self.with_below[class_] = 1 << bit
            if class_ in self._several:
                self.branching |= 1 << bit
            for above in self.order[class_][1:]:
                self.below[above] = self.below.get(above, 0) | 1 << bit
        for class_ in self.numbered:
            self.with_below[class_] |= self.below.get(class_, 0)

    def metaclass(self, class_: int) -> list[int]:
        """The metaclasses that the class or one above it names; the nearest one's first."""
        if not self._metaclasses:
            return []
        named = next((x for x in self.order[class_] if x in self._metaclasses), 0)
        known = self._meta.get(named)
        if known is None:
            place = np.array([self._metaclasses.get(named, 0)], np.int64)
            known = [x for x in self.points.pairs.join(place)[1].tolist() if x in self._classes]
            if known or not named:
                self._meta[named] = known
        return known

    def inheriting(self, bits: int) -> list[int]:
        """The classes of a set of bits, in order."""
        found = []
        while bits:
            low = bits & -bits
            found.append(self.numbered[low.bit_length() - 1])
            bits ^= low
        return found
