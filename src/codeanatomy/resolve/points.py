"""Which objects may a place hold? The growing points-to set, its copy edges and its bounds."""

import numpy as np
import numpy.typing as npt

from codeanatomy.facts import constraints as c
from codeanatomy.resolve.pairs import LOW, SHIFT, Flags, Ints, Pairs, pair, spread

# kinds of objects; the first three come from the files, the others are made while solving. (a, b):
MODULE, FUNCTION, CLASS = c.MODULE, c.FUNCTION, c.CLASS
EXTERNAL = 4  # thing outside: (parent, name), or (0, dotted name)
LITERAL = 5  # value of a builtin type: (external class, 0)
INSTANCE = 6  # instance of just this class: (class, 0)
SELF = 7  # instance of the class or of one that inherits from it: (class, 0)
CLS = 8  # the class or one that inherits from it: (class, 0)
BOUND = 9  # method with its receiver: (function, receiver or 0)
OVERRIDE = 10  # the same, of a class that inherits from the receiver's: (function, receiver or 0)
CLASS_METHOD, STATIC_METHOD, PROPERTY = 11, 12, 13  # (function, 0)
SUPER = 14  # what super() gives: (class around, receiver)
FACTORY = 15  # what an external call gave that is then used as a decorator: (external, 0)
NAMESPACE = 16  # folder without __init__, a namespace package: (0, dotted name)
PROPERTY_PART = 17  # setter, getter or deleter of a property: (property, external method)
CONTAINER = 18  # list, dict, ...: (external class, place that first held it)
GENERATOR = 19  # what a call of a generator function gives: (function, 0)
CONSTANT = 20  # value of a builtin type that is known: (external class, name of the element it is)
METHOD_OF = 21  # method of a container or generator: (that, external method)
PARTIAL = 22  # what functools.partial gives: (call, 0)
ANY_METHOD = 23  # what getattr(x, name) may give: (class of x, 0)

VALUES = (LITERAL, CONSTANT)
INSTANCES = (INSTANCE, SELF)
CLASSES = (CLASS, CLS)
CONES = (SELF, CLS)  # of a class or one that inherits from it
OF_CLASS = (*INSTANCES, *CLASSES, SUPER)  # whose attributes a class's order tells
OPAQUE = (EXTERNAL, LITERAL, FACTORY, CONTAINER, CONSTANT, METHOD_OF, ANY_METHOD)

Counts = npt.NDArray[np.int32]


def among(kinds: Ints, wanted: tuple[int, ...]) -> Flags:
    """Which of the kinds are one of those wanted; by bits, as np.isin takes longer to start."""
    return (sum(1 << kind for kind in wanted) >> kinds) & 1 > 0


# measured: 16 loses a tenth of the calls that sqlparse makes at run time, 48 costs a third more
OBJECTS_PER_PLACE = 28
OPAQUE_PER_PLACE = 4
PER_PLACE = ("count", "opaque", "marks", "has_edge", "interest")


class Points:
    """pts(place, object), copy(src, dst), and everything that grows with them."""

    def __init__(self, places: int, kinds: Ints) -> None:
        count = len(kinds)
        capacity = 2 * count + 1024
        self.places = places
        self.kind, self.a, self.b = (np.zeros(capacity, np.int64) for _ in range(3))
        self.kind[:count] = kinds
        self.kind_of: list[int] = kinds.tolist()  # the same of one
        self.a_of, self.b_of = [0] * count, [0] * count
        room = 2 * places + 1024
        # marks: bits of reasons why a place is not sure
        self.count, self.opaque, self.marks = (np.zeros(room, np.int32) for _ in range(3))
        self.has_edge = np.zeros(room, bool)
        self.interest = np.zeros(room, np.int64)  # bits of the rules that read a place
        self.pairs, self.edges = Pairs(), Pairs()
        self.dropped = Pairs()  # what places had no room for
        self.derived: dict[tuple[int, int, int], int] = {}  # (kind, a, b) -> object
        self.order: dict[int, tuple[int, ...]] = {}  # of the classes; see classes.py

    # growth

    def place(self) -> int:
        """A new place."""
        number = self.places
        self.places += 1
        if number >= len(self.count):
            for column in PER_PLACE:
                old = getattr(self, column)
                setattr(self, column, np.concatenate((old, np.zeros_like(old))))
        return number

    def object(self, kind: int, a: int, b: int = 0) -> int:
        """The object of that kind made of a and b: one for each triple."""
        key = (kind, a, b)
        number = self.derived.get(key)
        if number is None:
            number = self.derived[key] = len(self.kind_of)
            if number == len(self.kind):
                columns = (self.kind, self.a, self.b)
                self.kind, self.a, self.b = (np.append(x, np.zeros_like(x)) for x in columns)
            self.kind[number], self.a[number], self.b[number] = key
            self.kind_of.append(kind)
            self.a_of.append(a)
            self.b_of.append(b)
        return number

    def hold(self, place: int, object_: int) -> None:
        """The place holds the object."""
        self.pairs.waiting_ones.append(place << 32 | object_)

    def hold_all(self, places: Ints, objects: Ints) -> None:
        """Each place holds the object beside it."""
        self.pairs.waiting.append(pair(places, objects)[places > 0])

    def copy(self, source: int, target: int) -> None:
        """Whatever the source holds, the target holds."""
        self.edges.waiting_ones.append(source << 32 | target)

    def copy_all(self, sources: Ints, targets: Ints) -> None:
        """`copy` of each pair."""
        self.edges.waiting.append(pair(sources, targets)[(sources > 0) & (targets > 0)])

    def mark(self, places: Ints, reason: int) -> None:
        """Notes why what these places hold is not sure."""
        self.marks[places[places > 0]] |= np.int32(1 << reason)

    # closure

    def close(self) -> Ints:
        """Follows copies until nothing moves; returns all new pairs, sorted."""
        collected = [np.empty(0, np.int64)]
        while True:
            edges = self.edges.fresh(self.edges.taken())
            edges = edges[(edges & LOW > 0) & (edges >> SHIFT != edges & LOW)]
            if edges.size:
                open_ = edges[~self.is_wide(edges >> SHIFT)]
                which, objects = self.pairs.join(open_ >> SHIFT)
                self.edges.add(edges)
                self.has_edge[edges >> SHIFT] = True
                self.pairs.waiting.append(pair(open_[which] & LOW, objects))
            pairs = self.pairs.taken()
            if not pairs.size:
                break
            pairs = self.pairs.fresh(pairs)
            pairs = pairs[(pairs >> SHIFT > 0) & ~self._covered(pairs)]
            opaque = np.flatnonzero(among(self.kind[pairs & LOW], OPAQUE))
            pairs = self._bounded(pairs, opaque, self.opaque, OPAQUE_PER_PLACE)
            pairs = self._bounded(pairs, np.arange(len(pairs)), self.count, OBJECTS_PER_PLACE)
            if pairs.size:
                self.pairs.add(pairs)
                collected.append(pairs)
                pairs = pairs[self.has_edge[pairs >> SHIFT] & ~self.is_wide(pairs >> SHIFT)]
                which, targets = self.edges.join(pairs >> SHIFT)
                self.pairs.waiting.append(pair(targets, pairs[which] & LOW))
        return np.sort(np.concatenate(collected))

    def is_wide(self, places: Ints) -> Flags:
        """Which places hold too much to tell: nothing is copied from them any more."""
        flags: Flags = (self.marks[places] & (1 << c.WIDE)) != 0
        return flags

    def _bounded(self, pairs: Ints, counted: Ints, count: Counts, bound: int) -> Ints:
        """Those for which their places have room; what is dropped leaves a mark. `counted`: indices
        of those that take room."""
        places = pairs[counted] >> SHIFT
        first = np.flatnonzero(np.diff(places, prepend=-1))
        sizes = np.diff(first, append=len(places))
        rank = np.arange(len(places)) - np.repeat(first, sizes)  # among those of its place
        over = rank >= bound - count[places]
        self.mark(places[over], c.WIDE if count is self.count else c.TRUNCATED)
        self.dropped.waiting.append(pairs[counted[over]])
        count[places[first]] = np.minimum(count[places[first]] + sizes, bound)
        return np.delete(pairs, counted[over]) if over.any() else pairs

    def _covered(self, pairs: Ints) -> Flags:
        """Instances of which the place holds "instance of a class above, or of one below" already:
        their methods are found through that."""
        result = np.zeros(len(pairs), bool)
        chosen = np.flatnonzero(among(self.kind[pairs & LOW], INSTANCES))
        if not chosen.size:
            return result
        which, above = spread(self._cones, pairs[chosen] & LOW)
        held = self.pairs.has(pair(pairs[chosen[which]] >> SHIFT, above))
        result[chosen[which[held]]] = True
        return result

    def _cones(self, object_: int) -> list[int]:
        """The objects that stand for all instances of the object's class and of more."""
        order = self.order.get(self.a_of[object_], ())
        found = (self.derived.get((SELF, x, 0), object_) for x in order)
        return [x for x in found if x != object_]

    def settle(self) -> None:
        """After the fixpoint: places can be asked one by one, and what they had no room for."""
        self.dropped.add(self.dropped.fresh(self.dropped.taken()))
        self._held = self.pairs.all() & LOW
        self._first = np.cumsum(self.count) - self.count

    def held(self, place: int) -> list[int]:
        """The objects of one place, once these are settled."""
        count = self.count[place]
        if not count:  # as of places made since
            return []
        low = self._first[place]
        objects: list[int] = self._held[low : low + count].tolist()
        return objects
