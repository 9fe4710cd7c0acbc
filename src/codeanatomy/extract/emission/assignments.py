"""What do assignments bind? Names, attributes, elements, parts of what is unpacked."""

import ast
from collections.abc import Iterator

from codeanatomy.extract.emission.annotations import described
from codeanatomy.extract.emission.bindings import target_names
from codeanatomy.extract.emission.exports import exported
from codeanatomy.extract.emission.state import FUNCTION, MODULE, OPERATORS, Emission, row_of
from codeanatomy.facts import constraints as c


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
        for part, held in parts(e, target.elts, place):
            assign(e, part, held)
    elif isinstance(target, ast.Subscript):
        _put(e, target, place)
    else:
        e.visit[kind](e, target)
        e.scope.paths = {}


def parts(e: Emission, targets: list[ast.expr], place: int) -> Iterator[tuple[ast.expr, int]]:
    """The targets that the value is unpacked to, and the place of what each one gets."""
    star = False
    for index, target in enumerate(targets):
        if isinstance(target, ast.Starred):
            star, rest = True, e.display("list")
            e.row((c.STORE, rest, e.names[c.ANY_ITEM], e.load(place, c.ANY_PART), 0))
            yield target.value, rest
        else:
            yield target, e.load(place, c.ANY_PART if star else c.part(index))


def _put(e: Emission, target: ast.Subscript, place: int) -> None:
    """`base[key] = value`"""
    base, key = e.visit[type(target.value)](e, target.value), target.slice
    at = e.visit[type(key)](e, key)
    name = c.item(key.value) if isinstance(key, ast.Constant) else c.ANY_ITEM
    row = row_of(target)
    e.site((c.IMPLICIT_SITE, row, base, e.names["__setitem__"]))
    number, paths = e.names[c.ANY_ITEM if isinstance(key, ast.Slice) else name], e.scope.paths
    if name == c.ANY_ITEM:
        e.scope.paths = {k: v for k, v in paths.items() if k[1] not in e.elements}
    else:
        e.scope.paths = {k: v for k, v in paths.items() if k[1] != number}
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
    said = described(e, node.annotation)
    if node.value is not None:
        value = e.visit[type(node.value)](e, node.value)
        assign(e, node.target, e.joined([value, said]) if said else value)
        if e.scope.kind == MODULE and getattr(node.target, "id", "") == "__all__":
            exported(e, node.value, replace=True)
    elif said and not (isinstance(node.target, ast.Name) and e.scope.kind == FUNCTION):
        assign(e, node.target, said)
    elif said and isinstance(node.target, ast.Name):
        e.scope.env[node.target.id] = said
    elif not isinstance(node.target, ast.Name):
        e.visit[type(node.target)](e, node.target)
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


def comprehension_targets(generators: list[ast.comprehension]) -> list[str]:
    """Names that the generators of a comprehension bind."""
    return [name for g in generators for name in target_names(g.target)]
