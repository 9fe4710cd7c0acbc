"""What does `__all__` hold? Rows for names added, taken from other modules, removed."""

import ast

from codeanatomy.extract.emission.state import Emission
from codeanatomy.facts import constraints as c

METHODS = {"append", "extend", "remove", "insert"}


def exported(e: Emission, value: ast.expr, *, replace: bool) -> None:
    """Rows for a value that becomes `__all__` (replace) or is added to it."""
    if replace:
        e.row((c.EXPORT, c.EXPORT_ADD, 0, 0, 0))  # the empty name: there is an `__all__`
    todo = [value]
    while todo:
        node = todo.pop()
        if isinstance(node, (ast.List, ast.Tuple, ast.Set)):
            todo += reversed(node.elts)
        elif isinstance(node, ast.Starred):
            todo.append(node.value)
        elif isinstance(node, ast.BinOp):
            todo += (node.right, node.left)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            e.row((c.EXPORT, c.EXPORT_ADD, e.names[node.value], 0, 0))
        elif isinstance(node, ast.Attribute) and node.attr == "__all__":
            if isinstance(node.value, ast.Name):
                place = e.scope.env.get(node.value.id) or e.outer(node.value.id)
                e.row((c.EXPORT, c.EXPORT_FROM, 0, place, 0))
            else:
                e.row((c.EXPORT, c.EXPORT_DYNAMIC, 0, 0, 0))
        elif isinstance(node, ast.Name) and node.id == "__all__":
            continue
        elif isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("list", "tuple"):
            todo += reversed(node.args)
        else:
            e.row((c.EXPORT, c.EXPORT_DYNAMIC, 0, 0, 0))


def exported_by_call(e: Emission, node: ast.Call) -> None:
    """Rows for `__all__.append(...)`, `.extend(...)`, `.remove(...)`, seen at module level."""
    method = node.func.attr  # type: ignore[attr-defined]  # an attribute of __all__: the caller looked
    if method not in METHODS or not node.args:
        return
    value = node.args[-1]
    if method == "remove":
        if isinstance(value, ast.Constant) and isinstance(value.value, str):
            e.row((c.EXPORT, c.EXPORT_REMOVE, e.names[value.value], 0, 0))
    else:
        exported(e, value, replace=False)
