"""What does an `isinstance` test tell of a name or attribute, and how long does that hold?

Where the test holds, the name means "an instance of that class". Where paths meet again it means
what it meant before: a test only looks at a value.
"""

import ast

from codeanatomy.extract.emission.annotations import described
from codeanatomy.extract.emission.state import Emission

Env = dict[str, int]


def tells(test: ast.expr) -> bool:
    """Whether the test may say of which class something is."""
    while isinstance(test, ast.UnaryOp):
        test = test.operand
    if isinstance(test, ast.BoolOp):
        return any(map(tells, test.values))
    return isinstance(test, ast.Call) and getattr(test.func, "id", "") == "isinstance"


def narrow(e: Emission, test: ast.expr, *, holds: bool) -> None:
    """Binds what the test tells where it holds (or does not)."""
    while isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not):
        test, holds = test.operand, not holds
    if isinstance(test, ast.BoolOp) and isinstance(test.op, ast.And if holds else ast.Or):
        for part in test.values:
            narrow(e, part, holds=holds)
    if not (holds and isinstance(test, ast.Call) and len(test.args) == 2):
        return
    value, class_ = test.args
    if getattr(test.func, "id", "") != "isinstance" or not e.builtin("isinstance"):
        return
    classes = class_.elts if isinstance(class_, ast.Tuple) else [class_]
    known = [described(e, x, quoted=True) for x in classes]
    if not all(known):
        return
    place, env = e.joined(known), e.scope.env
    if isinstance(value, ast.Name) and value.id in env:
        e.scope.narrowed[value.id, place] = _whole(e, value.id, env[value.id])
        env[value.id] = place
    elif isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name):
        base = env.get(value.value.id)
        if base:
            e.scope.paths[base, e.names[value.attr]] = place


def met(e: Emission, name: str, a: int, b: int) -> int:
    """The place of the name's value where two paths meet that left these two."""
    whole = _whole(e, name, a)
    return whole if whole == _whole(e, name, b) else e.joined([a, b])


def visited(e: Emission, parts: list[tuple[ast.expr, bool | None]]) -> list[int]:
    """The places of the parts of one expression. A part is seen where those before it hold (or do
    not, or either): all that they told ends with the expression."""
    before, places = None, []
    for part, holds in parts:
        places.append(e.visit[type(part)](e, part))
        if holds is not None and tells(part):
            before = before or dict(e.scope.env)
            narrow(e, part, holds=holds)
    if before:
        forget(e, before)
    return places


def forget(e: Emission, before: Env) -> None:
    """Names that were only looked at since mean what they meant before."""
    env = e.scope.env
    for name, place in before.items():
        now = env.get(name, place)
        if now != place and _whole(e, name, now) == _whole(e, name, place):
            env[name] = place
    e.scope.paths = {}


def _whole(e: Emission, name: str, place: int) -> int:
    return e.scope.narrowed.get((name, place), place)
