"""Which class's definition of an attribute does an object see? Along the orders of the classes,
down to what inherits from them, and out to external bases as the stubs declare them."""

from collections import defaultdict
from collections.abc import Callable
from functools import cache

from codeanatomy.resolve import points as p
from codeanatomy.resolve.link import Modules
from codeanatomy.resolve.mro import Classes
from codeanatomy.sources.typeshed import Stubs

EXTERNAL_DEPTH = 6  # attributes followed below the name that an import or builtin gives
MODULE_TYPE = "types.ModuleType"  # a module of which nothing but that is known
FUNCTION_PARTS = ("cache_clear", "cache_info", "register", "dispatch")  # what decorators add


class Inheritance:
    """Definitions of attributes along and below the orders of classes, and outside of them."""

    def __init__(self, modules: Modules, classes: Classes, stubs: Stubs) -> None:
        self.modules, self.classes, self.stubs = modules, classes, stubs
        self.world, self.points, self.bindings = modules.world, modules.points, modules.bindings
        self.binders: dict[int, list[int]] = {}  # name -> classes whose body binds it
        for scope, names in sorted(self.bindings.names.items()):
            if self.points.kind_of[scope] == p.CLASS:
                for name in names:
                    self.binders.setdefault(name, []).append(scope)
        self._first: dict[tuple[int, int, int], int] = {}
        self._overriding: dict[tuple[int, int], list[int]] = {}
        # of external things: how many attributes below an imported name they lie
        self.depth: defaultdict[int, int] = defaultdict(int)
        # each is found once per argument
        self.child: Callable[[int, int], int] = cache(self._child)
        self.declared: Callable[[int], str] = cache(self._declared)

    def _child(self, external: int, name: int) -> int:
        """The external thing `external.name`; 0 where a builtin type lacks it, or too deep."""
        depth = self.depth[external]
        if depth >= EXTERNAL_DEPTH or not self.may_have(external, name):
            return 0
        child = self.modules.member(external, name)
        self.depth[child] = depth + 1
        return child

    def _declared(self, external: int) -> str:
        """What the stubs declare the external thing to be: class, function, ...; "" for unknown."""
        return self.stubs.kind(self.modules.dotted(external))

    def may_have(self, external: int, name: int) -> bool:
        what, dotted = self.declared(external), self.modules.dotted(external)
        text = self.world.texts[name]
        if what == "class":
            known = dotted == MODULE_TYPE or self.stubs.known(dotted)
            return not known or bool(self.stubs.member(dotted, text))
        if what == "function":
            return text.startswith("__") or text in FUNCTION_PARTS
        return True

    def first(self, class_: int, name: int, after: int = 0) -> int:
        """The first class in the order (after `after`) whose body binds the name; negative: an
        external base that may have it; 0: none."""
        key = (class_, name, after)
        found = self._first.get(key)
        if found is None:
            order = self.classes.order.get(class_, (class_,))
            if after:
                order = order[order.index(after) + 1 :] if after in order else ()
            found = 0
            for candidate in order:
                if self.points.kind_of[candidate] == p.EXTERNAL:
                    if not found and self.may_have(candidate, name):
                        found = -candidate
                elif candidate << 32 | name in self.bindings.definition:
                    found = candidate
                    break
            self._first[key] = found
        return found

    def unsure(self, class_: int, first: int) -> bool:
        """Whether a class with bases not known stands before the one that has the attribute."""
        if class_ not in self.classes.doubtful:
            return False
        order = self.classes.order[class_]
        before = order[: order.index(first)] if first in order else order
        return not self.classes.unsure.isdisjoint(before)

    def overriding(self, class_: int, name: int, first: int) -> list[int]:
        """Classes whose definition instances of inheriting classes use instead of `first`."""
        below = self.classes.below.get(class_, 0)
        known = self._overriding.get((class_, name)) if below else []
        if known is not None:
            return known
        found = self._overriding[class_, name] = []
        orders, with_below = self.classes.order, self.classes.with_below
        for binder in self.binders.get(name, ()):
            under = below & with_below.get(binder, 0)
            if not under or binder == first or binder in orders[class_]:
                continue
            inherits = class_ in orders[binder]
            if inherits or binder in (self.first(x, name) for x in self.classes.inheriting(under)):
                found.append(binder)
                if len(found) == p.OBJECTS_PER_PLACE:
                    break
        return found

    def beside(self, object_: int, name: int) -> list[int]:
        """Classes that `super()` reaches instead in an inheriting class with several bases."""
        points = self.points
        around, receiver = points.a_of[object_], points.b_of[object_]
        if points.kind_of[receiver] not in (p.SELF, p.CLS):
            return []
        class_ = points.a_of[receiver]
        below = self.classes.below.get(class_, 0) & self.classes.branching
        there = [self.first(x, name, around) for x in self.classes.inheriting(below)]
        first = self.first(class_, name, around)
        return [*dict.fromkeys(x for x in there if x > 0 and x != first)][: p.OBJECTS_PER_PLACE]

    def definers(self, object_: int, name: int) -> tuple[int, list[int]]:
        """`first` of an object's class, and the classes whose definition may be used instead."""
        kind, class_ = self.points.kind_of[object_], self.class_of(object_)
        if kind == p.SUPER:
            first = self.first(class_, name, self.points.a_of[object_])
            return first, self.beside(object_, name)
        first = self.first(class_, name)
        cone = kind in (p.SELF, p.CLS)
        return first, self.overriding(class_, name, first) if cone else []

    def class_of(self, object_: int) -> int:
        """The class behind an instance, a class or a `super()`."""
        kind = self.points.kind_of[object_]
        if kind == p.SUPER:
            return self.class_of(self.points.b_of[object_])
        return object_ if kind == p.CLASS else self.points.a_of[object_]

    def class_side(self, object_: int) -> int:
        """The class of an instance; all else is its own."""
        kind, a = self.points.kind_of[object_], self.points.a_of[object_]
        if kind == p.INSTANCE:
            return a
        return self.points.object(p.CLS, a) if kind == p.SELF else object_

    def bases_outside(self, class_: int) -> list[str]:
        """Dotted names of the external classes that the class inherits from, in order."""
        order = self.classes.order.get(class_, ())
        return [self.modules.dotted(x) for x in order if self.points.kind_of[x] == p.EXTERNAL]
