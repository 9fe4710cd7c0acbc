"""What do statements mean for values? One function per statement class; joins make new places."""

import ast

from codeanatomy.extract.emission.annotations import Env, described, met, narrow
from codeanatomy.extract.emission.assignments import assign
from codeanatomy.extract.emission.bindings import leaves, pattern_names
from codeanatomy.extract.emission.state import DEAD, FUNCTION, Emission, row_of
from codeanatomy.facts import constraints as c


def block(e: Emission, statements: list[ast.stmt]) -> None:
    """Walks statements; code after a jump starts from nothing known."""
    visit, scope = e.visit, e.scope
    for node in statements:
        if scope.env is DEAD:
            scope.env, scope.paths = {}, {}
        visit[type(node)](e, node)


def merge(e: Emission, a: Env, b: Env) -> Env:
    """The env after two paths meet; written into `a` (`b` where `a` is dead)."""
    if a is DEAD or a is b:
        return b
    if b is DEAD:
        return a
    for name, place in b.items():
        other = a.get(name)
        if other is None:
            a[name] = place
        elif other != place:
            a[name] = met(e, name, other, place)
    return a


def branch(e: Emission, env: Env, statements: list[ast.stmt]) -> Env:
    """The env after the statements, started from `env`."""
    e.scope.env = env
    block(e, statements)
    return e.scope.env


def nothing(e: Emission, node: ast.stmt) -> int:
    return 0


def assertion(e: Emission, node: ast.Assert) -> int:
    for part in ast.iter_child_nodes(node):
        e.visit[type(part)](e, part)
    narrow(e, node.test, holds=True)
    return 0


def if_(e: Emission, node: ast.If) -> int:
    """elif chains are walked in a loop: they may be longer than the stack is deep."""
    scope = e.scope
    ends = []
    while True:
        e.visit[type(node.test)](e, node.test)
        before, paths = scope.env, scope.paths
        scope.env, scope.paths = dict(before), dict(paths)
        narrow(e, node.test, holds=True)
        ends.append(branch(e, scope.env, node.body))
        scope.env, scope.paths = before, paths
        narrow(e, node.test, holds=False)
        if len(node.orelse) != 1 or not isinstance(node.orelse[0], ast.If):
            break
        node = node.orelse[0]
    end = branch(e, scope.env, node.orelse)
    for other in reversed(ends):
        end = merge(e, other, end)
    scope.env, scope.paths = end, {}
    return 0


def loop(e: Emission, node: ast.For | ast.AsyncFor | ast.While) -> int:
    scope = e.scope
    element = 0
    if not isinstance(node, ast.While):
        prefix = "a" if isinstance(node, ast.AsyncFor) else ""
        iterable = e.visit[type(node.iter)](e, node.iter)
        element = e.iterate(row_of(node), iterable, prefix)
    heads = []
    for name in e.loops.get(node, ()):
        before = scope.env.get(name)
        if before is not None:
            head = scope.env[name] = e.place()
            heads.append((name, head))
            e.row((c.COPY, before, head, 0, 0))
    scope.paths = {}
    if isinstance(node, ast.While):
        e.visit[type(node.test)](e, node.test)
    out = scope.env
    scope.env = dict(out)
    if not isinstance(node, ast.While):
        assign(e, node.target, element)
    scope.loops.append(([], []))
    block(e, node.body)
    breaks, continues = scope.loops.pop()
    end = scope.env
    for env in continues:
        end = merge(e, env, end)
    if end is not DEAD:
        for name, head in heads:
            place = end.get(name)
            if place is not None and place != head:
                e.row((c.COPY, place, head, 0, 0))
        for name, place in end.items():
            out.setdefault(name, place)
    scope.paths = {}
    if isinstance(node, ast.While) and isinstance(node.test, ast.Constant) and node.test.value:
        out = DEAD
    out = branch(e, out, node.orelse)
    for env in breaks:
        out = merge(e, env, out)
    scope.env, scope.paths = out, {}
    return 0


def jump(e: Emission, node: ast.Break | ast.Continue) -> int:
    scope = e.scope
    if scope.loops:
        breaks, continues = scope.loops[-1]
        (breaks if isinstance(node, ast.Break) else continues).append(scope.env)
    scope.env = DEAD
    return 0


def try_(e: Emission, node: ast.Try) -> int:
    """Handlers start from what was known before, joined with every definition made in the body."""
    scope = e.scope
    before = dict(scope.env)
    scope.logs.append({})
    block(e, node.body)
    for name, places in scope.logs.pop().items():
        if name in before:
            places.append(before[name])
        before[name] = e.joined(places)
    if scope.env is not DEAD:
        block(e, node.orelse)
    end = scope.env
    for handler in node.handlers:
        scope.env, scope.paths = dict(before), {}
        caught = _caught(e, handler.type)
        if handler.name:
            e.define(handler.name, caught)
        block(e, handler.body)
        end = merge(e, scope.env, end)
    scope.env, scope.paths = (before if end is DEAD else end), {}
    block(e, node.finalbody)
    if end is DEAD:
        scope.env = DEAD
    return 0


def _caught(e: Emission, types: ast.expr | None) -> int:
    """Place of the exceptions that a handler takes."""
    parts = types.elts if isinstance(types, ast.Tuple) else [types] if types else []
    known = [place for x in parts if (place := described(e, x))]
    return e.joined(known) if known else e.unknown(c.EXCEPTION)


def with_(e: Emission, node: ast.With | ast.AsyncWith) -> int:
    prefix = "a" if isinstance(node, ast.AsyncWith) else ""
    row = row_of(node)
    for item in node.items:
        manager = e.visit[type(item.context_expr)](e, item.context_expr)
        entered = e.special(row, manager, f"__{prefix}enter__")
        e.special(row, manager, f"__{prefix}exit__")
        if item.optional_vars is not None:
            assign(e, item.optional_vars, entered)
    block(e, node.body)
    return 0


def match(e: Emission, node: ast.Match) -> int:
    scope = e.scope
    subject = e.visit[type(node.subject)](e, node.subject)
    before, end = scope.env, dict(scope.env)
    for case in node.cases:
        scope.env, scope.paths = dict(before), {}
        _capture(e, case.pattern, subject)
        for part in ast.walk(case.pattern):
            if isinstance(part, ast.MatchValue):
                e.visit[type(part.value)](e, part.value)
            elif isinstance(part, ast.MatchMapping):
                for key in part.keys:
                    e.visit[type(key)](e, key)
        if case.guard is not None:
            e.visit[type(case.guard)](e, case.guard)
        block(e, case.body)
        end = merge(e, scope.env, end)
    scope.env, scope.paths = end, {}
    return 0


def _capture(e: Emission, pattern: ast.pattern, subject: int) -> None:
    """Binds the names of a pattern: those of the whole value, of a class's instance, others."""
    if isinstance(pattern, ast.MatchAs):
        held = subject
        if pattern.pattern is not None:
            if isinstance(pattern.pattern, ast.MatchClass):
                held = described(e, pattern.pattern.cls) or subject
            _capture(e, pattern.pattern, held)
        if pattern.name is not None:
            e.define(pattern.name, held)
    elif isinstance(pattern, ast.MatchClass):
        held = described(e, pattern.cls)
        for name, inner in zip(pattern.kwd_attrs, pattern.kwd_patterns, strict=True):
            _capture(e, inner, e.load(held, name) if held else e.unknown(c.PATTERN))
        for inner in pattern.patterns:
            _capture(e, inner, held or e.unknown(c.PATTERN))
    elif isinstance(pattern, (ast.MatchSequence, ast.MatchOr)):
        single = isinstance(pattern, ast.MatchOr)
        for index, inner in enumerate(pattern.patterns):
            _capture(e, inner, subject if single else e.load(subject, c.part(index)))
    else:
        for name in pattern_names(pattern):
            e.define(name, e.unknown(c.PATTERN))


def return_(e: Emission, node: ast.Return) -> int:
    scope = e.scope
    value = node.value
    place = e.visit[type(value)](e, value) if value is not None else e.literal("NoneType")
    if scope.kind == FUNCTION:
        scope.returns.append(place)
    scope.env = DEAD
    return 0


def raise_(e: Emission, node: ast.Raise) -> int:
    for part in (node.exc, node.cause):
        if part is not None:
            place = e.visit[type(part)](e, part)
            if part is node.exc and not isinstance(part, ast.Call):
                e.special(row_of(node), place, c.RAISE)
    e.scope.env = DEAD
    return 0


def delete(e: Emission, node: ast.Delete) -> int:
    for target in node.targets:
        for part in leaves(target):
            if isinstance(part, ast.Name):
                e.scope.env.pop(part.id, None)
            else:
                e.visit[type(part)](e, part)
                e.scope.paths = {}
    return 0
