"""What do annotations and `isinstance` tests say about values?

Rows tie a type expression to what it describes. Where a test holds, the name means "an instance of
that class". Where paths meet again it means what it meant before: a test only looks at a value.
"""

import ast

from codeanatomy.extract.emission.state import Emission
from codeanatomy.facts import constraints as c

Env = dict[str, int]
LONGEST = 1000  # characters of a string that is read as an annotation
_DEEPEST = 50


def described(e: Emission, node: ast.expr | None, *, quoted: bool = False, depth: int = 0) -> int:
    """Place of the values that the annotation describes, 0 for none. Its names become sites, but
    for those of a string."""
    if node is None or depth > _DEEPEST:
        return 0
    if isinstance(node, ast.Constant):
        text = node.value
        if not isinstance(text, str) or len(text) > LONGEST:
            return 0
        try:
            tree = ast.parse(text.strip(), mode="eval")
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            return 0
        return described(e, tree.body, quoted=True, depth=depth + 1)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.BitOr):
        sides = (described(e, x, quoted=quoted, depth=depth + 1) for x in (node.left, node.right))
        known = [place for place in sides if place]
        return e.joined(known) if known else 0
    if isinstance(node, ast.Subscript):
        base = _type(e, node.value, quoted=quoted)
        inner = node.slice.elts if isinstance(node.slice, ast.Tuple) else [node.slice]
        arguments = [described(e, x, quoted=quoted, depth=depth + 1) for x in inner]
        return _annotate(e, base, arguments)
    if isinstance(node, (ast.Name, ast.Attribute)):
        base = _type(e, node, quoted=quoted)
        key = base, e.scope.owner_class
        if key not in e.described:
            e.described[key] = _annotate(e, base, [])
        return e.described[key]
    if not quoted:
        e.visit[type(node)](e, node)
    return 0


def _type(e: Emission, node: ast.expr, *, quoted: bool) -> int:
    """Place of a type expression itself."""
    if not quoted:
        return e.visit[type(node)](e, node)
    if isinstance(node, ast.Name):
        place = e.scope.env.get(node.id)
        return e.outer(node.id) if place is None else place
    if isinstance(node, ast.Attribute):
        return e.load(_type(e, node.value, quoted=True), node.attr)
    return 0


def _annotate(e: Emission, base: int, arguments: list[int]) -> int:
    if not base:
        return 0
    number = e.call() if arguments else 0
    result, owner = e.place(), e.scope.owner_class
    e.row((c.ANNOTATE, base, number, result, owner.object if owner else 0))
    for position, place in enumerate(arguments):
        if place:
            e.row((c.ARG, number, position, 0, place))
    return result


# tests


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
        whole, narrowed = _whole(e, value.id, env[value.id]), e.scope.narrowed
        other = narrowed.get((value.id, place), whole) != whole  # was told of another value
        env[value.id] = place = e.joined([place], anew=other)
        narrowed[value.id, place] = whole
    elif isinstance(value, ast.Attribute) and (base := env.get(getattr(value.value, "id", ""))):
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
