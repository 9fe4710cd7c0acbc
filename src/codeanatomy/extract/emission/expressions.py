"""What place holds the value of an expression? One function per expression class."""

import ast
from typing import TypeVar

from codeanatomy.extract.emission.bindings import VARIABLE
from codeanatomy.extract.emission.exports import exported_by_call
from codeanatomy.extract.emission.state import CLASS, MODULE, Emission
from codeanatomy.extract.emission.statements import assign, comprehension_targets
from codeanatomy.facts import constraints as c

V = TypeVar("V")

# The walker gives every node that is a site its row number, which the stubs do not know:
# mypy: disable-error-code="attr-defined"


def name(e: Emission, node: ast.Name) -> int:
    scope, text = e.scope, node.id
    uses = scope.uses.get(text)
    if uses is None:
        uses = e.mention(text)
    uses.append(node.row)
    place = scope.env.get(text)
    return e.outer(text) if place is None else place


def constant(e: Emission, node: ast.Constant) -> int:
    type_ = type(node.value).__name__
    return e.literals.get(type_) or e.literal(type_)


def attribute(e: Emission, node: ast.Attribute) -> int:
    value = node.value
    base = e.visit[type(value)](e, value)
    text = e.names[node.attr]
    paths = e.scope.paths
    path = base, text
    place = paths.get(path)
    if place is None:
        place = paths[path] = e.place()
        e.row((c.LOAD, base, text, place, node.row))
    else:
        e.site((c.ATTRIBUTE_SITE, node.row, base, text))
    return place


def call(e: Emission, node: ast.Call) -> int:
    visit, names, row, func = e.visit, e.names, e.row, node.func
    callee = visit[type(func)](e, func)
    number, result = e.call(), e.place()
    constants = e.constants
    unsure = False
    for position, argument in enumerate(node.args):
        place = visit[type(argument)](e, argument)
        if type(argument) is ast.Starred:
            unsure = True  # where this one and the next ones go is not known
        elif place not in constants and not unsure:
            row((c.ARG, number, position, 0, place))
    for keyword in node.keywords:
        argument = keyword.value
        place = visit[type(argument)](e, argument)
        if place not in constants and keyword.arg is not None:
            row((c.ARG, number, -1, names[keyword.arg], place))
    row((c.CALL, callee, number, result, 0))
    scope = e.scope
    if scope.paths:
        scope.paths = {}
    text = ""
    if type(func) is ast.Name:
        text = func.id
        if text == "super":
            _super(e, node, result)
    elif type(func) is ast.Attribute:
        text = func.attr
        if scope.kind == MODULE and getattr(func.value, "id", "") == "__all__":
            exported_by_call(e, node)
    e.site((c.CALL_SITE, node.row, callee, names[text]))
    return result


def _super(e: Emission, node: ast.Call, result: int) -> None:
    """`super()`, or `super(C, x)` that names the class around it."""
    scope = e.scope
    if scope.owner_class is None or "super" in e.module.bound:
        return
    object_, text = scope.owner_class
    receiver = scope.receiver
    if len(node.args) == 2 and isinstance(node.args[0], ast.Name) and node.args[0].id == text:
        second = node.args[1]
        receiver = scope.env.get(second.id, 0) if isinstance(second, ast.Name) else 0
    elif node.args:
        return
    if receiver:
        e.row((c.SUPER, receiver, object_, result, 0))


def operands(e: Emission, node: ast.AST) -> None:
    """Walks every expression directly below a node."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, (ast.expr, ast.keyword, ast.comprehension)):
            e.visit[type(child)](e, child)


def binary(e: Emission, node: ast.BinOp) -> int:
    """Left operands are followed in a loop: `a + b + c ...` may exceed the stack."""
    left: ast.expr = node
    rights = []
    while isinstance(left, ast.BinOp):
        rights.append(left.right)
        left = left.left
    e.visit[type(left)](e, left)
    for right in reversed(rights):
        e.visit[type(right)](e, right)
    if isinstance(left, ast.JoinedStr) or (
        isinstance(left, ast.Constant) and isinstance(left.value, str)
    ):
        return e.literal("str")
    return e.unknown(c.OPERATOR)


def unary(e: Emission, node: ast.UnaryOp) -> int:
    place = e.visit[type(node.operand)](e, node.operand)
    if isinstance(node.op, ast.Not):
        return e.literal("bool")
    return place if isinstance(node.operand, ast.Constant) else e.unknown(c.OPERATOR)


def compare(e: Emission, node: ast.Compare) -> int:
    e.visit[type(node.left)](e, node.left)
    for part in node.comparators:
        e.visit[type(part)](e, part)
    return e.unknown(c.OPERATOR)


def boolean(e: Emission, node: ast.BoolOp) -> int:
    return e.joined([e.visit[type(x)](e, x) for x in node.values])


def conditional(e: Emission, node: ast.IfExp) -> int:
    e.visit[type(node.test)](e, node.test)
    return e.joined([e.visit[type(x)](e, x) for x in (node.body, node.orelse)])


def walrus(e: Emission, node: ast.NamedExpr) -> int:
    place = e.visit[type(node.value)](e, node.value)
    scope = e.scope
    if node.target.id not in scope.bound and node.target.id not in scope.globals:
        scope.bound[node.target.id] = VARIABLE
        scope.uses.pop(node.target.id, None)
    e.define(node.target.id, place)
    return place


def subscript(e: Emission, node: ast.Subscript) -> int:
    e.visit[type(node.value)](e, node.value)
    e.visit[type(node.slice)](e, node.slice)
    return e.unknown(c.ELEMENT)


def slice_(e: Emission, node: ast.Slice) -> int:
    for part in (node.lower, node.upper, node.step):
        if part is not None:
            e.visit[type(part)](e, part)
    return e.literal("slice")


def starred(e: Emission, node: ast.Starred) -> int:
    e.visit[type(node.value)](e, node.value)
    return e.unknown(c.ELEMENT)


def await_(e: Emission, node: ast.Await) -> int:
    return e.visit[type(node.value)](e, node.value)


def yield_(e: Emission, node: ast.Yield | ast.YieldFrom) -> int:
    e.scope.generator = True
    if node.value is not None:
        e.visit[type(node.value)](e, node.value)
    return e.unknown(c.GENERATED)


def text(e: Emission, node: ast.JoinedStr) -> int:
    for part in node.values:
        e.visit[type(part)](e, part)
    return e.literal("str")


def formatted(e: Emission, node: ast.FormattedValue) -> int:
    e.visit[type(node.value)](e, node.value)
    if node.format_spec is not None:
        e.visit[type(node.format_spec)](e, node.format_spec)
    return e.literal("str")


def display(e: Emission, node: ast.List | ast.Tuple | ast.Set) -> int:
    visit = e.visit
    for element in node.elts:
        visit[type(element)](e, element)
    return e.literal(node.__class__.__name__.lower())


def dictionary(e: Emission, node: ast.Dict) -> int:
    visit = e.visit
    for key, value in zip(node.keys, node.values, strict=True):
        if key is not None:
            visit[type(key)](e, key)
        visit[type(value)](e, value)
    return e.literal("dict")


COMPREHENSIONS = {
    "ListComp": "list",
    "SetComp": "set",
    "GeneratorExp": "generator",
    "DictComp": "dict",
}
Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


def comprehension(e: Emission, node: Comprehension) -> int:
    """Its variables hide names of the scope while it is walked. A class's names it cannot see, but
    for the first iterable."""
    scope = e.scope
    first = node.generators[0]
    e.visit[type(first.iter)](e, first.iter)
    hidden = comprehension_targets(node.generators)
    env, uses, veil = scope.env, scope.uses, scope.veil
    if scope.kind == CLASS:
        scope.env, scope.uses = {}, {}
        if env is not scope.env:
            scope.env.update({k: v for k, v in env.items() if k in veil})
    old = {name: (scope.env.get(name), scope.uses.get(name)) for name in hidden}
    element = e.unknown(c.ITERATION)
    scope.veil = veil | dict.fromkeys(hidden, element)
    for target in hidden:
        scope.env[target] = element
        scope.uses[target] = e.ignored
    for generator in node.generators:
        if generator is not first:
            e.visit[type(generator.iter)](e, generator.iter)
        if not isinstance(generator.target, (ast.Name, ast.Tuple)):
            assign(e, generator.target, element)
        for test in generator.ifs:
            e.visit[type(test)](e, test)
    if isinstance(node, ast.DictComp):
        e.visit[type(node.key)](e, node.key)
        e.visit[type(node.value)](e, node.value)
    else:
        e.visit[type(node.elt)](e, node.elt)
    scope.veil = veil
    if scope.kind == CLASS:
        scope.env, scope.uses = env, uses
    else:
        for target, (place, seen) in old.items():
            _restore(scope.env, target, place)
            _restore(scope.uses, target, seen)
    scope.paths = {}
    return e.literal(COMPREHENSIONS[node.__class__.__name__])


def _restore(table: dict[str, V], key: str, before: V | None) -> None:
    if before is None:
        table.pop(key, None)
    else:
        table[key] = before
