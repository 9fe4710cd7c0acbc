"""What does attribute `name` of an object hold? One place per pair, made when first asked for."""

from codeanatomy.facts import constraints as c
from codeanatomy.resolve import points as p
from codeanatomy.resolve.builtin_types import has_attribute
from codeanatomy.resolve.link import Modules
from codeanatomy.resolve.mro import Classes
from codeanatomy.resolve.points import Points
from codeanatomy.resolve.world import Bindings, World

EXTERNAL_DEPTH = 6  # attributes followed below the name that an import or builtin gives
PROPERTY_PARTS = ("setter", "getter", "deleter")


class Lookup:
    """Places of attributes. Reads of an attribute that some store sets see every field of that name
    along the class's order; reads through `self` also see definitions of inheriting classes.
    """

    def __init__(
        self, world: World, points: Points, modules: Modules, classes: Classes, bindings: Bindings
    ) -> None:
        self.world, self.points, self.modules, self.classes = world, points, modules, classes
        self.bindings = bindings
        self.fields = dict(bindings.place)
        self.stored = set(world.rows["store"][:, 1].tolist())
        self.binders: dict[int, list[int]] = {}  # name -> classes whose body binds it
        for scope, names in sorted(bindings.names.items()):
            if points.kind[scope] == p.CLASS:
                for name in names:
                    self.binders.setdefault(name, []).append(scope)
        self.bound_copies: list[tuple[int, int, int, int]] = []  # new rows of the bound-copy rule
        self._found: dict[tuple[int, int], int | None] = {}
        self._first: dict[tuple[int, int, int], int] = {}
        self._depth: dict[int, int] = {}
        self._children: dict[tuple[int, int], int] = {}
        self._inherited: list[tuple[int, int]] = []  # (place, member of an external base)
        self._overriding: dict[tuple[int, int], list[int]] = {}
        self.storing: dict[int, list[tuple[int, int]]] = {}  # name -> (class, field)
        self._reading: dict[int, list[tuple[int, bool, int]]] = {}  # name -> (class, cone, place)

    def field(self, object_: int, name: int) -> int:
        """The place of an object's own attribute."""
        key = object_ << 32 | name
        place = self.fields.get(key)
        if place is None:
            place = self.fields[key] = self.points.place()
        return place

    def module_member(self, module: int, name: int) -> int:
        """The place of a module's name: bound there, a submodule, or from its star imports."""
        key = module << 32 | name
        place = self.fields.get(key)
        if place is None:
            place = self.field(module, name)
            submodule = self.modules.submodule(module, name)
            if submodule:
                self.points.hold(place, submodule)
            else:
                sources, outside = self.modules.star_sources(module, name)
                for source in sources:
                    self.points.copy(self.module_member(source, name), place)
                if not sources:
                    for external in outside:
                        self.points.hold(place, self.modules.member(external, name))
        return place

    def stored_field(self, class_: int, name: int) -> int:
        """The place of what is stored as that attribute of the class or its instances."""
        if class_ << 32 | name in self.bindings.definition:
            return self.fields[class_ << 32 | name]
        key = self.points.object(p.INSTANCE, class_) << 32 | name
        place = self.fields.get(key)
        if place is None:
            place = self.fields[key] = self.points.place()
            self.storing.setdefault(name, []).append((class_, place))
            for reader, cone, target in self._reading.get(name, ()):
                if self._related(reader, class_, cone=cone):
                    self.points.copy(place, target)
        return place

    def find(self, object_: int, name: int) -> int | None:
        """Place of the attribute; negative: the object it is; 0: none; None: the class waits."""
        key = (object_, name)
        if key in self._found:
            return self._found[key]
        place = self._find(object_, name)
        if place is not None:
            self._found[key] = place
        return place

    def _find(self, object_: int, name: int) -> int | None:
        points = self.points
        kind, a = int(points.kind[object_]), int(points.a[object_])
        if kind in (p.INSTANCE, p.SELF, p.CLASS, p.CLS, p.SUPER):
            return self._member(object_, kind, name)
        if kind in (p.MODULE, p.NAMESPACE):
            return self.module_member(object_, name)
        if kind in (p.EXTERNAL, p.LITERAL):
            return -self.child(a if kind == p.LITERAL else object_, name)
        if kind == p.FUNCTION:
            return self.field(object_, name) if name in self.stored else 0
        if kind in (p.BOUND, p.OVERRIDE):
            return self.field(a, name) if name in self.stored else 0
        if kind == p.PROPERTY and self.world.texts[name] in PROPERTY_PARTS:
            return -points.object(p.PROPERTY_PART, object_, name)
        return 0

    def child(self, external: int, name: int) -> int:
        """The external thing `external.name`; 0 where a builtin type lacks it, or too deep."""
        key = (external, name)
        child = self._children.get(key)
        if child is None:
            depth = self._depth.get(external, 0)
            child = 0
            if depth < EXTERNAL_DEPTH and self._may_have(external, name):
                child = self.modules.member(external, name)
                self._depth[child] = depth + 1
            self._children[key] = child
        return child

    def _may_have(self, external: int, name: int) -> bool:
        dotted = self.modules.dotted(external)
        if not dotted.startswith("builtins."):
            return True
        inner = dotted.removeprefix("builtins.")
        return "." not in inner and has_attribute(inner, self.world.texts[name])

    # classes

    def first(self, class_: int, name: int, after: int = 0) -> int:
        """The first class in the order (after `after`) whose body binds the name; negative: an
        external base that may have it; 0: none."""
        key = (class_, name, after)
        found = self._first.get(key)
        if found is None:
            order = self.classes.order[class_]
            if after:
                order = order[order.index(after) + 1 :] if after in order else ()
            found = 0
            for candidate in order:
                if self.points.kind[candidate] == p.EXTERNAL:
                    if not found and self._may_have(candidate, name):
                        found = -candidate
                elif candidate << 32 | name in self.bindings.definition:
                    found = candidate
                    break
            self._first[key] = found
        return found

    def class_of(self, object_: int) -> int:
        """The class behind an instance, a class or a `super()`."""
        kind = int(self.points.kind[object_])
        if kind == p.SUPER:
            return self.class_of(int(self.points.b[object_]))
        return object_ if kind == p.CLASS else int(self.points.a[object_])

    def _member(self, object_: int, kind: int, name: int) -> int | None:
        points, class_ = self.points, self.class_of(object_)
        if class_ not in self.classes.order:
            return None
        receiver = int(points.b[object_]) if kind == p.SUPER else object_
        cone = int(points.kind[receiver]) in (p.SELF, p.CLS)
        if kind == p.SUPER:
            first, others = (
                self.first(class_, name, int(points.a[object_])),
                self.beside(object_, name),
            )
        else:
            first = self.first(class_, name)
            others = self.overriding(class_, name, first) if cone else []
            if self.world.texts[name] == "__class__":
                return self._own_class(class_, kind)
        reads = kind != p.SUPER and name in self.stored
        unsure = self.unsure(class_, first)
        if not first and not others and not reads and not unsure:
            return 0
        if first < 0 and not others and not reads and not unsure:
            return -self.child(-first, name)
        place = points.place()
        if first > 0:
            self.bound_copies.append((self.fields[first << 32 | name], place, receiver, 0))
        elif first < 0:
            self._of_base(place, self.child(-first, name), wait=reads)
        for other in others:
            self.bound_copies.append((self.fields[other << 32 | name], place, receiver, 1))
        if others:
            points.marks[place] |= 1 << c.OVERRIDDEN
        if len(others) >= p.OBJECTS_PER_PLACE:
            points.marks[place] |= 1 << c.WIDE
        if unsure:
            points.marks[place] |= 1 << c.UNKNOWN_BASE
        if reads:
            self._reading.setdefault(name, []).append((class_, cone, place))
            for storer, field in self.storing.get(name, ()):
                if self._related(class_, storer, cone=cone):
                    points.copy(field, place)
        return place

    def _of_base(self, place: int, child: int, *, wait: bool) -> None:
        """An external base may have the attribute, unless a class of the repository stores it."""
        if wait:
            self._inherited.append((place, child))
        else:
            self.points.hold(place, child)

    def inherit(self) -> bool:
        """What nothing was stored as comes from the external base; True if there is any."""
        waiting, self._inherited = self._inherited, []
        empty = [x for x in waiting if x[1] and not self.points.count[x[0]]]
        for place, child in empty:
            self.points.hold(place, child)
        return bool(empty)

    def is_stored(self, class_: int, name: int, *, cone: bool) -> bool:
        """Whether the class, one above or (cone) one below stores the attribute."""
        return any(
            self._related(class_, storer, cone=cone) for storer, _ in self.storing.get(name, ())
        )

    def _own_class(self, class_: int, kind: int) -> int:
        if kind == p.INSTANCE:
            return -class_
        return -self.points.object(p.CLS, class_) if kind == p.SELF else 0

    def _related(self, reader: int, storer: int, *, cone: bool) -> bool:
        order = self.classes.order
        return storer in order[reader] or (cone and reader in order.get(storer, ()))

    def unsure(self, class_: int, first: int) -> bool:
        """Whether a class with bases not known stands before the one that has the attribute."""
        if class_ not in self.classes.doubtful:
            return False
        unsure = self.classes.unsure
        for candidate in self.classes.order[class_]:
            if candidate == first:
                return False
            if candidate in unsure:
                return True
        return False

    def overriding(self, class_: int, name: int, first: int) -> list[int]:
        """Classes whose definition instances of inheriting classes use instead of `first`."""
        below = self.classes.below.get(class_, 0)
        if not below:
            return []
        known = self._overriding.get((class_, name))
        if known is not None:
            return known
        order, found = self.classes.order[class_], self._overriding.setdefault((class_, name), [])
        orders, with_below = self.classes.order, self.classes.with_below
        for binder in [b for b in self.binders.get(name, ()) if below & with_below.get(b, 0)]:
            if binder == first or binder in order:
                continue
            if class_ in orders[binder] or any(
                self.first(x, name) == binder
                for x in self.classes.inheriting(below & with_below[binder])
            ):
                found.append(binder)
                if len(found) == p.OBJECTS_PER_PLACE:
                    break
        return found

    def beside(self, object_: int, name: int) -> list[int]:
        """Classes that `super()` reaches instead in an inheriting class with several bases."""
        points = self.points
        around, receiver = int(points.a[object_]), int(points.b[object_])
        if int(points.kind[receiver]) not in (p.SELF, p.CLS):
            return []
        class_ = int(points.a[receiver])
        first, found = self.first(class_, name, around), []
        for other in self.classes.inheriting(
            self.classes.below.get(class_, 0) & self.classes.branching
        ):
            there = self.first(other, name, around)
            if there > 0 and there != first and there not in found:
                found.append(there)
                if len(found) == p.OBJECTS_PER_PLACE:
                    break
        return found
