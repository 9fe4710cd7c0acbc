"""What do the methods of containers and generators do with the values they get?"""

from collections.abc import Callable

from codeanatomy.facts import constraints as c
from codeanatomy.resolve import points as p
from codeanatomy.resolve.fixpoint import INTO, Fixpoint

ContainerEffect = Callable[[Fixpoint, int, int, int], None]  # container, number of the call, result


def method(f: Fixpoint, object_: int, name: str, number: int, result: int) -> bool:
    """The effects of a call of a container's or generator's method; False where none is told."""
    points = f.points
    if points.kind_of[object_] == p.GENERATOR:
        if name in ("__iter__", "__aiter__", "__await__"):
            points.hold(result, object_)
        elif name in ("__next__", "__anext__", "send", "__enter__", "__aenter__"):
            points.copy(f.lookup.yields[points.a_of[object_]], result)
        return True
    effect = METHODS.get(name)
    if effect is not None and f.once("method", object_, name, number, result):
        effect(f, object_, number, result)
    return effect is not None


def keyword(f: Fixpoint, number: int, name: str) -> int:
    return f.arguments.at(number, -9, f.world.name(name))


def _put(position: int) -> ContainerEffect:
    def effect(f: Fixpoint, object_: int, number: int, result: int) -> None:
        held = f.elements.place(object_, f.elements.unknown)
        f.points.copy(f.arguments.at(number, position), held)

    return effect


def _self(f: Fixpoint, object_: int, number: int, result: int) -> None:
    f.points.hold(result, object_)


def _any(f: Fixpoint, object_: int, number: int, result: int) -> None:
    """One of the elements; of a dict that is iterated, one of its keys."""
    f.points.copy(f.elements.read(object_, f.elements.unknown), result)


def _next_of(f: Fixpoint, object_: int, number: int, result: int) -> None:
    if f.modules.dotted(f.points.a_of[object_]).endswith("dict"):
        f.points.copy(f.elements.place(object_, f.elements.keys), result)
    else:
        _any(f, object_, number, result)


def _get(f: Fixpoint, object_: int, number: int, result: int) -> None:
    """`get`, `pop`, `setdefault`: the element of a key, or the default."""
    keep = f.points.place()
    f.points.hold(keep, object_)
    key, default = f.arguments.at(number, 0), f.arguments.at(number, 1)
    if key:
        f.tables["keyed"].add_one(keep, key, result, c.GET)
        f.tables["by_key"].add_one(key, keep, result, c.GET)
    else:
        _any(f, object_, number, result)
    f.points.copy(default, result)


def _set_default(f: Fixpoint, object_: int, number: int, result: int) -> None:
    _get(f, object_, number, result)
    _put(1)(f, object_, number, result)


def update(f: Fixpoint, object_: int, number: int, result: int) -> None:
    for at, name, place in f.arguments.of(number):
        if at == -1:
            key = f.world.name(c.item(f.world.texts[name]))
            f.points.copy(place, f.elements.place(object_, key))
        else:
            f.tables["spread"].add_one(place, object_, INTO, 0)
    f.points.hold(result, object_)


def _view(f: Fixpoint, object_: int, number: int, result: int) -> None:
    """`values`: a container of the elements; one per container, or a loop would never end."""
    made = f.container("list", f.elements.read(object_, f.elements.unknown))
    held = f.elements.place(made, f.elements.unknown)
    f.points.copy(f.elements.read(object_, f.elements.unknown), held)
    f.points.hold(result, made)


def _keys(f: Fixpoint, object_: int, number: int, result: int) -> None:
    keys = f.elements.place(object_, f.elements.keys)
    made = f.container("list", keys)
    f.points.copy(keys, f.elements.place(made, f.elements.unknown))
    f.points.hold(result, made)


def _items(f: Fixpoint, object_: int, number: int, result: int) -> None:
    elements = f.elements
    value, key = elements.read(object_, elements.unknown), elements.place(object_, elements.keys)
    row = f.container("tuple", value)
    for index, place in enumerate((key, value)):
        f.points.copy(place, elements.place(row, f.world.name(c.item(index))))
    made = f.points.object(p.CONTAINER, f.points.a_of[row], elements.place(row, elements.unknown))
    f.points.hold(elements.place(made, elements.unknown), row)
    f.points.hold(result, made)


def _concatenated(f: Fixpoint, object_: int, number: int, result: int) -> None:
    f.points.hold(result, object_)
    f.points.copy(f.arguments.at(number, 0), result)


def _sort(f: Fixpoint, object_: int, number: int, result: int) -> None:
    if key := keyword(f, number, "key"):
        element = f.elements.read(object_, f.elements.unknown)
        f.call(key, 0, element, site=f.arguments.site(number))


METHODS: dict[str, ContainerEffect] = {
    **dict.fromkeys(("append", "add", "appendleft"), _put(0)),
    **dict.fromkeys(("insert",), _put(1)),
    **dict.fromkeys(("extend", "update", "extendleft", "__iadd__", "__ior__"), update),
    **dict.fromkeys(("__iter__", "copy", "__enter__", "union", "difference"), _self),
    **dict.fromkeys(("__mul__", "__imul__", "__reversed__", "intersection"), _self),
    **dict.fromkeys(("__add__", "__or__", "__and__", "__sub__"), _concatenated),
    **dict.fromkeys(("popleft", "send"), _any),
    "__next__": _next_of,
    **dict.fromkeys(("get", "pop", "__getitem__"), _get),
    "setdefault": _set_default,
    "values": _view,
    "keys": _keys,
    "items": _items,
    "sort": _sort,
}
