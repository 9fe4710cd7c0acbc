"""Which definition, module, variable or external thing does an object or name stand for?"""

from collections import defaultdict
from itertools import count

import numpy as np

from codeanatomy.facts import constraints as c
from codeanatomy.resolve import points as p
from codeanatomy.resolve.fixpoint import Fixpoint
from codeanatomy.resolve.lookup import INSTEAD
from codeanatomy.resolve.pairs import Ints
from codeanatomy.resolve.world import Symbol

WAYS = (  # what led to a target
    *("function", "method", "override", "constructor", "instance", "external", "import", "star"),
    *("global", "builtin", "module", "class", "super", "undeclared", "implicit"),
)
FUNCTION, METHOD, OVERRIDE, CONSTRUCTOR, INSTANCE, EXTERNAL, IMPORT, STAR = range(8)
GLOBAL, BUILTIN, MODULE, CLASS, SUPER = range(8, 13)
IMPLICIT = 14  # what syntax, a decorator or a builtin calls without writing it out
UNDECLARED = 13  # an attribute of something external of which nothing is declared
UNTOLD = 1 << 10  # parameters, more than there are: nobody knows how many are taken
TAKEN = 16  # added to a rule for each leading parameter that no argument of the call fills

CLASSES = (p.CLASS, p.CLS, p.EXTERNAL)

Meant = list[tuple[int, int, int]]  # (number of the symbol, rule and `TAKEN`, doubt)


class Meaning:
    """Symbols by number, and what each kind of question means for one key."""

    def __init__(self, f: Fixpoint) -> None:
        self.f = f
        self.number: defaultdict[Symbol, int] = defaultdict(count().__next__)  # of each symbol
        self._kind = f.points.kind_of.__getitem__
        # class and name of every attribute that a method sets
        self._set = {(class_, name) for class_, name, *_ in f.world.rows["member"].tolist()}
        self._globals = {row[0]: row for row in f.world.rows["global"].tolist()}

    def _one(self, object_: int, rule: int, doubt: int = 0) -> Meant:
        """Just that object; nothing for 0."""
        return [(self.number[object_, 0], rule, doubt)] if object_ else []

    def value(self, object_: int) -> Meant:
        """The definition that a value is: what a base or a decorator names."""
        kind, a = self._kind(object_), self.f.points.a_of[object_]
        if kind in (p.FUNCTION, p.CLASS, p.MODULE) and not self._made(object_):
            return self._one(object_, CLASS if kind == p.CLASS else FUNCTION)
        if kind == p.EXTERNAL:
            return self._one(object_, self._outside(object_))
        if kind == p.PROPERTY_PART:
            return self._one(self.f.points.b_of[object_], EXTERNAL)
        rule = {p.CLS: CLASS, p.BOUND: METHOD + TAKEN, p.OVERRIDE: OVERRIDE + TAKEN}.get(kind)
        return [] if rule is None else self._one(a, rule)

    def _outside(self, external: int) -> int:
        lookup = self.f.lookup
        return EXTERNAL if lookup.declared(external) or not lookup.depth[external] else UNDECLARED

    def base(self, object_: int) -> Meant:
        """The class that a value is."""
        return self.value(object_) if self._kind(object_) in CLASSES else []

    def implicit(self, key: int) -> Meant:
        """The function that syntax calls: the special method of an object; the key is the pair."""
        object_, name = key >> 32, key & 0xFFFFFFFF
        kind, text = self._kind(object_), self.f.world.texts[name]
        if text == c.RAISE:
            return self._initialisers(object_) if kind in p.CLASSES else []
        if text == "__init_subclass__" and kind == p.CLASS:
            first = self.f.lookup.first(object_, name, object_)
            return [(self.number[self.member(first, name)], CLASS, 0)] if first > 0 else []
        if kind not in p.OF_CLASS:
            return []
        found = self._functions(object_, text)
        return found or (self._functions(object_, INSTEAD[text]) if text in INSTEAD else [])

    def accessed(self, key: int, *, stored: bool = False) -> Meant:
        """The functions that reading (or setting) an attribute calls: of properties, descriptors
        and `__getattr__`; the key is the pair."""
        object_, name = key >> 32, key & 0xFFFFFFFF
        kind, points, lookup = self._kind(object_), self.f.points, self.f.lookup
        if kind not in p.OF_CLASS or lookup.class_of(object_) not in lookup.order:
            return []
        first, others = lookup.definers(object_, name)
        found, doubt = [], 1 << c.OVERRIDDEN if others else 0
        fields = [lookup.fields[at << 32 | name] for at in (first, *others) if at > 0]
        for held in (held for field in fields for held in points.held(field)):
            what = self._kind(held)
            if what == p.PROPERTY and kind not in p.CLASSES:
                places = points.held(lookup.setters[held]) if stored else [points.a_of[held]]
                found += [(self.number[x, 0], INSTANCE, doubt) for x in places]
            elif what in p.INSTANCES:
                found += self._functions(held, "__set__" if stored else "__get__")
        if not first and kind in p.INSTANCES and not stored and not lookup.find(object_, name):
            found += self._functions(object_, "__getattr__")
        return found

    def called(self, object_: int) -> Meant:
        """What a call of the object runs."""
        kind = self._kind(object_)
        if kind in (p.CLASS, p.CLS):
            class_, found = self.f.lookup.class_of(object_), self._initialisers(object_)
            if found or self._made(class_):
                return found
            below = kind == p.CLS and len(self.f.lookup.below.get(class_, ())) > 1
            return self._one(class_, CONSTRUCTOR, 1 << c.OVERRIDDEN if below else 0)
        if kind in p.INSTANCES:
            return self._functions(object_, "__call__")
        if kind == p.METHOD_OF:
            return self._one(self.f.points.b_of[object_], EXTERNAL)
        if kind == p.PARTIAL:
            made, arguments = self.f.points.a_of[object_], self.f.arguments
            unpacked = any(at <= c.STAR_ARGUMENT for at, *_ in arguments.of(made))
            taken = TAKEN * (UNTOLD if unpacked else arguments.shapes[arguments.shape(made)][0] - 1)
            held = [o for o in self.f.points.held(arguments.at(made, 0)) if self._kind(o) != kind]
            return [(x, rule + taken, doubt) for o in held for x, rule, doubt in self.called(o)]
        return self.value(object_) if kind != p.MODULE else []

    def _initialisers(self, object_: int) -> Meant:
        """What an instance of the class runs when it is made."""
        return self._functions(self.f.lookup.instance_side(object_), "__init__", CONSTRUCTOR)

    def _made(self, class_: int) -> bool:
        """Whether the class has no definition: a call of type() made it."""
        return class_ >= len(self.f.world.kinds)

    def inherited_init(self, object_: int) -> Meant:
        """The constructor of the external base of a class that has none of its own."""
        if self._kind(object_) not in p.CLASSES:
            return []
        lookup, class_ = self.f.lookup, self.f.lookup.class_of(object_)
        name = self.f.world.name("__init__")
        first = lookup.first(class_, name) if class_ in lookup.order else 0
        if first >= 0 or self.f.modules.dotted(-first).startswith("builtins."):
            return []
        return self._one(lookup.child(-first, name), EXTERNAL)

    def _functions(self, object_: int, name: str, rule: int = INSTANCE) -> Meant:
        """Functions of the repository that the attribute of the object holds."""
        points = self.f.points
        place = self.f.lookup.find(object_, self.f.world.name(name))
        if not place or place < 0:
            return []
        doubt = int(points.marks[place])
        found = []
        for held in points.held(place):
            kind = self._kind(held)
            if kind in (p.FUNCTION, p.BOUND, p.OVERRIDE):
                bound = kind != p.FUNCTION
                way = (OVERRIDE if kind == p.OVERRIDE else rule) + TAKEN * bound
                found += self._one(points.a_of[held] if bound else held, way, doubt)
        return found

    def imported(self, place: int) -> Meant:
        """What the import at a place, or the name that no scope binds, stands for."""
        modules = self.f.modules
        at = self._globals.get(place)
        if at is None:
            target, name = modules.targets.get(place, (0, 0))
            symbols = modules.symbols(target, name) if name else ((target, 0),) if target else ()
            rule = IMPORT
        else:
            _, name, early, _, file = at
            module = file + 1
            sources, externals = modules.global_sources(module, name, early)
            symbols = modules.symbols(module, name) if sources else tuple((x, 0) for x in externals)
            rule = GLOBAL if module << 32 | name in self.f.world.definition else STAR
            if symbols == ((modules.builtin(name), 0),):
                rule = BUILTIN
        files = [s for s in symbols if self._kind(s[0]) != p.NAMESPACE]
        return [(self.number[s], rule, 0) for s in files]

    def attribute(self, key: int) -> Meant:
        """What `object.name` stands for; the key is the pair."""
        object_, name = key >> 32, key & 0xFFFFFFFF
        lookup, modules = self.f.lookup, self.f.modules
        kind, a = self._kind(object_), self.f.points.a_of[object_]
        if kind in (p.MODULE, p.NAMESPACE):
            symbols = [s for s in modules.symbols(object_, name) if self._kind(s[0]) != p.NAMESPACE]
            return [(self.number[s], MODULE, 0) for s in symbols]
        if kind in (p.CONTAINER, p.EXTERNAL, *p.VALUES):
            child = lookup.child(object_ if kind == p.EXTERNAL else a, name)
            return self._one(child, self._outside(child)) if child else []
        if kind == p.PROPERTY and (part := lookup.find(object_, name)):
            return self._one(self.f.points.b_of[-part], EXTERNAL)
        if kind not in p.OF_CLASS:
            return []
        return self._of_class(object_, kind, name)

    def _of_class(self, object_: int, kind: int, name: int) -> Meant:
        f, lookup = self.f, self.f.lookup
        class_ = lookup.class_of(object_)
        first, others = lookup.definers(object_, name)
        rule = SUPER if kind == p.SUPER else CLASS if kind in p.CLASSES else INSTANCE
        unsure = lookup.unsure(class_, first)
        found, doubt = [], bool(others) << c.OVERRIDDEN | unsure << c.UNKNOWN_BASE
        order = f.lookup.order.get(class_, ()) if first <= 0 else ()
        member = next((x for x in order if (x, name) in self._set), 0)
        if member:
            found.append((self.number[member, name], rule, doubt))
        elif first > 0:
            found.append((self.number[self.member(first, name)], rule, doubt))
        elif first < 0 and not lookup.is_stored(class_, name, cone=kind in p.CONES):
            found += self._one(lookup.child(-first, name), EXTERNAL, doubt)
        found += [(self.number[self.member(x, name)], OVERRIDE, doubt) for x in others]
        if not found and kind in p.CLASSES:  # a class is an instance of its metaclass
            for meta in f.lookup.metaclass(class_):
                found += self._of_class(f.points.object(p.INSTANCE, meta), p.INSTANCE, name)
        return found

    def member(self, class_: int, name: int) -> Symbol:
        """The definition, import or variable that a name of a class's body is."""
        definition = self.f.world.definition[class_ << 32 | name]
        if definition > 0:
            return definition, 0
        if definition < 0:
            symbols = self.f.modules.symbols(class_, name)
            if len(symbols) == 1 and self._kind(symbols[0][0]) != p.NAMESPACE:
                return symbols[0]
        return class_, name

    def reasons(self, sites: Ints) -> Ints:
        """Why each of these sites has no target: the lowest mark on its place, or what is known."""
        world, points = self.f.world, self.f.points
        places, what = world.site_place[sites], world.site_what[sites]
        marks = points.marks[places].astype(np.int64)
        wide = marks & (1 << c.WIDE)  # what holds too much gives nothing on
        lowest = np.where(wide != 0, wide, marks & -marks)
        held = points.count[places] > 0
        attribute = np.isin(what, (c.ATTRIBUTE_SITE, c.STORED_SITE))
        stored = np.isin(world.site_name[sites], np.array(sorted(self.f.lookup.stored), np.int64))
        why = {
            c.INSTANCE_ATTRIBUTE: held & attribute & stored,
            -1: marks != 0,
            c.NO_ATTRIBUTE: held & attribute,
            c.NAMESPACE_PACKAGE: held & np.isin(what, (c.NAME_SITE, c.IMPORT_SITE)),
            c.NOT_CALLABLE: held,
        }
        reason = np.select([*why.values()], [*why], c.NOTHING)
        marked = reason < 0
        reason[marked] = np.log2(lowest[marked])
        return reason
