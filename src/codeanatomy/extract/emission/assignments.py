"""What do assignments bind? Names, attributes, elements, parts of what is unpacked; `__all__`."""

import ast
from collections.abc import Iterator

from codeanatomy.extract.emission.annotations import described
from codeanatomy.extract.emission.state import FUNCTION, MODULE, OPERATORS, Emission, row_of
from codeanatomy.facts import constraints as c

EXPORTING = {"append", "extend", "remove", "insert"}  # methods that change `__all__`


def assign_statement(e: Emission, node: ast.Assign) -> int:
    value = node.value
    if value.__class__ is ast.Tuple:
        for target in node.targets:
            if _pairs(target, value):
                return _unpack(e, node)
    place = e.visit[type(value)](e, value)
    for target in node.targets:
        assign(e, target, place)
        if e.scope.kind == MODULE and isinstance(target, ast.Name) and target.id == "__all__":
            exported(e, value, replace=True)
    return 0


def _pairs(target: ast.expr, value: ast.expr) -> bool:
    """`a, b = x, y`: as many targets as values and no star."""
    return (
        isinstance(value, ast.Tuple)
        and isinstance(target, (ast.Tuple, ast.List))
        and len(target.elts) == len(value.elts)
        and not any(isinstance(x, ast.Starred) for x in (*target.elts, *value.elts))
    )


def _unpack(e: Emission, node: ast.Assign) -> int:
    elements = node.value.elts  # type: ignore[attr-defined]  # a tuple: the caller looked
    places = [e.visit[type(x)](e, x) for x in elements]
    for target in node.targets:
        if _pairs(target, node.value):
            for part, place in zip(target.elts, places, strict=True):  # type: ignore[attr-defined]
                assign(e, part, place)
        else:
            assign(e, target, _tuple(e, places))
    return 0


def _tuple(e: Emission, places: list[int]) -> int:
    place = e.display("tuple")
    for index, held in enumerate(places):
        e.row((c.STORE, place, e.names[c.item(index)], held, 0))
    return place


def assign(e: Emission, target: ast.expr, place: int) -> None:
    """Binds a target to the value at the place."""
    kind = target.__class__
    if kind is ast.Name:
        e.define(target.id, place)  # type: ignore[attr-defined]  # checked above
    elif isinstance(target, ast.Attribute):
        base = e.visit[type(target.value)](e, target.value)
        name = e.names[target.attr]
        paths = e.scope.paths
        for key in [k for k in paths if k[1] == name]:
            del paths[key]
        e.site((c.STORED_SITE, row_of(target), base, name))
        e.row((c.STORE, base, name, place, 0))
        e.member(base, target.attr, row_of(target))
        paths[base, name] = place
    elif isinstance(target, (ast.Tuple, ast.List)):
        for part, held in parts(e, target, place):
            assign(e, part, held)
    elif isinstance(target, ast.Subscript):
        _put(e, target, place)
    else:
        e.visit[kind](e, target)
        e.scope.paths = {}


def parts(e: Emission, target: ast.expr, place: int) -> Iterator[tuple[ast.expr, int]]:
    """The targets that the value is unpacked to, and the place of what each one gets."""
    if not isinstance(target, (ast.Tuple, ast.List)):
        yield target, place
        return
    star = False
    for index, part in enumerate(target.elts):
        if isinstance(part, ast.Starred):
            star, rest = True, e.display("list")
            e.row((c.STORE, rest, e.names[c.ANY_ITEM], e.load(place, c.ANY_PART), 0))
            yield from parts(e, part.value, rest)
        else:
            yield from parts(e, part, e.load(place, c.ANY_PART if star else c.part(index)))


def _put(e: Emission, target: ast.Subscript, place: int) -> None:
    """`base[key] = value`"""
    base, key = e.visit[type(target.value)](e, target.value), target.slice
    at = e.visit[type(key)](e, key)
    name = c.item(key.value) if isinstance(key, ast.Constant) else c.ANY_ITEM
    row = row_of(target)
    e.site((c.IMPLICIT_SITE, row, base, e.names["__setitem__"]))
    number = e.names[name]
    lost = e.elements if name == c.ANY_ITEM else {number}
    e.scope.paths = {k: v for k, v in e.scope.paths.items() if k[1] not in lost}
    if name == c.ANY_ITEM and at not in e.constants and not isinstance(key, (ast.Tuple, ast.Slice)):
        e.row((c.KEYED, base, at, place, c.PUT))
        return
    if isinstance(key, ast.Slice):
        place = e.load(place, c.ANY_PART)
    e.row((c.STORE, base, number, place, 0))
    if name != c.ANY_ITEM:
        e.scope.paths[base, number] = place
        e.elements.add(number)


def annotated(e: Emission, node: ast.AnnAssign) -> int:
    said, target, scope = described(e, node.annotation), node.target, e.scope
    if node.value is not None:
        value = e.visit[type(node.value)](e, node.value)
        assign(e, target, e.joined([value, said]) if said else value)
        if scope.kind == MODULE and getattr(target, "id", "") == "__all__":
            exported(e, node.value, replace=True)
    elif said and isinstance(target, ast.Name) and scope.kind == FUNCTION:
        scope.env[target.id] = said
    elif said:
        assign(e, target, said)
    elif not isinstance(target, ast.Name):
        e.visit[type(target)](e, target)
    return 0


def augmented(e: Emission, node: ast.AugAssign) -> int:
    target, value = node.target, node.value
    base = 0
    if isinstance(target, ast.Attribute):
        base = e.visit[type(target.value)](e, target.value)
        before = e.load(base, target.attr, row_of(target))
    else:
        before = e.visit[type(target)](e, target)
    other = e.visit[type(value)](e, value)
    method = f"__i{OPERATORS[type(node.op)]}__"
    after = e.joined([e.special(row_of(node), before, method, other), before])
    if isinstance(target, ast.Name):
        e.define(target.id, after)
        if target.id == "__all__" and e.scope.kind == MODULE:
            exported(e, value, replace=False)
    elif isinstance(target, ast.Attribute):
        e.row((c.STORE, base, e.names[target.attr], after, 0))
        e.scope.paths[base, e.names[target.attr]] = after
    else:
        e.scope.paths = {}
    return 0


def exported(e: Emission, value: ast.expr, *, replace: bool) -> None:
    """Rows for a value that becomes `__all__` (replace) or is added to it."""
    if replace:
        e.row((c.EXPORT, c.EXPORT_ADD, 0, 0, 0))  # the empty name: there is an `__all__`
    todo = [value]
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            todo += reversed(node.elts)
        elif isinstance(node, ast.Starred):
            todo.append(node.value)
        elif isinstance(node, ast.BinOp):
            todo += (node.right, node.left)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            e.row((c.EXPORT, c.EXPORT_ADD, e.names[node.value], 0, 0))
        elif isinstance(node, ast.Attribute) and node.attr == "__all__":
            if isinstance(node.value, ast.Name):
                place = e.scope.env.get(node.value.id) or e.outer(node.value.id)
                e.row((c.EXPORT, c.EXPORT_FROM, 0, place, 0))
            else:
                e.row((c.EXPORT, c.EXPORT_DYNAMIC, 0, 0, 0))
        elif isinstance(node, ast.Name) and node.id == "__all__":
            continue
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("list", "tuple"):
            todo += reversed(node.args)
        else:
            e.row((c.EXPORT, c.EXPORT_DYNAMIC, 0, 0, 0))


def exported_by_call(e: Emission, node: ast.Call) -> None:
    """Rows for `__all__.append(...)`, `.extend(...)`, `.remove(...)`, seen at module level."""
    method = node.func.attr  # type: ignore[attr-defined]  # an attribute of __all__: the caller looked
    if method not in EXPORTING or not node.args:
        return
    value = node.args[-1]
    if method == "remove":
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            e.row((c.EXPORT, c.EXPORT_REMOVE, e.names[value.value], 0, 0))
    else:
        exported(e, value, replace=False)
