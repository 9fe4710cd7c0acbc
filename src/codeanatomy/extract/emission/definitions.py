"""What do definitions and imports bind? Functions, classes, lambdas, imports; and `__all__`.

Function bodies wait until the scope around them is complete: they see its names as they end up.
"""

import ast

from codeanatomy.extract.emission.annotations import described
from codeanatomy.extract.emission.scopes import OWN, VARIABLE, Function, Scope
from codeanatomy.extract.emission.state import Emission
from codeanatomy.extract.walker import dotted
from codeanatomy.facts import constraints as c

EXPORTING = {"append", "extend", "remove", "insert"}  # methods that change `__all__`
VARARG, KWARG = -2, -3


def function(e: Emission, node: Function) -> None:
    decorators = _decorators(e, node.decorator_list)
    object_ = _scope_of(e, node)
    if place := described(e, node.returns):
        e.row((c.RESULT, object_, place, 0, 0))
    if e.scope.kind == c.CLASS:
        e.row((c.METHOD, object_, e.scope.object, 0, 0))
    _bind(e, node.name, object_, decorators)


def lambda_(e: Emission, node: ast.Lambda) -> int:
    return e.made(c.ALLOC, _scope_of(e, node))


def class_(e: Emission, node: ast.ClassDef) -> None:
    decorators = _decorators(e, node.decorator_list)
    object_ = e.new_object(c.CLASS, node.row)
    for position, base in enumerate(node.bases):
        value = base
        while isinstance(value, ast.Subscript):  # Generic[T]: the class itself is the base
            e.visit[type(value.slice)](e, value.slice)
            value = value.value
        place = e.visit[type(value)](e, value)
        e.row((c.BASE, object_, position, place, 0))
        e.site((c.BASE_SITE, base.row, place, e.names[spelled(base)]))
    for keyword in node.keywords:
        place = e.visit[type(keyword.value)](e, keyword.value)
        if keyword.arg == "metaclass":
            e.row((c.METACLASS, object_, place, 0, 0))
    outer = e.scope
    scope = e.scope = e.scopes[node]
    scope.object, scope.owner_class, scope.name = object_, scope, node.name
    e.block(node.body)
    close(e, scope)
    scope.owner_class = None  # or it would own itself, and stay
    e.scope = outer
    place = _bind(e, node.name, object_, decorators)
    if node.bases:
        e.site((c.IMPLICIT_SITE, node.row, place, e.names["__init_subclass__"]))


def close(e: Emission, scope: Scope) -> None:
    """Rows that say what the names of a module or class are bound to, once it is walked."""
    row, names = e.row, e.names
    for text, how in scope.bound.items():
        single = scope.defined.get(text, 0) if how != VARIABLE else 0
        row((c.BIND, scope.object, names[text], e.variable(scope, text), single))
        if how != VARIABLE and not single:
            for place in scope.imports.get(text, ()):
                row((c.IMPORTED, scope.object, names[text], place, 0))


def body(e: Emission, scope: Scope, node: Function | ast.Lambda) -> None:
    """Walks the body of a function or lambda whose surroundings are complete."""
    e.scope = scope
    if isinstance(node, ast.Lambda):
        scope.returns.append(e.visit[type(node.body)](e, node.body))
    else:
        parameters = scope.env
        # a name of its own, but for an import, has no sites
        scope.uses = {text: e.ignored for text, how in scope.bound.items() if how in OWN}
        for text in scope.shared:
            if text in parameters:
                e.define(text, parameters[text])
        e.block(node.body)
    _results(e, scope)


def _results(e: Emission, scope: Scope) -> None:
    if scope.generator:
        return
    seen: set[int] = set()
    todo = scope.returns[::-1]
    while todo:
        place = todo.pop()
        if place in seen:
            continue
        seen.add(place)
        if place in scope.parameters:
            e.row((c.THROUGH, scope.object, scope.parameters[place], 0, 0))
        elif place in e.parts:
            todo += reversed(e.parts[place])
        else:
            e.row((c.RESULT, scope.object, place, 0, 0))


def _scope_of(e: Emission, node: Function | ast.Lambda) -> int:
    """The function's object; its scope with the parameters bound waits in the queue."""
    outer, args = e.scope, node.args
    row, place_of, names = e.row, e.place, e.names
    object_ = e.new_object(c.FUNCTION, node.row)
    scope = e.scopes.get(node) or Scope(c.FUNCTION, outer)
    scope.object, scope.owner_class = object_, outer.owner_class
    env = scope.env
    plain, positional = len(args.posonlyargs), [*args.posonlyargs, *args.args]
    named = [*positional, *args.kwonlyargs]
    for index, parameter in enumerate(named):
        text = parameter.arg
        place = env[text] = place_of()
        if index < len(positional):
            scope.parameters[place] = index
        at = scope.parameters.get(place, -1)
        row((c.PARAM, object_, at, 0 if index < plain else names[text], place))
    for parameter in named:
        if said := described(e, parameter.annotation):
            row((c.DECLARED, env[parameter.arg], said, 0, 0))
    for extra, index in ((args.vararg, VARARG), (args.kwarg, KWARG)):
        if extra is not None:
            place = env[extra.arg] = place_of()
            row((c.PARAM, object_, index, 0, place))
            if said := described(e, extra.annotation):
                row((c.STORE, place, names[c.ANY_ITEM], said, 0))
    scope.definitions = {text: [place] for text, place in env.items()}
    declared = scope.globals | scope.nonlocals
    scope.bound |= {text: VARIABLE for text in env if text not in declared}
    scope.uses = dict.fromkeys(env, e.ignored)
    given = named[len(positional) - len(args.defaults) :]
    for parameter, default in zip(given, [*args.defaults, *args.kw_defaults], strict=True):
        if default is not None:
            place = e.visit[type(default)](e, default)
            row((c.COPY, place, env[parameter.arg], 0, 0))
    first = env[positional[0].arg] if positional else 0
    scope.receiver = first if outer.kind == c.CLASS else outer.receiver
    e.queue.append((scope, node))
    return object_


def _decorators(e: Emission, nodes: list[ast.expr]) -> list[tuple[int, int]]:
    """Places of the decorators' values, and the number of the site that each is. The site asks for
    the decorator without its call."""
    places = []
    for node in nodes:
        place = callee = e.visit[type(node)](e, node)
        if isinstance(node, ast.Call):
            callee = e.rows[-4]  # of the call row, which is the last
        places.append((place, e.sited(node.row, callee, spelled(node), c.DECORATOR_SITE)))
    return places


def _bind(e: Emission, text: str, object_: int, decorators: list[tuple[int, int]]) -> int:
    """Binds the name to the definition as its decorators return it, innermost first; the place of
    the definition itself."""
    bare = place = e.made(c.ALLOC, object_)
    for decorator, site in reversed(decorators):
        number, result = e.call(), e.place()
        e.row((c.CALL, decorator, number, result, site))
        e.row((c.ARG, number, 0, 0, place))
        e.row((c.DECORATED, number, place, result, 0))
        place = result
    e.scope.defined.setdefault(text, object_)
    e.define(text, place, fresh=True)
    e.scope.paths = {}
    return bare


def spelled(node: ast.expr) -> str:
    """Last name of an expression as written: `b` of `a.b(c)`; empty where it has none."""
    return dotted(node).rpartition(".")[2]


# imports


def import_(e: Emission, node: ast.Import) -> None:
    for alias in node.names:
        place = e.made(c.IMPORT, e.names[alias.name])
        e.site((c.IMPORT_SITE, alias.row, place, e.names[alias.name]))
        top = alias.name.split(".", 1)[0]
        if alias.asname is None and top != alias.name:
            place = e.made(c.IMPORT, e.names[top])
        _imported(e, alias.asname or top, place)


def import_from(e: Emission, node: ast.ImportFrom) -> None:
    module, level = node.module or "", node.level or 0
    for alias in node.names:
        star = alias.name == "*"
        place = e.made(c.IMPORT, e.names[module], level, e.names["" if star else alias.name])
        if star:
            e.row((c.STAR, e.names[module], level, 0, 0))
        else:
            _imported(e, alias.asname or alias.name, place)
        e.site((c.IMPORT_SITE, alias.row, place, e.names[module if star else alias.name]))


def _imported(e: Emission, text: str, place: int) -> None:
    e.scope.imports.setdefault(text, []).append(place)
    e.define(text, place, fresh=True)


# what a module exports


def exported(e: Emission, target: ast.expr, value: ast.expr, *, replace: bool) -> None:
    """Rows for a value that becomes `__all__` (replace) or is added to it, if this is the target,
    seen at module level."""
    if e.scope.kind != c.MODULE or getattr(target, "id", "") != "__all__":
        return
    if replace:
        e.row((c.EXPORT, c.EXPORT_ADD, 0, 0, 0))  # the empty name: there is an `__all__`
    todo = [value]
    while todo:
        node = todo.pop()
        of = node.value if isinstance(node, ast.Attribute) and node.attr == "__all__" else None
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            todo += reversed(node.elts)
        elif isinstance(node, ast.Starred):
            todo.append(node.value)
        elif isinstance(node, ast.BinOp):
            todo += (node.right, node.left)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            e.row((c.EXPORT, c.EXPORT_ADD, e.names[node.value], 0, 0))
        elif isinstance(of, ast.Name):
            place = e.scope.env.get(of.id) or e.outer(of.id)
            e.row((c.EXPORT, c.EXPORT_FROM, 0, place, 0))
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("list", "tuple"):
            todo += reversed(node.args)
        elif getattr(node, "id", "") != "__all__":
            e.row((c.EXPORT, c.EXPORT_DYNAMIC, 0, 0, 0))


def exported_by_call(e: Emission, call: ast.Call) -> None:
    """Rows for `__all__.append(...)`, `.extend(...)`, `.remove(...)`, seen at module level."""
    method = call.func.attr
    if method not in EXPORTING or not call.args:
        return
    value = call.args[-1]
    if method == "remove":
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            e.row((c.EXPORT, c.EXPORT_REMOVE, e.names[value.value], 0, 0))
    else:
        exported(e, call.func.value, value, replace=False)
