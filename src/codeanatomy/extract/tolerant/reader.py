"""From a tolerant tree to CPython's: each healthy piece of the text is read by CPython's parser.

A piece is tried as it is, but for its blocks, which are pieces of their own; then without what the
tolerant parser could not read, in the spelling of this Python, and with each of its expressions as
a piece of its own; then without what a signature can be without. What still cannot be read is an
`Unknown` of the pieces in it. Pieces wait for each other in a list, so no nesting is too deep.
"""

import ast
import re
import warnings
from bisect import bisect_right
from collections.abc import Sequence
from typing import TypeVar, cast

from tree_sitter import Node

from codeanatomy.extract.newer import CLASSES
from codeanatomy.extract.tolerant.drafts import (
    BARE,
    COMPOUND,
    NAMES,
    PIECES,
    STRINGS,
    WHOLE,
    Draft,
    Span,
    cut,
    starred,
)

MAX_ROWS = 2_000_000  # nodes per file; the rest of a larger one is left out
MAX_DEPTH = 3_000  # of the tree; the walk and the emission take up to three frames for a level

# field of an owner, the index in it, and what is to be read into it: depth and limit of a piece
Step = tuple[ast.AST, str, int | None, Node, int, int]
N = TypeVar("N", bound=ast.AST)

_PYTHON_2 = ("print_statement", "exec_statement")
_GENERIC = ("TypeVar", "TypeVarTuple", "ParamSpec")  # by their number of stars
_STARS = re.compile(rb"[\[,=]\s*(\*{1,2}\s*)")
_TEMPLATE = re.compile(rb"r?tr?['\"]", re.IGNORECASE)
_ALL = 1 << 62  # more than any text has bytes


class Reader:
    """Reads one tree; afterwards, `cut` and `deep` say whether something was left out because there
    is too much of it, or because it nests too deeply."""

    def __init__(self, utf8: bytes, lines: Sequence[int]) -> None:
        """From the text and where its lines start (from 1)."""
        self.cut = self.deep = False
        self._utf8 = utf8
        self._lines = lines
        self._rows = 0
        self._todo: list[Step] = []
        self._hole = "\ua66e"  # an identifier that the text has not
        while self._hole.encode() in utf8:
            self._hole += "\ua66e"

    def read(self, root: Node) -> ast.Module:
        """The whole file."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            module = ast.Module(self._block(root, 1), [])
            while self._todo:
                owner, field, at, node, depth, limit = self._todo.pop()
                if node.type == "block":
                    setattr(owner, field, self._block(node, depth))
                elif at is None:
                    setattr(owner, field, self._expression(node, depth, limit))
                else:
                    getattr(owner, field)[at] = self._expression(node, depth, limit)
        return module

    def _block(self, block: Node, depth: int) -> list[ast.stmt]:
        """The statements of a block; `Unknown` for none."""
        found: list[ast.stmt] = []
        waiting = block.children[::-1]
        while waiting:
            node = waiting.pop()
            if self._rows >= MAX_ROWS:
                self.cut = True
                break
            if node.is_error:
                waiting += filter(_stands_whole, reversed(node.children))
            elif node.type == "block":
                waiting += reversed(node.children)
            elif node.is_named and not node.is_missing and not node.is_extra:
                made = self._statement(node, depth)
                if made is None:
                    unknown = self._unknown(node, depth, _ALL)
                    made = [self._placed(ast.Expr(unknown), _span(node))]
                    waiting += (n for n in reversed(self._inside(node)) if n.type == "block")
                found += made
        if not found and block.type == "block":
            end = (block.end_byte, block.end_byte)
            found = [self._placed(ast.Expr(self._made("Unknown", end, parts=[])), end)]
        return found

    def _statement(self, node: Node, depth: int) -> list[ast.stmt] | None:
        """A statement, if CPython knows one like it."""
        before = ""
        if node.type.endswith(COMPOUND):
            line = self._utf8.rfind(b"\n", 0, node.start_byte) + 1
            indent = self._utf8[line : node.start_byte].decode("utf-8", "replace")
            before = f"if 1:\n{indent}" if indent.isspace() else ""
        found = self._shell(node, depth, _ALL, before)
        alias = found is None and node.type == "type_alias_statement"
        return self._alias(node, depth) if alias else found

    def _expression(self, node: Node, depth: int, limit: int) -> ast.expr:
        """An expression; tried as a whole where it is at most half of `limit`, the length of what
        failed around it."""
        while node.type in ("parenthesized_expression", "type"):
            inner = [n for n in node.named_children if not n.is_extra and not n.is_error]
            if not inner:
                break
            node = inner[0]
        if depth >= MAX_DEPTH:
            self.deep = True
            return self._made("Unknown", _span(node), parts=[])
        found = self._shell(node, depth - 1, limit, "(", "\n)")
        if found is not None and isinstance(found[0], ast.Expr):
            return found[0].value
        return self._unknown(node, depth, limit)

    def _shell(
        self, node: Node, depth: int, limit: int, before: str, after: str = "\n"
    ) -> list[ast.stmt] | None:
        """What CPython reads of a piece; the steps that read the pieces in it are still to do."""
        start, end = _span(node)
        size = end - start
        halved = 2 * size <= limit
        tries = [WHOLE] if halved or node.type in STRINGS else []
        tries += [] if node.type in _PYTHON_2 else [PIECES]
        tries += [BARE] if node.type.endswith(("_definition", "lambda")) else []
        for how in tries:
            cuts, holes = cut(self._utf8, node, how, self._hole)
            cuts = [(start, start, before), *cuts, (end, end, after)]
            span = start + starred(self._utf8, node), end
            draft = Draft(self._utf8, span, cuts, holes, self._hole)
            body = draft.parsed()
            if body and before.startswith("if") and isinstance(body[0], ast.If):
                body = body[0].body
            if how and node.type in STRINGS and _TEMPLATE.match(self._utf8, start):
                body = [_template(statement) for statement in body]
            failed = size if halved else limit
            steps = self._located(body, draft, depth, failed) if body else None
            if steps is not None:
                definition = node.child_by_field_name("definition") or node
                generic = definition.child_by_field_name("type_parameters")
                if generic is not None and how:
                    vars(body[0])["type_params"] = self._generic(generic, depth)
                self._todo += reversed(steps)
                return body
        return None

    def _located(
        self, body: Sequence[ast.stmt], draft: Draft, depth: int, limit: int
    ) -> list[Step] | None:
        """Gives the nodes of a draft their places in the text; the steps that fill its holes. None
        where it is too deep."""
        steps: list[Step] = []
        waiting: list[tuple[ast.AST, int]] = [(node, depth) for node in body]
        rows = 0
        while waiting:
            node, level = waiting.pop()
            if level > MAX_DEPTH:
                return None
            if hasattr(node, "lineno"):
                rows += 1
                self._placed(node, draft.span(node))
            for field, value in ast.iter_fields(node):
                many = isinstance(value, list)
                for i, part in enumerate(value if many else (value,)):
                    if isinstance(part, str) and not many:
                        setattr(node, field, draft.spelled(part))
                    elif isinstance(part, ast.AST) and not isinstance(part, ast.expr_context):
                        hole = draft.hole(part)
                        if hole is None:
                            waiting.append((part, level + 1))
                        else:
                            at = i if many else None
                            steps.append((node, field, at, hole, level + 1, limit))
        self._rows += rows
        return steps

    def _inside(self, node: Node) -> list[Node]:
        """The outermost expressions and blocks in a node."""
        if self._utf8.startswith(b"`", node.start_byte):
            return [n for n in node.children if n.type == "string_content"]
        return [*cut(self._utf8, node, NAMES, self._hole)[1].values()]

    def _unknown(self, node: Node, depth: int, limit: int) -> ast.expr:
        """What cannot be read, with the expressions in it."""
        parts = [n for n in self._inside(node) if n.type != "block"]
        made = self._made("Unknown", _span(node), parts=[*parts])
        steps = ((made, "parts", i, part, depth + 1, limit) for i, part in enumerate(parts))
        self._todo += reversed([*steps])
        return made

    def _alias(self, node: Node, depth: int) -> list[ast.stmt] | None:
        """`type X[T] = value`."""
        left, value = (node.child_by_field_name(name) for name in ("left", "right"))
        shown = [] if left is None else left.named_children
        shown += [n for part in shown for n in part.named_children]
        name = next((n for n in shown if n.type == "identifier"), None)
        generic = next((n for n in shown if n.type == "type_parameter"), None)
        if name is None or value is None:
            return None
        found = self._generic(generic, depth) if generic is not None else []
        made = self._made("TypeAlias", _span(node), name=None, type_params=found, value=None)
        for field, hole in (("name", name), ("value", value)):
            self._todo.append((made, field, None, hole, depth + 1, _ALL))
        return [cast(ast.stmt, made)]  # a statement, if no expression

    def _generic(self, node: Node, depth: int) -> list[ast.AST]:
        """Type parameters: they are written as parameters that are passed by name."""
        start, end = _span(node)
        stars = [m.span(1) for m in _STARS.finditer(self._utf8, start, end)]
        cuts = [(start, start + 1, "def f(*,"), (end - 1, end, "): 0\n")]
        cuts += [(first, last, "") for first, last in stars]
        draft = Draft(self._utf8, (start, end), cuts, {}, self._hole)
        body = draft.parsed()
        if not body or not isinstance(body[0], ast.FunctionDef):
            return []
        self._located(body, draft, depth, _ALL)
        args = body[0].args
        opened = {last: first for first, last in stars}
        found: list[ast.AST] = []
        for arg, default in zip(args.kwonlyargs, args.kw_defaults, strict=True):
            at = self._lines[arg.lineno] + arg.col_offset
            start = opened.get(at, at)
            last = default or arg
            end = self._lines[last.end_lineno or 1] + (last.end_col_offset or 0)
            kind = _GENERIC[self._utf8.count(b"*", start, at)]
            fields = {"name": arg.arg, "bound": arg.annotation, "default_value": default}
            known = {name: fields[name] for name in CLASSES[kind]._fields}
            found.append(self._made(kind, (start, end), **known))
        return found

    def _made(self, kind: str, span: Span, **fields: object) -> ast.expr:
        """A node of a class that this Python may not have."""
        node = CLASSES[kind](**fields)
        return self._placed(cast(ast.expr, node), span)  # as such it stands in the tree

    def _placed(self, node: N, span: Span) -> N:
        """The node, with its place in the text."""
        lines = self._lines
        line, end_line = (max(bisect_right(lines, at, 1) - 1, 1) for at in span)
        place = (line, span[0] - lines[line], end_line, span[1] - lines[end_line])
        vars(node).update(zip(ast.expr._attributes, place, strict=True))
        return node


def _span(node: Node) -> Span:
    return node.start_byte, node.end_byte


def _template(statement: ast.stmt) -> ast.stmt:
    """A formatted string as a template string."""
    if isinstance(statement, ast.Expr) and isinstance(statement.value, ast.JoinedStr):
        made = CLASSES["Interpolation"]
        parts = statement.value.values
        values = [made(**vars(v)) if isinstance(v, ast.FormattedValue) else v for v in parts]
        template = CLASSES["TemplateStr"](**vars(statement.value) | {"values": values})
        statement.value = cast(ast.expr, template)  # as such it stands in the tree
    return statement


def _stands_whole(node: Node) -> bool:
    """Whether a piece of a broken region can be believed: statements without trouble, definitions.
    Its expressions may join what does not belong together."""
    if node.type in ("block", "decorated_definition") or node.type.endswith("_definition"):
        return True
    return node.type.endswith("_statement") and not node.has_error
