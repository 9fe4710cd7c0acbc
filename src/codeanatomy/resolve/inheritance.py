"""Which class's definition of an attribute does an object see? Along the orders of the classes,
down to what inherits from them, and out to external bases as the stubs declare them."""

from codeanatomy.resolve import points as p
from codeanatomy.resolve.link import Modules
from codeanatomy.resolve.mro import Classes
from codeanatomy.resolve.points import Points
from codeanatomy.resolve.world import Bindings, World
from codeanatomy.sources.typeshed import Stubs

EXTERNAL_DEPTH = 6  # attributes followed below the name that an import or builtin gives
MODULE_TYPE = "types.ModuleType"  # a module of which nothing but that is known
FUNCTION_PARTS = ("cache_clear", "cache_info", "register", "dispatch")  # what decorators add


class Outside:
    """Things outside the repository, by what the stubs declare."""

    def __init__(self, world: World, points: Points, modules: Modules, stubs: Stubs) -> None:
        self.world, self.points, self.modules, self.stubs = world, points, modules, stubs
        self._declared: dict[int, str] = {}
        self._depth: dict[int, int] = {}
        self._children: dict[tuple[int, int], int] = {}

    def child(self, external: int, name: int) -> int:
        """The external thing `external.name`; 0 where a builtin type lacks it, or too deep."""
        key = (external, name)
        child = self._children.get(key)
        if child is None:
            depth = self._depth.get(external, 0)
            child = 0
            if depth < EXTERNAL_DEPTH and self.may_have(external, name):
                child = self.modules.member(external, name)
                self._depth[child] = depth + 1
            self._children[key] = child
        return child

    def depth(self, external: int) -> int:
        """How many attributes below an imported name the thing lies."""
        return self._depth.get(external, 0)

    def declared(self, external: int) -> str:
        """What the stubs declare the external thing to be: class, function, ...; "" for unknown."""
        found = self._declared.get(external)
        if found is None:
            found = self._declared[external] = self.stubs.kind(self.modules.dotted(external))
        return found

    def may_have(self, external: int, name: int) -> bool:
        what, dotted = self.declared(external), self.modules.dotted(external)
        text = self.world.texts[name]
        if what == "class":
            known = dotted == MODULE_TYPE or self.stubs.known(dotted)
            return not known or bool(self.stubs.member(dotted, text))
        if what == "function":
            return text.startswith("__") or text in FUNCTION_PARTS
        return True


class Inheritance(Outside):
    """Definitions of attributes along and below the orders of classes."""

    def __init__(
        self, bindings: Bindings, classes: Classes, modules: Modules, stubs: Stubs
    ) -> None:
        super().__init__(modules.world, modules.points, modules, stubs)
        self.bindings, self.classes = bindings, classes
        self.binders: dict[int, list[int]] = {}  # name -> classes whose body binds it
        for scope, names in sorted(bindings.names.items()):
            if self.points.kind_of[scope] == p.CLASS:
                for name in names:
                    self.binders.setdefault(name, []).append(scope)
        self._first: dict[tuple[int, int, int], int] = {}
        self._overriding: dict[tuple[int, int], list[int]] = {}

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
        around, receiver = points.a_of[object_], points.b_of[object_]
        if points.kind_of[receiver] not in (p.SELF, p.CLS):
            return []
        class_ = points.a_of[receiver]
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
