"""What do statements mean for values? One function per statement class; joins make new places.

Assignments bind names, attributes, elements, and parts of what is unpacked.
"""

import ast
from collections.abc import Iterator

from codeanatomy.extract.emission.annotations import Env, described, met, narrow
from codeanatomy.extract.emission.definitions import exported
from codeanatomy.extract.emission.scopes import leaves, pattern_names
from codeanatomy.extract.emission.state import DEAD, OPERATORS, Emission
from codeanatomy.facts import constraints as c


def assign_statement(e: Emission, node: ast.Assign) -> None:
    value = node.value
    if type(value) is ast.Tuple and all(_pairs(target, value) for target in node.targets):
        places = [e.visit[type(x)](e, x) for x in value.elts]
        for target in node.targets:
            for part, place in zip(target.elts, places, strict=True):
                assign(e, part, place)
        return
    place = e.visit[type(value)](e, value)
    for target in node.targets:
        assign(e, target, place)
        exported(e, target, value, replace=True)


def _pairs(target: ast.expr, value: ast.Tuple) -> bool:
    """`a, b = x, y`: as many targets as values and no star."""
    return (
        isinstance(target, (ast.Tuple, ast.List))
        and len(target.elts) == len(value.elts)
        and not any(isinstance(x, ast.Starred) for x in (*target.elts, *value.elts))
    )


def assign(e: Emission, target: ast.expr, place: int) -> None:
    """Binds a target to the value at the place."""
    kind = target.__class__
    if kind is ast.Name:
        e.define(target.id, place)
    elif isinstance(target, ast.Attribute):
        base = e.visit[type(target.value)](e, target.value)
        name = e.names[target.attr]
        e.scope.paths = {k: v for k, v in e.scope.paths.items() if k[1] != name}
        e.site((c.STORED_SITE, target.row, base, name))
        e.row((c.STORE, base, name, place, 0))
        class_ = e.scope.owner_class if base and base == e.scope.receiver else None
        if class_ and target.attr not in class_.members and target.attr not in class_.bound:
            class_.members.add(target.attr)
            e.row((c.MEMBER, class_.object, name, target.row, 0))
        e.scope.paths[base, name] = place
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
            star, rest = True, e.made(c.DISPLAY, e.names["list"])
            e.row((c.STORE, rest, e.names[c.ANY_ITEM], e.load(place, c.ANY_PART), 0))
            yield from parts(e, part.value, rest)
        else:
            yield from parts(e, part, e.load(place, c.ANY_PART if star else c.part(index)))


def _put(e: Emission, target: ast.Subscript, place: int) -> None:
    """`base[key] = value`"""
    base, key = e.visit[type(target.value)](e, target.value), target.slice
    at = e.visit[type(key)](e, key)
    name = c.item(key.value) if isinstance(key, ast.Constant) else c.ANY_ITEM
    e.site((c.IMPLICIT_SITE, target.row, base, e.names["__setitem__"]))
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


def annotated(e: Emission, node: ast.AnnAssign) -> None:
    said, target, scope = described(e, node.annotation), node.target, e.scope
    if node.value is not None:
        value = e.visit[type(node.value)](e, node.value)
        assign(e, target, e.joined([value, said]) if said else value)
        exported(e, target, node.value, replace=True)
    elif said and isinstance(target, ast.Name) and scope.kind == c.FUNCTION:
        scope.env[target.id] = said
    elif said:
        assign(e, target, said)
    elif not isinstance(target, ast.Name):
        e.visit[type(target)](e, target)


def augmented(e: Emission, node: ast.AugAssign) -> None:
    target, value = node.target, node.value
    base = 0
    if isinstance(target, ast.Attribute):
        base = e.visit[type(target.value)](e, target.value)
        before = e.load(base, target.attr, target.row)
    else:
        before = e.visit[type(target)](e, target)
    other = e.visit[type(value)](e, value)
    method = f"__i{OPERATORS[type(node.op)]}__"
    after = e.joined([e.special(node.row, before, method, other), before])
    if isinstance(target, ast.Name):
        e.define(target.id, after)
        exported(e, target, value, replace=False)
    elif isinstance(target, ast.Attribute):
        e.row((c.STORE, base, e.names[target.attr], after, 0))
        e.scope.paths[base, e.names[target.attr]] = after
    else:
        e.scope.paths = {}


# ways


def merge(e: Emission, a: Env, b: Env) -> Env:
    """The env after two paths meet; written into `a` (`b` where `a` is dead)."""
    if a is DEAD or a is b:
        return b
    if b is DEAD:
        return a
    for name, place in b.items():
        other = a.setdefault(name, place)
        if other != place:
            a[name] = met(e, name, other, place)
    return a


def nothing(e: Emission, node: ast.Pass | ast.Global | ast.Nonlocal) -> None:
    """Neither evaluates nor binds."""


def assertion(e: Emission, node: ast.Assert) -> None:
    e.children(node)
    narrow(e, node.test, holds=True)


def if_(e: Emission, node: ast.If) -> None:
    scope = e.scope
    e.visit[type(node.test)](e, node.test)
    before, paths = scope.env, scope.paths
    scope.env, scope.paths = dict(before), dict(paths)
    narrow(e, node.test, holds=True)
    e.block(node.body)
    end = scope.env
    scope.env, scope.paths = before, paths
    narrow(e, node.test, holds=False)
    e.block(node.orelse)
    scope.env, scope.paths = merge(e, end, scope.env), {}


def loop(e: Emission, node: ast.For | ast.AsyncFor | ast.While) -> None:
    scope = e.scope
    element = 0
    if not isinstance(node, ast.While):
        prefix = "a" if isinstance(node, ast.AsyncFor) else ""
        iterable = e.visit[type(node.iter)](e, node.iter)
        element = e.iterate(node.row, iterable, prefix)
    heads = {name: e.place() for name in node.binds if name in scope.env}
    for name, head in heads.items():
        e.row((c.COPY, scope.env[name], head, 0, 0))
    scope.env |= heads
    scope.paths = {}
    if isinstance(node, ast.While):
        e.visit[type(node.test)](e, node.test)
    out = scope.env
    scope.env = dict(out)
    if not isinstance(node, ast.While):
        assign(e, node.target, element)
    scope.loops.append(([], []))
    e.block(node.body)
    breaks, continues = scope.loops.pop()
    end = scope.env
    for env in continues:
        end = merge(e, env, end)
    if end is not DEAD:
        for name, head in heads.items():
            if end.get(name, head) != head:
                e.row((c.COPY, end[name], head, 0, 0))
        for name, place in end.items():
            out.setdefault(name, place)
    scope.paths = {}
    if isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and node.test.value:
        out = DEAD
    scope.env = out
    e.block(node.orelse)
    out = scope.env
    for env in breaks:
        out = merge(e, env, out)
    scope.env, scope.paths = out, {}


def jump(e: Emission, node: ast.Break | ast.Continue) -> None:
    scope = e.scope
    if scope.loops:
        scope.loops[-1][isinstance(node, ast.Continue)].append(scope.env)
    scope.env = DEAD


def try_(e: Emission, node: ast.Try | ast.TryStar) -> None:
    """Handlers start from what was known before, joined with every definition made in the body;
    `finally` does with those of all other parts, too, but keeps no more than it defines."""
    scope = e.scope
    before, log = dict(scope.env), dict[str, list[int]]()
    scope.logs.append(log)
    e.block(node.body)
    start = before | {x: e.joined([*made, before.get(x, made[0])]) for x, made in log.items()}
    e.block(node.orelse)
    end = scope.env
    for handler in node.handlers:
        scope.env, scope.paths = dict(start), {}
        types = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
        known = [place for x in types if (place := described(e, x))]
        caught = e.joined(known) if known else e.unknown(c.EXCEPTION)
        if handler.name:
            e.define(handler.name, caught)
        e.block(handler.body)
        if isinstance(node, ast.TryStar):  # several may run, one after the other
            start = merge(e, dict(scope.env), start)
        end = merge(e, scope.env, end)
    scope.logs.pop()
    scope.env, scope.paths = end, {}
    if node.finalbody:
        last = before | {x: e.joined([*made, before.get(x, made[0])]) for x, made in log.items()}
        scope.env = dict(last)
        e.block(node.finalbody)
        own = {name: place for name, place in scope.env.items() if place != last.get(name)}
        scope.env = DEAD if DEAD is scope.env or DEAD is end else end | own


def with_(e: Emission, node: ast.With | ast.AsyncWith) -> None:
    prefix = "a" if isinstance(node, ast.AsyncWith) else ""
    row = node.row
    for item in node.items:
        manager = e.visit[type(item.context_expr)](e, item.context_expr)
        entered = e.special(row, manager, f"__{prefix}enter__")
        e.special(row, manager, f"__{prefix}exit__")
        if item.optional_vars is not None:
            assign(e, item.optional_vars, entered)
    e.block(node.body)


def match(e: Emission, node: ast.Match) -> None:
    """A name of a whole pattern is the subject; what others capture is not known."""
    scope = e.scope
    subject = e.visit[type(node.subject)](e, node.subject)
    before, end = scope.env, DEAD
    for case in node.cases:
        scope.env, scope.paths = dict(before), {}
        e.children(case.pattern)
        whole = getattr(case.pattern, "name", None)
        for name in pattern_names(case.pattern):
            e.define(name, subject if name == whole else e.unknown(c.PATTERN))
        if case.guard is not None:
            e.visit[type(case.guard)](e, case.guard)
            before = merge(e, dict(scope.env), before)
        e.block(case.body)
        end = merge(e, scope.env, end)
    if case.guard is not None or getattr(case.pattern, "pattern", case) is not None:
        end = merge(e, before, end)  # no case takes everything
    scope.env, scope.paths = end, {}


def return_(e: Emission, node: ast.Return) -> None:
    scope = e.scope
    value = node.value
    place = e.visit[type(value)](e, value) if value is not None else e.literal("NoneType")
    if scope.kind == c.FUNCTION:
        scope.returns.append(place)
    scope.env = DEAD


def raise_(e: Emission, node: ast.Raise) -> None:
    for part in (node.exc, node.cause):
        if part is not None:
            place = e.visit[type(part)](e, part)
            if part is node.exc and not isinstance(part, ast.Call):
                e.special(node.row, place, c.RAISE)
    e.scope.env = DEAD


def delete(e: Emission, node: ast.Delete) -> None:
    for target in node.targets:
        for part in leaves(target):
            if isinstance(part, ast.Name):
                e.scope.env.pop(part.id, None)
            else:
                e.visit[type(part)](e, part)
                e.scope.paths = {}
