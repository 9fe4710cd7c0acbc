"""Rules that make the set of views smaller without changing any output. The order is this tuple."""

from collections.abc import Callable, Iterable

from codeanatomy.semantic.compile import ViewNode

Rule = Callable[[tuple[ViewNode, ...], frozenset[str]], tuple[ViewNode, ...]]


def prune_unread(views: tuple[ViewNode, ...], outputs: frozenset[str]) -> tuple[ViewNode, ...]:
    """Only views that an output reads, directly or through others."""
    by_name = {v.name: v for v in views}
    wanted: set[str] = set()
    todo = [n for n in by_name if n in outputs]
    while todo:
        name = todo.pop()
        if name not in wanted and name in by_name:
            wanted.add(name)
            todo += by_name[name].inputs
    return tuple(v for v in views if v.name in wanted)


RULES: tuple[Rule, ...] = (prune_unread,)


def optimize(views: tuple[ViewNode, ...], outputs: Iterable[str]) -> tuple[ViewNode, ...]:
    """The views after every rule."""
    wanted = frozenset(outputs)
    for rule in RULES:
        views = rule(views, wanted)
    return views
