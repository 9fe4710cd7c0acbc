"""What does attribute `name` of an object hold, and what an element of a container? One place per
pair, made when first asked for."""

from collections import defaultdict
from collections.abc import Callable
from itertools import product

from codeanatomy.facts import constraints as c
from codeanatomy.resolve import points as p
from codeanatomy.resolve.classes import Classes
from codeanatomy.resolve.pairs import Rows
from codeanatomy.resolve.world import Modules, World
from codeanatomy_stubs.stubs import Stubs

CONTAINERS = frozenset(f"builtins.{x}" for x in ("list", "dict", "set", "frozenset", "tuple"))
ENUMS = frozenset(f"enum.{x}" for x in ("Enum", "IntEnum", "StrEnum", "Flag", "IntFlag"))
# where an object lacks the first special method, the second one is called
INSTEAD = {
    **{f"__i{x}__": f"__{x}__" for x in ("add", "sub", "mul", "matmul", "truediv", "mod", "pow")},
    **{f"__i{x}__": f"__{x}__" for x in ("or", "xor", "and", "lshift", "rshift", "floordiv")},
    "__contains__": "__iter__",
    "__str__": "__repr__",
    "__bool__": "__len__",
}
PROPERTY_PARTS = ("setter", "getter", "deleter")
Storer = tuple[int, int, bool]  # class, field, whether it is stored on the class itself
Reader = tuple[int, bool, int, int]  # class, cone, target, receiver
Watcher = Callable[[int, int], None]  # (name of the element, its place)


class Elements:
    """Places of the elements of container objects: one per constant key, one for unknown keys, one
    for all together. What is put under an unknown key may be found
    under every key."""

    def __init__(self, world: World, points: p.Points) -> None:
        self._points = points
        self.unknown, self.all = world.name(c.ANY_ITEM), world.name("[all]")
        self.keys = world.name("[keys]")  # what the keys themselves may be
        self._places: dict[int, dict[int, int]] = {}
        self._watchers: dict[int, list[Watcher]] = {}

    def read(self, container: int, name: int) -> int:
        """The place to read an element from; `[*]` is any of them."""
        return self.place(container, self.all if name == self.unknown else name)

    def place(self, container: int, name: int) -> int:
        """The place of one element, made when first asked for."""
        places = self._places.setdefault(container, {})
        place = places.get(name)
        if place is not None:
            return place
        points = self._points
        place = points.place()
        if name in (self.all, self.unknown):
            points.marks[place] |= 1 << c.ELEMENT
            for key, other in places.items():
                if key != self.keys:
                    points.copy(*((other, place) if name == self.all else (place, other)))
        elif name != self.keys:
            points.copy(places.get(self.unknown, 0), place)
            points.copy(place, places.get(self.all, 0))
        places[name] = place
        if name not in (self.all, self.keys):
            for watcher in self._watchers.get(container, ()):
                watcher(name, place)
        return place

    def watch(self, container: int, watcher: Watcher) -> None:
        """Tells the watcher of every element, those to come included."""
        self._watchers.setdefault(container, []).append(watcher)
        for name, place in list(self._places.get(container, {}).items()):
            if name not in (self.all, self.keys):
                watcher(name, place)


class Lookup(Classes):
    """Places of attributes. Reads of one that some store sets see every field of that name along
    the class's order; reads through `self` also see definitions of inheriting classes."""

    def __init__(self, modules: Modules, stubs: Stubs) -> None:
        super().__init__(modules, stubs)
        self.tables: defaultdict[str, Rows] = defaultdict(Rows)  # by rule; see rules.py
        new_place = self.points.place
        # of an object's own attributes, by (object, name) as one number
        self.fields: defaultdict[int, int] = defaultdict(new_place, self.world.bound_place)
        self.setters: defaultdict[int, int] = defaultdict(new_place)  # property -> its setter's
        # generator function -> place of what it gives
        self.yields: defaultdict[int, int] = defaultdict(new_place)
        self.stored = set(self.world.rows["store"][:, 1].tolist())
        self.elements = Elements(self.world, self.points)
        self._found: dict[int, int] = {}  # (object, name) as one number
        self.inherited: list[tuple[int, int]] = []  # (place, member of an external base)
        self.storing: defaultdict[int, list[Storer]] = defaultdict(list)  # by name
        self._reading: defaultdict[int, list[Reader]] = defaultdict(list)
        self.namespaces: dict[int, int] = {}  # class that type() made -> place of its dict
        self.values: list[tuple[int, int]] = []  # (external variable, place of its value)

    def module_member(self, module: int, name: int) -> int:
        """The place of a module's name: bound there, a submodule, or from its star imports."""
        place = self.fields.get(module << 32 | name)
        if place is None:
            place = self.fields[module << 32 | name]
            if submodule := self.modules.submodule(module, name):
                self.points.hold(place, submodule)
            else:
                self.take(place, name, *self.modules.star_sources(module, name))
        return place

    def take(self, place: int, name: int, modules: list[int], externals: list[int]) -> bool:
        """The place takes its value from the name in these modules, and from external things;
        False: there are none."""
        for module in modules:
            self.points.copy(self.module_member(module, name), place)
        for external in externals:
            self.points.hold(place, external)
        return bool(modules or externals)

    def stored_field(self, class_: int, name: int, *, on_class: bool = False) -> int:
        """The place of what is stored as that attribute of the class's instances, or of itself."""
        own = on_class or class_ << 32 | name in self.world.definition
        owner = class_ if own else self.points.object(p.INSTANCE, class_)
        place = self.fields.get(owner << 32 | name)
        if place is None:
            place = self.fields[owner << 32 | name]
            self.storing[name].append((class_, place, on_class))
            self._show_stored(self.storing[name][-1:], self._reading[name])
        return place

    def _read_stored(self, name: int, *reader: *Reader) -> None:
        """Lets the target see all that is or will be stored as the attribute."""
        self._reading[name].append(reader)
        self._show_stored(self.storing[name], [reader])

    def _show_stored(self, storers: list[Storer], readers: list[Reader]) -> None:
        """What is stored on a class is seen as what its body binds: functions become methods."""
        for (storer, field, on_class), (class_, cone, *to) in product(storers, readers):
            if on_class and self.related(class_, storer, cone=cone):
                self.tables["bound_copy"].add_one(field, *to, 0)
            elif self.related(class_, storer, cone=cone):
                self.points.copy(field, to[0])

    def find(self, object_: int, name: int) -> int | None:
        """Place of the attribute; negative: the object it is; 0: none; None: the class waits."""
        key = object_ << 32 | name
        if key not in self._found and (place := self._find(object_, name)) is not None:
            self._found[key] = place
        return self._found.get(key)

    def _find(self, object_: int, name: int) -> int | None:
        points = self.points
        kind, a = points.kind_of[object_], points.a_of[object_]
        if self.world.texts[name][:1] in ("[", "("):
            return self._element(object_, kind, name)
        if kind in p.OF_CLASS:
            return self._member(object_, kind, name)
        if kind in (p.MODULE, p.NAMESPACE):
            return self.module_member(object_, name)
        if kind == p.EXTERNAL:
            return -self.child(object_, name)
        if kind in p.VALUES:
            child = self.child(a, name)
            if not child or self.declared(child) != "variable":
                return -child
            place = points.place()
            self.values.append((child, place))
            return place
        if kind in (p.CONTAINER, p.GENERATOR):
            type_ = a if kind == p.CONTAINER else self.modules.type("generator")
            method = self.child(type_, name)
            return -points.object(p.METHOD_OF, object_, method) if method else 0
        if kind in (p.FUNCTION, p.BOUND, p.OVERRIDE):
            function = object_ if kind == p.FUNCTION else a
            return self.fields[function << 32 | name] if name in self.stored else 0
        if kind == p.PROPERTY and self.world.texts[name] in PROPERTY_PARTS:
            part = self.modules.member(self.modules.type("property"), name)
            return -points.object(p.PROPERTY_PART, object_, part)
        return 0

    def _element(self, object_: int, kind: int, name: int) -> int | None:
        """Place of `x[key]`, or of the value that unpacking gives its target of that index."""
        text, points = self.world.texts[name], self.points
        if kind == p.CONTAINER:
            if ":" in text and text[1] not in "'\"":
                return -(object_ if text == c.SLICE else self._slice(object_, name))
            return self.elements.read(object_, self.world.name(f"[{text[1:-1]}]"))
        if kind in (*p.CLASSES, p.EXTERNAL):  # `Generic[T]` is the class again
            return -object_ if text[0] == "[" and kind != p.EXTERNAL else 0
        if kind in p.VALUES:
            of_text = points.a_of[object_] == self.modules.external("builtins.str")
            return -self.modules.literal("str") if of_text else 0
        if kind == p.GENERATOR:
            return self.yields.get(points.a_of[object_], 0) if text[0] == "(" else 0
        if kind not in (*p.INSTANCES, p.SUPER):
            return 0
        by_key = text[0] == "["
        method = self.find(object_, self.world.name("__getitem__" if by_key else "__iter__"))
        if not method:
            return method
        if method < 0:  # of a builtin container that the class inherits from
            return self.elements.read(object_, self.world.name(f"[{text[1:-1]}]"))
        place = points.place()
        if by_key:
            self.tables["call"].add_one(method, 0, place, 0)
        else:
            iterator, next_ = points.place(), self.world.name("__next__")
            self.tables["call"].add_one(method, 0, iterator, 0)
            self.tables["special"].add_one(iterator, next_, 0, place)
        return place

    def _slice(self, container: int, name: int) -> int:
        """The container of the elements between two constant indices."""
        elements, world = self.elements, self.world
        low, _, high = world.texts[name][1:-1].partition(":")
        type_ = self.points.a_of[container]
        made = self.points.object(p.CONTAINER, type_, self.points.place())

        def moved(key: int, place: int) -> None:
            text = world.texts[key][1:-1]
            if not text.isdigit():
                self.points.copy(place, elements.place(made, elements.unknown))
            elif int(low) <= int(text) < int(high or 1 << 30):
                index = world.name(c.item(int(text) - int(low)))
                self.points.copy(place, elements.place(made, index))

        elements.watch(container, moved)
        return made

    # classes

    def _member(self, object_: int, kind: int, name: int) -> int | None:
        points, class_ = self.points, self.class_of(object_)
        if class_ not in self.order:
            return None
        receiver = points.b_of[object_] if kind == p.SUPER else object_
        cone = points.kind_of[receiver] in p.CONES
        if self.world.texts[name] == "__class__" and kind != p.SUPER:
            return -self.class_side(object_) if kind in p.INSTANCES else 0
        first, others = self.definers(object_, name)
        reads = kind != p.SUPER and name in self.stored
        unsure = self.unsure(class_, first)
        instead = 0 if first or others or unsure else self._fallback(object_, kind, class_, name)
        if instead is None or not (instead or first or others or unsure or reads):
            return instead
        if first < 0 and not (others or unsure or reads):
            return -self._outside(object_, kind, -first, name)
        place = instead or points.place()
        variable = first > 0 and not self.world.definition[first << 32 | name]
        public = variable and self.world.texts[name][:1] != "_"
        if public and not ENUMS.isdisjoint(self.bases_outside(first)):  # one of an enumeration
            points.hold(place, points.object(p.SELF, first))
        elif first > 0:
            self.tables["bound_copy"].add_one(self.fields[first << 32 | name], place, receiver, 0)
        elif first < 0:  # the external base may have it, unless a class here stores it
            child = self._outside(object_, kind, -first, name)
            if reads:
                self.inherited.append((place, child))
            else:
                points.hold(place, child)
        for other in others:
            self.tables["bound_copy"].add_one(self.fields[other << 32 | name], place, receiver, 1)
        points.marks[place] |= bool(others) << c.OVERRIDDEN | unsure << c.UNKNOWN_BASE
        points.marks[place] |= (len(others) >= p.OBJECTS_PER_PLACE) << c.WIDE
        if reads:
            self._read_stored(name, class_, cone, place, receiver)
        return place

    def _outside(self, object_: int, kind: int, base: int, name: int) -> int:
        """An attribute of an external base; of a container's methods, bound to the
        object, whose elements they know."""
        child = self.child(base, name)
        followed = kind in p.INSTANCES and self.modules.dotted(base) in CONTAINERS
        if child and followed and self.world.texts[name][:2] != "__":
            return self.points.object(p.METHOD_OF, object_, child)
        return child

    def _fallback(self, object_: int, kind: int, class_: int, name: int) -> int | None:
        """Where a class and its bases lack an attribute: `__getattr__`, or the metaclass's."""
        points = self.points
        special = self.world.texts[name].startswith("__")
        # classes that type() made: the first in the order, or those that inherit from it
        made = [] if special else [x for x in self.order[class_] if x in self.namespaces][:1]
        if not made and not special and kind in p.CONES:
            made = [x for x in self.namespaces if class_ in self.order.get(x, ())]
        if made:
            place, key = points.place(), self.world.name(c.item(self.world.texts[name]))
            for each in made[: p.OBJECTS_PER_PLACE]:
                member = points.place()
                self.tables["load"].add_one(self.namespaces[each], key, member)
                self.tables["bound_copy"].add_one(member, place, object_, 0)
            return place
        getter = self.world.name("__getattr__")
        if kind in p.INSTANCES and not special and self.first(class_, getter) > 0:
            method = self.find(object_, getter) or 0
            place = points.place()
            self.tables["call"].add_one(method, 0, place, 0)
            return place
        for meta in self.metaclass(class_) if kind in p.CLASSES else ():
            if meta not in self.order:
                return None
            first = self.first(meta, name)
            if first <= 0 and name not in self.stored:
                continue
            place, seen = points.place(), points.place()
            if first > 0:
                field = self.fields[first << 32 | name]
                self.tables["bound_copy"].add_one(field, place, object_, 2)
            # methods of the metaclass store on its instances, the classes
            self._read_stored(name, meta, True, seen, object_)
            self.tables["bound_copy"].add_one(seen, place, object_, 0)
            return place
        return 0

    def is_stored(self, class_: int, name: int, *, cone: bool) -> bool:
        """Whether the class, one above or (cone) one below stores the attribute."""
        return any(self.related(class_, x, cone=cone) for x, *_ in self.storing.get(name, ()))

    def related(self, reader: int, storer: int, *, cone: bool) -> bool:
        """Whether the class stands in the order of the reader, or (cone) the other way round."""
        order = self.order
        return storer in order.get(reader, ()) or (cone and reader in order.get(storer, ()))
