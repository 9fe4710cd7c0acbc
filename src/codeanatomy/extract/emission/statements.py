"""What do statements mean for values? One function per statement class; joins make new places."""

import ast

from codeanatomy.extract.emission.bindings import pattern_names, target_names
from codeanatomy.extract.emission.exports import exported
from codeanatomy.extract.emission.state import DEAD, FUNCTION, MODULE, Emission
from codeanatomy.facts import constraints as c

Env = dict[str, int]


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
    for name, place in b.items():
        other = a.get(name)
        if other is None:
            a[name] = place
        elif other != place:
            a[name] = e.joined([other, place])
    return a


def branch(e: Emission, env: Env, statements: list[ast.stmt]) -> Env:
    """The env after the statements, started from `env`."""
    e.scope.env = env
    block(e, statements)
    return e.scope.env


def nothing(e: Emission, node: ast.stmt) -> int:
    return 0


def expression(e: Emission, node: ast.Expr) -> int:
    value = node.value
    return e.visit[type(value)](e, value)


def assertion(e: Emission, node: ast.Assert) -> int:
    e.visit[type(node.test)](e, node.test)
    if node.msg is not None:
        e.visit[type(node.msg)](e, node.msg)
    return 0


def if_(e: Emission, node: ast.If) -> int:
    """elif chains are walked in a loop: they may be longer than the stack is deep."""
    scope = e.scope
    ends = []
    while True:
        e.visit[type(node.test)](e, node.test)
        before, paths = scope.env, scope.paths
        scope.paths = dict(paths)
        ends.append(branch(e, dict(before), node.body))
        scope.paths = paths
        scope.env = before
        if len(node.orelse) != 1 or not isinstance(node.orelse[0], ast.If):
            break
        node = node.orelse[0]
    end = branch(e, scope.env, node.orelse)
    for other in reversed(ends):
        end = merge(e, other, end) if end is not DEAD else other
    scope.env, scope.paths = end, {}
    return 0


def _loop(e: Emission, node: ast.For | ast.AsyncFor | ast.While) -> int:
    scope = e.scope
    if not isinstance(node, ast.While):
        e.visit[type(node.iter)](e, node.iter)
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
        assign(e, node.target, e.unknown(c.ITERATION))
    scope.loops.append(([], []))
    block(e, node.body)
    breaks, continues = scope.loops.pop()
    end = scope.env
    for env in continues:
        end = merge(e, env, end) if end is not DEAD else env
    if end is not DEAD:
        for name, head in heads:
            place = end.get(name)
            if place is not None and place != head:
                e.row((c.COPY, place, head, 0, 0))
        for name, place in end.items():
            out.setdefault(name, place)
    scope.paths = {}
    if isinstance(node, ast.While) and _forever(node.test):
        out = DEAD
    out = branch(e, out, node.orelse)
    for env in breaks:
        out = merge(e, env, out) if out is not DEAD else env
    scope.env, scope.paths = out, {}
    return 0


def _forever(test: ast.expr) -> bool:
    return isinstance(test, ast.Constant) and bool(test.value)


for_ = while_ = _loop


def break_(e: Emission, node: ast.Break) -> int:
    return _jump(e, 0)


def continue_(e: Emission, node: ast.Continue) -> int:
    return _jump(e, 1)


def _jump(e: Emission, which: int) -> int:
    scope = e.scope
    if scope.loops:
        scope.loops[-1][which].append(scope.env)
    scope.env = DEAD
    return 0


def try_(e: Emission, node: ast.Try) -> int:
    """Handlers start from what was known before, joined with every definition made in the body."""
    scope = e.scope
    before, log = dict(scope.env), []  # type: dict[str, int], list[tuple[str, int]]
    scope.logs.append(log)
    block(e, node.body)
    scope.logs.pop()
    defined: dict[str, list[int]] = {}
    for name, place in log:
        defined.setdefault(name, []).append(place)
    for name, places in defined.items():
        if name in before:
            places.append(before[name])
        before[name] = e.joined(places)
    if scope.env is not DEAD:
        block(e, node.orelse)
    end = scope.env
    for handler in node.handlers:
        scope.env, scope.paths = dict(before), {}
        if handler.type is not None:
            e.visit[type(handler.type)](e, handler.type)
        if handler.name:
            e.define(handler.name, e.unknown(c.EXCEPTION))
        block(e, handler.body)
        if scope.env is not DEAD:
            end = merge(e, scope.env, end) if end is not DEAD else scope.env
    scope.env, scope.paths = (before if end is DEAD else end), {}
    if node.finalbody:
        block(e, node.finalbody)
        if end is DEAD:
            scope.env = DEAD
    elif end is DEAD:
        scope.env = DEAD
    return 0


def with_(e: Emission, node: ast.With | ast.AsyncWith) -> int:
    for item in node.items:
        e.visit[type(item.context_expr)](e, item.context_expr)
        if item.optional_vars is not None:
            assign(e, item.optional_vars, e.unknown(c.WITH_VALUE))
    block(e, node.body)
    return 0


def match(e: Emission, node: ast.Match) -> int:
    scope = e.scope
    subject = e.visit[type(node.subject)](e, node.subject)
    before, end = scope.env, dict(scope.env)
    for case in node.cases:
        scope.env, scope.paths = dict(before), {}
        whole = isinstance(case.pattern, ast.MatchAs) and case.pattern.pattern is None
        for name in pattern_names(case.pattern):
            e.define(name, subject if whole else e.unknown(c.PATTERN))
        for part in ast.walk(case.pattern):
            if isinstance(part, ast.MatchClass):
                e.visit[type(part.cls)](e, part.cls)
            elif isinstance(part, ast.MatchValue):
                e.visit[type(part.value)](e, part.value)
            elif isinstance(part, ast.MatchMapping):
                for key in part.keys:
                    e.visit[type(key)](e, key)
        if case.guard is not None:
            e.visit[type(case.guard)](e, case.guard)
        block(e, case.body)
        if scope.env is not DEAD:
            end = merge(e, scope.env, end)
    scope.env, scope.paths = end, {}
    return 0


def return_(e: Emission, node: ast.Return) -> int:
    scope = e.scope
    if node.value is not None:
        place = e.visit[type(node.value)](e, node.value)
    else:
        place = e.literal("NoneType")
    if scope.kind == FUNCTION:
        scope.returns.append(place)
    scope.env = DEAD
    return 0


def raise_(e: Emission, node: ast.Raise) -> int:
    for part in (node.exc, node.cause):
        if part is not None:
            e.visit[type(part)](e, part)
    e.scope.env = DEAD
    return 0


def delete(e: Emission, node: ast.Delete) -> int:
    for target in node.targets:
        for part in _parts(target):
            if isinstance(part, ast.Name):
                e.scope.env.pop(part.id, None)
            else:
                e.visit[type(part)](e, part)
                e.scope.paths = {}
    return 0


def _parts(target: ast.expr) -> list[ast.expr]:
    todo, found = [target], []
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.Tuple, ast.List)):
            todo += reversed(node.elts)
        else:
            found.append(node)
    return found


# assignment


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
            assign(e, target, e.literal("tuple"))
    return 0


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
        e.site((c.ATTRIBUTE_SITE, target.row, base, name))  # type: ignore[attr-defined]  # walker's
        e.row((c.STORE, base, name, place, 0))
        paths[base, name] = place
    elif isinstance(target, ast.Starred):
        assign(e, target.value, e.literal("list"))
    elif isinstance(target, (ast.Tuple, ast.List)):
        element = e.unknown(c.ELEMENT)
        for part in target.elts:
            assign(e, part, element)
    else:
        e.visit[kind](e, target)
        e.scope.paths = {}


def annotated(e: Emission, node: ast.AnnAssign) -> int:
    if node.value is not None:
        assign(e, node.target, e.visit[type(node.value)](e, node.value))
        if e.scope.kind == MODULE and getattr(node.target, "id", "") == "__all__":
            exported(e, node.value, replace=True)
    elif not isinstance(node.target, ast.Name):
        e.visit[type(node.target)](e, node.target)
    e.visit[type(node.annotation)](e, node.annotation)
    return 0


def augmented(e: Emission, node: ast.AugAssign) -> int:
    e.visit[type(node.value)](e, node.value)
    if isinstance(node.target, ast.Name):
        e.define(node.target.id, e.unknown(c.OPERATOR))
        if node.target.id == "__all__" and e.scope.kind == MODULE:
            exported(e, node.value, replace=False)
    else:
        assign(e, node.target, e.unknown(c.OPERATOR))
    return 0


def comprehension_targets(generators: list[ast.comprehension]) -> list[str]:
    """Names that the generators of a comprehension bind."""
    return [name for g in generators for name in target_names(g.target)]
