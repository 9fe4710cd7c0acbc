"""Rows of statements. Expression statements have none: their expression stands in their place."""

from tree_sitter import Node

from codeanatomy.extract.tolerant.definitions import type_parameters
from codeanatomy.extract.tolerant.expressions import binary
from codeanatomy.extract.tolerant.reader import (
    MISSING,
    Handler,
    Reader,
    Step,
    field,
    has_token,
    parts,
)


def _expression(r: Reader, node: Node, parent: int, role: str) -> None:
    if has_token(node, ","):
        row = r.row("Tuple", parent, role, node)
        r.then(*r.visits(node.children, row, "Tuple.elts"))
    else:
        r.statements[len(r.starts)] = node.end_byte
        r.then(*r.visits(node.children, parent, role))


def _assignment(r: Reader, node: Node, parent: int, role: str) -> None:
    annotation = field(node, "type")
    if annotation is not None:
        _annotated(r, node, annotation, parent, role)
        return
    row = r.row("Assign", parent, role, node)
    steps: list[Step] = []
    value: Node | None = node
    while value is not None and value.type == "assignment" and field(value, "type") is None:
        steps.append(r.visit(field(value, "left"), row, "Assign.targets"))
        value = field(value, "right")
    r.then(*steps, r.visit(value, row, "Assign.value"))


def _annotated(r: Reader, node: Node, annotation: Node, parent: int, role: str) -> None:
    target, value = field(node, "left"), field(node, "right")
    row = r.row("AnnAssign", parent, role, node)
    if target is not None and target.type != "identifier" and value is None:
        r.columns.undeclared.append(row + 1)
    r.then(
        r.visit(target, row, "AnnAssign.target"),
        r.visit(annotation, row, "AnnAssign.annotation"),
        r.visit(value, row, "AnnAssign.value"),
    )


def _augmented(r: Reader, node: Node, parent: int, role: str) -> None:
    construct = binary("AugAssign", r.text(field(node, "operator")).removesuffix("="))
    if construct is None:
        r.unknown(node, parent, role)
        return
    row = r.row(construct, parent, role, node)
    r.then(
        r.visit(field(node, "left"), row, "AugAssign.target"),
        r.visit(field(node, "right"), row, "AugAssign.value"),
    )


def _plain(construct: str, *places: str) -> Handler:
    """A statement whose named children stand in the given fields, in order."""

    def read(r: Reader, node: Node, parent: int, role: str) -> None:
        row = r.row(construct, parent, role, node)
        held = zip(parts(node), places, strict=False)
        r.then(*(r.visit(n, row, f"{construct}.{p}") for n, p in held))

    return read


def _delete(r: Reader, node: Node, parent: int, role: str) -> None:
    row = r.row("Delete", parent, role, node)
    held = parts(node)
    if len(held) == 1 and held[0].type == "expression_list":
        held = parts(held[0])
    r.then(*r.visits(held, row, "Delete.targets"))


def _raise(r: Reader, node: Node, parent: int, role: str) -> None:
    row = r.row("Raise", parent, role, node)
    cause = field(node, "cause")
    raised = [n for n in parts(node) if n != cause][:1]
    r.then(*r.visits(raised, row, "Raise.exc"), r.visit(cause, row, "Raise.cause"))


def _declaration(construct: str) -> Handler:
    def read(r: Reader, node: Node, parent: int, role: str) -> None:
        row = r.row(construct, parent, role, node)
        r.columns.declared.append((row, [r.name(n) for n in parts(node)]))

    return read


def _import(r: Reader, node: Node, parent: int, role: str) -> None:
    row = r.row("Import", parent, role, node)
    for name in node.children_by_field_name("name"):
        _alias(r, name, row, "Import.names")


def _import_from(r: Reader, node: Node, parent: int, role: str) -> None:
    module, level = _module(r, node)
    row = r.row("ImportFrom", parent, role, node, module)
    r.columns.levels.append(level)
    for name in node.children:
        if name.type == "wildcard_import":
            r.row("alias", row, "ImportFrom.names", name, "*")
            r.columns.renames.append(None)
    for name in node.children_by_field_name("name"):
        _alias(r, name, row, "ImportFrom.names")


def _module(r: Reader, node: Node) -> tuple[str | None, int]:
    """The module as written, and its leading dots."""
    if node.type == "future_import_statement":
        return "__future__", 0
    words = r.name(field(node, "module_name"))
    module = words.lstrip(".")
    return module or None, len(words) - len(module)


def _alias(r: Reader, node: Node, row: int, role: str) -> None:
    renamed = node.type == "aliased_import"
    name = r.name(field(node, "name") if renamed else node)
    if not name:
        return
    r.row("alias", row, role, node, name)
    r.columns.renames.append((r.name(field(node, "alias")) or None) if renamed else None)


def _if(r: Reader, node: Node, parent: int, role: str) -> None:
    """An `elif` is an `if` in the `else` of the one before, as in `ast`."""
    clauses = node.children_by_field_name("alternative")

    def read(clause: Node, above: int, place: str, rest: list[Node]) -> None:
        row = r.row_at("If", above, place, (clause.start_byte, node.end_byte))
        steps = [r.visit(field(clause, "condition"), row, "If.test")]
        steps += _block(r, field(clause, "consequence"), row, "If.body")
        if rest and rest[0].type == "elif_clause":
            steps.append(lambda: read(rest[0], row, "If.orelse", rest[1:]))
        elif rest:
            steps += _block(r, field(rest[0], "body"), row, "If.orelse")
        r.then(*steps)

    read(node, parent, role, clauses)


def _loop(construct: str, *heads: tuple[str, str]) -> Handler:
    """A loop: the fields of its head with their roles, body, and `else`."""

    def read(r: Reader, node: Node, parent: int, role: str) -> None:
        kind = "AsyncFor" if construct == "For" and has_token(node, "async") else construct
        row = r.row(kind, parent, role, node)
        steps = [r.visit(field(node, name), row, f"{kind}.{place}") for name, place in heads]
        steps += _block(r, field(node, "body"), row, f"{kind}.body")
        otherwise = field(node, "alternative")
        if otherwise is not None:
            steps += _block(r, field(otherwise, "body"), row, f"{kind}.orelse")
        r.then(*steps)

    return read


def _try(r: Reader, node: Node, parent: int, role: str) -> None:
    clauses = [n for n in node.children if n.type.endswith("_clause")]
    handlers = [n for n in clauses if n.type == "except_clause"]
    kind = "TryStar" if any(has_token(n, "*") for n in handlers) else "Try"
    row = r.row(kind, parent, role, node)
    steps = _block(r, field(node, "body"), row, f"{kind}.body")
    for clause in clauses:
        if clause.type == "except_clause":
            steps.append(_handler(r, clause, row, f"{kind}.handlers"))
        elif clause.type == "else_clause":
            steps += _block(r, field(clause, "body"), row, f"{kind}.orelse")
        else:
            steps += _block(r, _last_block(clause), row, f"{kind}.finalbody")
    r.then(*steps)


def _handler(r: Reader, clause: Node, parent: int, role: str) -> Step:
    def read() -> None:
        caught = [n for n in clause.children_by_field_name("value") if n.is_named]
        name: str | None = None
        if len(caught) == 1 and caught[0].type == "as_pattern":
            held = parts(caught[0])
            name = r.name(held[-1]) if len(held) > 1 else MISSING
            caught = held[:1]
        elif len(caught) == 2 and caught[1].type == "identifier" and r.text(caught[1]).islower():
            name = r.name(caught.pop())  # Python 2: `except Error, error`
        row = r.row("ExceptHandler", parent, role, clause, name)
        steps = r.visits(caught, row, "ExceptHandler.type")
        if len(caught) > 1:
            steps = [lambda: several(row, caught)]
        r.then(*steps, *_block(r, _last_block(clause), row, "ExceptHandler.body"))

    def several(row: int, caught: list[Node]) -> None:
        span = (caught[0].start_byte, caught[-1].end_byte)
        made = r.row_at("Tuple", row, "ExceptHandler.type", span)
        r.then(*r.visits(caught, made, "Tuple.elts"))

    return read


def _with(r: Reader, node: Node, parent: int, role: str) -> None:
    kind = "AsyncWith" if has_token(node, "async") else "With"
    row = r.row(kind, parent, role, node)
    clause = next((n for n in node.children if n.type == "with_clause"), None)
    steps: list[Step] = []
    for item in clause.children if clause is not None else []:
        value = field(item, "value") if item.type == "with_item" else None
        if value is not None and value.type == "as_pattern":
            held = parts(value)
            steps += r.visits(held[:1], row, f"{kind}.context_expr")
            steps += r.visits(held[1:], row, f"{kind}.optional_vars")
        elif value is not None:
            steps.append(r.visit(value, row, f"{kind}.context_expr"))
    r.then(*steps, *_block(r, field(node, "body"), row, f"{kind}.body"))


def _type_alias(r: Reader, node: Node, parent: int, role: str) -> None:
    row = r.row("TypeAlias", parent, role, node)
    name = field(node, "left")
    generic = None
    while name is not None and name.type in ("type", "generic_type") and parts(name):
        name, *rest = parts(name)
        generic = rest[0] if rest else generic
    r.then(
        r.visit(name, row, "TypeAlias.name"),
        *type_parameters(r, generic, row, "TypeAlias.type_params"),
        r.visit(field(node, "right"), row, "TypeAlias.value"),
    )


def _statements(r: Reader, node: Node, parent: int, role: str) -> None:
    r.then(*r.visits(node.children, parent, role))


def _block(r: Reader, block: Node | None, row: int, role: str) -> list[Step]:
    """The steps that read a block's statements."""
    return r.visits(block.children, row, role) if block is not None else []


def _last_block(clause: Node) -> Node | None:
    return next((n for n in reversed(clause.children) if n.type == "block"), None)


STATEMENTS: dict[str, Handler] = {
    "expression_statement": _expression,
    "block": _statements,
    "assignment": _assignment,
    "augmented_assignment": _augmented,
    "return_statement": _plain("Return", "value"),
    "assert_statement": _plain("Assert", "test", "msg"),
    "pass_statement": _plain("Pass"),
    "break_statement": _plain("Break"),
    "continue_statement": _plain("Continue"),
    "delete_statement": _delete,
    "raise_statement": _raise,
    "global_statement": _declaration("Global"),
    "nonlocal_statement": _declaration("Nonlocal"),
    "import_statement": _import,
    "import_from_statement": _import_from,
    "future_import_statement": _import_from,
    "if_statement": _if,
    "for_statement": _loop("For", ("left", "target"), ("right", "iter")),
    "while_statement": _loop("While", ("condition", "test")),
    "try_statement": _try,
    "with_statement": _with,
    "type_alias_statement": _type_alias,
}
