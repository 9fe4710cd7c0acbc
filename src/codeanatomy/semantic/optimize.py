"""Rules that leave out what this run does not need, without changing a row of its outputs. The
order is this tuple."""

from collections.abc import Callable, Mapping
from itertools import chain

import msgspec

from codeanatomy.semantic.compile import Union, ViewNode
from codeanatomy.semantic.declare import Entity, Relation


class Selection(msgspec.Struct, frozen=True):
    """What a run asks for: outputs, kinds of nodes (entities) and edges (relations; without an
    entry: all); and the tables that it has somebody to fill."""

    outputs: frozenset[str]
    kinds: Mapping[type, frozenset[str]]
    tables: frozenset[str]


Views = tuple[ViewNode, ...]
Rule = Callable[[Views, Selection], Views]


def drop_unselected(views: Views, asked: Selection) -> Views:
    """No entities or relations of kinds that were not asked for."""

    def kept(view: ViewNode) -> bool:
        made_of = view.made_of
        kind = made_of.kind if isinstance(made_of, Entity | Relation) else None
        return kind is None or kind in asked.kinds.get(type(made_of), {kind})

    return tuple(filter(kept, views))


def drop_unfed(views: Views, asked: Selection) -> Views:
    """No views over tables that nobody fills, or over views left out; unions lose such inputs."""
    fed: Views = ()
    while len(fed) != len(views):
        fed, views = views, ()
        known = asked.tables | {v.name for v in fed}
        for view in fed:
            inputs = tuple(i for i in view.inputs if i in known)
            united = isinstance(view.made_of, Union) and (inputs or view.name in asked.outputs)
            if united or len(inputs) == len(view.inputs):
                views += (msgspec.structs.replace(view, inputs=inputs),)
    return views


def fuse_only_several(views: Views, asked: Selection) -> Views:
    """Where no fused relation feeds a union there is nothing to fuse, and nobody to disagree: who
    reads it reads its inputs."""
    fused = {v.name for v in views if isinstance(v.made_of, Relation) and v.made_of.fused}
    unions = [v for v in views if isinstance(v.made_of, Union) and v.made_of.fused]
    idle = {v.name: v.inputs for v in unions if fused.isdisjoint(v.inputs)}

    def direct(view: ViewNode) -> ViewNode:
        none = isinstance(view.made_of, Union) and view.made_of.only is not None
        inputs = ((() if none else idle[i]) if i in idle else (i,) for i in view.inputs)
        return msgspec.structs.replace(view, inputs=tuple(chain.from_iterable(inputs)))

    return tuple(direct(v) for v in views if v.name not in idle)


def prune_unread(views: Views, asked: Selection) -> Views:
    """Only views that an output reads, directly or through others."""
    by_name = {v.name: v for v in views}
    wanted: set[str] = set()
    todo = [n for n in by_name if n in asked.outputs]
    while todo:
        name = todo.pop()
        if name not in wanted and name in by_name:
            wanted.add(name)
            todo += by_name[name].inputs
    return tuple(v for v in views if v.name in wanted)


RULES: tuple[Rule, ...] = (drop_unselected, drop_unfed, fuse_only_several, prune_unread)


def optimize(views: Views, asked: Selection) -> tuple[Views, dict[str, tuple[str, ...]]]:
    """The views after every rule, and by rule those that it left out."""
    left: dict[str, tuple[str, ...]] = {}
    for rule in RULES:
        before, views = views, rule(views, asked)
        kept = {view.name for view in views}
        left[rule.__name__] = tuple(view.name for view in before if view.name not in kept)
    return views, left
