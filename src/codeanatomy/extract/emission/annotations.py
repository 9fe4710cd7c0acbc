"""What do annotations say about values? Rows that tie a type expression to what it describes."""

import ast

from codeanatomy.extract.emission.state import Emission
from codeanatomy.facts import constraints as c

LONGEST = 1000  # characters of a string that is read as an annotation
_DEEPEST = 50


def described(e: Emission, node: ast.expr, *, quoted: bool = False, depth: int = 0) -> int:
    """Place of the values that the annotation describes, 0 for none. Its names become sites, but
    for those of a string."""
    if depth > _DEEPEST:
        return 0
    if isinstance(node, ast.Constant):
        return _of_text(e, node.value, depth) if isinstance(node.value, str) else 0
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
        place = e.described.get(key)
        if place is None:
            place = e.described[key] = _annotate(e, base, [])
        return place
    if not quoted:
        e.visit[type(node)](e, node)
    return 0


def _of_text(e: Emission, text: str, depth: int) -> int:
    if len(text) > LONGEST:
        return 0
    try:
        tree = ast.parse(text.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return 0
    return described(e, tree.body, quoted=True, depth=depth + 1)


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
