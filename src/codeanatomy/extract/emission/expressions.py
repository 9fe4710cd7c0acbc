"""What place holds the value of an expression? One function per expression class."""

import ast

from codeanatomy.extract.emission.annotations import forget, narrow, tells, visited
from codeanatomy.extract.emission.definitions import exported_by_call
from codeanatomy.extract.emission.scopes import VARIABLE, target_names
from codeanatomy.extract.emission.state import OPERATORS, Emission
from codeanatomy.extract.emission.statements import assign, parts
from codeanatomy.facts import constraints as c

_FEW = 16  # constants of a display that are told apart


def name(e: Emission, node: ast.Name) -> int:
    scope, text = e.scope, node.id
    uses = scope.uses.get(text)
    if uses is None:
        uses = e.mention(text)
    uses.append(node.row)
    place = scope.env.get(text)
    return e.outer(text) if place is None else place


def constant(e: Emission, node: ast.Constant) -> int:
    return e.constant(node.value)


def attribute(e: Emission, node: ast.Attribute) -> int:
    value = node.value
    return e.load(e.visit[type(value)](e, value), node.attr, node.row)


def call(e: Emission, node: ast.Call) -> int:
    visit, names, row, func = e.visit, e.names, e.row, node.func
    base = 0
    if type(func) is ast.Attribute:
        base = visit[type(func.value)](e, func.value)
        callee = e.load(base, func.attr, func.row)
    else:
        callee = visit[type(func)](e, func)
    number, result = e.call(), e.place()
    constants = e.constants
    places = []
    star = False
    for position, argument in enumerate(node.args):
        if type(argument) is ast.Starred:
            star = True  # where the next ones go is not known
            held = visit[type(argument.value)](e, argument.value)
            row((c.ARG, number, c.STAR_ARGUMENT - position, 0, held))
            continue
        place = visit[type(argument)](e, argument)
        places.append(place)
        if not star and (place not in constants or argument is node.args[-1]):
            row((c.ARG, number, position, 0, 0 if place in constants else place))
    for keyword in node.keywords:
        place = visit[type(keyword.value)](e, keyword.value)
        if keyword.arg is None:
            row((c.ARG, number, c.STAR_KEYWORDS, 0, place))
        else:
            row((c.ARG, number, -1, names[keyword.arg], 0 if place in constants else place))
    scope = e.scope
    if scope.paths:
        scope.paths = {}
    text = ""
    if type(func) is ast.Name:
        text = func.id
        if text in _NAMED and not star and e.builtin(text):
            _NAMED[text](e, node, places, result)
    elif type(func) is ast.Attribute:
        text = func.attr
        if scope.kind == c.MODULE and getattr(func.value, "id", "") == "__all__":
            exported_by_call(e, node)
        elif text == "update" and len(places) == 1 and places[0] in e.displays:
            for key, held in e.displays[places[0]].items():  # what the keys hold from here on
                scope.paths[base, key] = held
    row((c.CALL, callee, number, result, e.sited(node.row, callee, text)))
    return result


def _super(e: Emission, node: ast.Call, places: list[int], result: int) -> None:
    """`super()`, or `super(C, x)` that names the class around it."""
    class_, receiver = e.scope.owner_class, e.scope.receiver
    if class_ is not None and len(places) == 2 and getattr(node.args[0], "id", "") == class_.name:
        receiver = places[1]
    elif node.args:
        return
    if class_ is not None and receiver:
        e.row((c.SUPER, receiver, class_.object, result, 0))


def _by_name(e: Emission, node: ast.Call, places: list[int], result: int) -> None:
    """`getattr(value, name)`, perhaps with a default, and `setattr(value, name, given)`."""
    puts = node.func.id == "setattr"
    if len(places) < 2 + puts:
        return
    base, at, *given = places
    name = node.args[1]
    if not (isinstance(name, ast.Constant) and isinstance(name.value, str)):
        mode, held = (c.PUT_ATTRIBUTE, given[0]) if puts else (c.GET_ATTRIBUTE, result)
        e.row((c.KEYED, base, at, held, mode))
    elif puts:
        e.row((c.STORE, base, e.names[name.value], given[0], 0))
    else:
        e.row((c.COPY, e.load(base, name.value), result, 0, 0))
    if given and not puts:
        e.row((c.COPY, given[0], result, 0, 0))


_NAMED = {"super": _super, "getattr": _by_name, "setattr": _by_name}


def binary(e: Emission, node: ast.BinOp) -> int:
    """Left operands are followed in a loop: `a + b + c ...` may exceed the stack."""
    left: ast.expr = node
    steps = []
    while isinstance(left, ast.BinOp):
        steps.append(left)
        left = left.left
    place = e.visit[type(left)](e, left)
    text = e.literals.get("str")
    for step in reversed(steps):
        other = e.visit[type(step.right)](e, step.right)
        if place == text or type(step.left) in (ast.Constant, ast.JoinedStr):
            if type(step.left) is ast.Constant:
                place = e.literal(type(step.left.value).__name__)
            if type(step.left) is ast.Constant and isinstance(step.left.value, str):
                text = place = e.beginning(step.left.value.partition("%")[0])
        else:
            place = e.special(step.row, place, f"__{OPERATORS[type(step.op)]}__", other)
    return place


def unary(e: Emission, node: ast.UnaryOp) -> int:
    place = e.visit[type(node.operand)](e, node.operand)
    if isinstance(node.op, ast.Not):
        return e.literal("bool")
    if isinstance(node.operand, ast.Constant):
        return e.literal(type(node.operand.value).__name__)
    return e.special(node.row, place, OPERATORS[type(node.op)])


def compare(e: Emission, node: ast.Compare) -> int:
    """Every comparison asks its left operand, `in` its right one, unless it is a constant."""
    left: ast.expr = node.left
    place = e.visit[type(left)](e, left)
    result = 0
    for operator, right in zip(node.ops, node.comparators, strict=True):
        other = e.visit[type(right)](e, right)
        if isinstance(operator, (ast.In, ast.NotIn)):
            if other not in e.constants and not isinstance(right, (ast.Tuple, ast.List, ast.Set)):
                e.special(node.row, other, "__contains__", place)
        elif type(operator) in OPERATORS and type(left) is not ast.Constant:
            result = e.special(node.row, place, OPERATORS[type(operator)], other)
        place, left = other, right
    return result if len(node.ops) == 1 and result else e.literal("bool")


def boolean(e: Emission, node: ast.BoolOp) -> int:
    holds = isinstance(node.op, ast.And)
    return e.joined(visited(e, [(x, holds) for x in node.values]))


def conditional(e: Emission, node: ast.IfExp) -> int:
    [_, body] = visited(e, [(node.test, True), (node.body, None)])
    return e.joined([body, e.visit[type(node.orelse)](e, node.orelse)])


def walrus(e: Emission, node: ast.NamedExpr) -> int:
    place = e.visit[type(node.value)](e, node.value)
    scope = e.scope
    if node.target.id not in scope.bound and node.target.id not in scope.globals:
        scope.bound[node.target.id] = VARIABLE
        scope.uses.pop(node.target.id, None)
    e.define(node.target.id, place)
    return place


def subscript(e: Emission, node: ast.Subscript) -> int:
    base = e.visit[type(node.value)](e, node.value)
    key = node.slice
    at = e.visit[type(key)](e, key)
    e.site((c.IMPLICIT_SITE, node.row, base, e.names["__getitem__"]))
    if isinstance(key, ast.Constant):
        return e.load(base, c.item(key.value))
    if isinstance(key, ast.Slice):
        ends = ((key.lower, 0), (key.upper, -1))
        low, high = (getattr(x, "value", None) if x else default for x, default in ends)
        if key.step or type(low) is not int or type(high) is not int:
            return e.load(base, c.SLICE)
        return e.load(base, f"[{low}:{high}]" if high >= 0 else f"[{low}:]")
    if at in e.constants or isinstance(key, (ast.Tuple, ast.UnaryOp)):
        return e.load(base, c.ANY_ITEM)
    result = e.place()
    e.row((c.KEYED, base, at, result, c.GET))
    return result


def starred(e: Emission, node: ast.Starred) -> int:
    return e.iterate(-1, e.visit[type(node.value)](e, node.value))


def inner(e: Emission, node: ast.Expr | ast.Await) -> int:
    return e.visit[type(node.value)](e, node.value)


def yield_(e: Emission, node: ast.Yield | ast.YieldFrom) -> int:
    place = e.visit[type(node.value)](e, node.value) if node.value is not None else 0
    if isinstance(node, ast.YieldFrom):
        place = e.iterate(-1, place)
    if e.scope.kind == c.FUNCTION:
        e.scope.generator = True
        e.row((c.YIELD, e.scope.object, place or e.literal("NoneType"), 0, 0))
    return e.unknown(c.GENERATED)


def text(e: Emission, node: ast.JoinedStr) -> int:
    e.children(node)
    first = getattr(node.values[0], "value", "") if node.values else ""
    return e.beginning(first) if isinstance(first, str) else e.literal("str")


def outer(e: Emission, node: ast.Slice | ast.FormattedValue) -> int:
    e.children(node)
    return e.literal("slice" if isinstance(node, ast.Slice) else "str")


def display(e: Emission, node: ast.List | ast.Tuple | ast.Set) -> int:
    place = e.made(c.DISPLAY, e.names[node.__class__.__name__.lower()])
    star = False
    for index, value in enumerate(node.elts):
        if type(value) is ast.Starred:
            star = True
            e.special(-1, place, "extend", e.visit[type(value.value)](e, value.value))
            continue
        held = e.visit[type(value)](e, value)
        if held not in e.constants and (index < _FEW or type(value) is not ast.Constant):
            name = c.ANY_ITEM if star else c.item(index)
            e.row((c.STORE, place, e.names[name], held, 0))
    return place


def dictionary(e: Emission, node: ast.Dict) -> int:
    visit = e.visit
    place = e.made(c.DISPLAY, e.names["dict"])
    e.displays[place] = {}
    for key, value in zip(node.keys, node.values, strict=True):
        if key is None:
            e.special(-1, place, "update", visit[type(value)](e, value))
            continue
        at, held = visit[type(key)](e, key), visit[type(value)](e, value)
        if held in e.constants:
            continue
        name = c.item(key.value) if isinstance(key, ast.Constant) else c.ANY_ITEM
        if name == c.ANY_ITEM and at not in e.constants and not isinstance(key, ast.Tuple):
            e.row((c.KEYED, place, at, held, c.PUT))
        else:
            e.row((c.STORE, place, e.names[name], held, 0))
            e.displays[place][e.names[name]] = held
    return place


COMPREHENSIONS = {ast.ListComp: "list", ast.SetComp: "set", ast.GeneratorExp: "generator"}
Comprehension = ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp


def comprehension(e: Emission, node: Comprehension) -> int:
    """Its variables hide names of the scope while it is walked. A class's names it cannot see, but
    for the first iterable."""
    scope = e.scope
    first = node.generators[0]
    iterable = e.visit[type(first.iter)](e, first.iter)
    hidden = [name for g in node.generators for name in target_names(g.target)]
    env, uses, veil = scope.env, scope.uses, scope.veil
    if scope.kind == c.CLASS:
        scope.env, scope.uses = {k: v for k, v in env.items() if k in veil}, {}
    places = {name: scope.env[name] for name in hidden if name in scope.env}
    seen = {name: scope.uses[name] for name in hidden if name in scope.uses}
    early = e.unknown(c.ITERATION)
    scope.veil = veil | dict.fromkeys(hidden, early)
    for name in hidden:
        scope.env[name] = early
        scope.uses[name] = e.ignored
    before = None
    for generator in node.generators:
        if generator is not first:
            iterable = e.visit[type(generator.iter)](e, generator.iter)
        prefix = "a" if generator.is_async else ""
        given = e.iterate(generator.row, iterable, prefix)
        for target, held in parts(e, generator.target, given):
            if isinstance(target, ast.Name):  # no scope has it
                scope.env[target.id] = scope.veil[target.id] = held
            else:
                assign(e, target, held)
        for test in generator.ifs:
            e.visit[type(test)](e, test)
            if tells(test):
                before = before or dict(scope.env)
                narrow(e, test, holds=True)
    if isinstance(node, ast.DictComp):
        key = e.visit[type(node.key)](e, node.key)
        held = e.visit[type(node.value)](e, node.value)
        place = e.made(c.DISPLAY, e.names["dict"])
        if held not in e.constants:
            e.row((c.KEYED, place, key, held, c.PUT))
    else:
        held = e.visit[type(node.elt)](e, node.elt)
        place = e.made(c.DISPLAY, e.names[COMPREHENSIONS[type(node)]])
        if held not in e.constants:
            e.row((c.STORE, place, e.names[c.ANY_ITEM], held, 0))
    if before:
        forget(e, before)
    for name in hidden:
        scope.env.pop(name, None)
        scope.uses.pop(name, None)
    scope.env |= places
    scope.uses |= seen
    scope.env, scope.uses, scope.veil = env, uses, veil
    scope.paths = {}
    return place
