"""What do containers hold? A place per constant key, one for unknown keys, one for all together."""

from collections.abc import Callable

from codeanatomy.facts import constraints as c
from codeanatomy.resolve.points import Points
from codeanatomy.resolve.world import World

Watcher = Callable[[int, int], None]  # (name of the element, its place)


class Elements:
    """Places of the elements of container objects. What is put under an unknown key may be found
    under every key."""

    def __init__(self, world: World, points: Points) -> None:
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
