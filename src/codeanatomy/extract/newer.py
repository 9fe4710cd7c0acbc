"""The classes of all grammars: those of the running Python's `ast`, and those that it has not yet.

What only the tolerant witness can read becomes nodes of these; `Unknown` holds what stands in
something that no Python is known to read.
"""

import ast

_NEWER: tuple[tuple[str, type[ast.AST]], ...] = (
    ("TypeAlias(expr name, type_param* type_params, expr value)", ast.stmt),
    ("TypeVar(identifier name, expr? bound, expr? default_value)", ast.AST),
    ("ParamSpec(identifier name, expr? default_value)", ast.AST),
    ("TypeVarTuple(identifier name, expr? default_value)", ast.AST),
    ("TemplateStr(expr* values)", ast.expr),
    ("Interpolation(expr value, constant str, int conversion, expr? format_spec)", ast.expr),
    ("Unknown(expr* parts)", ast.expr),
)


def _made(grammar: str, base: type[ast.AST]) -> tuple[str, type[ast.AST]]:
    """A class by its name; its docstring is its grammar, as in `ast`."""
    name, _, rest = grammar.rstrip(")").partition("(")
    fields = tuple(field.split()[1] for field in rest.split(","))
    return name, type(name, (base,), {"__doc__": grammar, "_fields": fields})


_OWN = {
    name: cls
    for name, cls in vars(ast).items()
    if isinstance(cls, type) and issubclass(cls, ast.AST)
}
CLASSES: dict[str, type[ast.AST]] = dict(
    sorted({**dict(_made(*c) for c in _NEWER), **_OWN}.items())
)
