"""From one tolerant tree to rows: a stack of things to do, so that no nesting is too deep.

Rows get the constructs, roles and order that the walker gives them, so everything that is computed
from columns (keys, scopes, tables) is computed by the same code for both witnesses. One function
per type of tree-sitter node appends the node's row and lists what is to be read next.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping

from tree_sitter import Node

from codeanatomy.extract.walker import CONSTRUCTS, ROLES, TEXT, Columns

MAX_ROWS = 2_000_000  # per file; the rest of a larger one is left out
UNKNOWN = "Unknown"
MISSING = "<missing>"  # name of a definition whose name could not be read

Handler = Callable[["Reader", Node, int, str], None]
Step = Callable[[], None]

_CONSTRUCT = {name: code for code, name in enumerate(CONSTRUCTS)}
_ROLE = {name: code for code, name in enumerate(ROLES)}
_NAMED = frozenset(name for name in CONSTRUCTS if name.partition(".")[0] in TEXT)
_COMPOUND = frozenset(
    _CONSTRUCT[name]
    for name in (
        *("FunctionDef", "AsyncFunctionDef", "ClassDef", "If", "For", "AsyncFor", "While"),
        *("With", "AsyncWith", "Try", "TryStar", "ExceptHandler", "Match", "match_case"),
        "comprehension",
    )
)
_SILENT = frozenset(("comment", "line_continuation", "positional_separator", "keyword_separator"))


class Reader:
    """Appends the rows of one tree to the columns; `starts` and `ends` are their byte offsets."""

    def __init__(self, columns: Columns, utf8: bytes, handlers: Mapping[str, Handler]) -> None:
        self.columns = columns
        self.utf8 = utf8
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.moved: dict[int, int] = {}  # stars that have a row of their own: what follows them
        self.statements: dict[int, int] = {}  # ends of statements that expressions stand for
        self.cut = False  # whether rows were left out because there are too many
        self._handlers = handlers
        self._first = len(columns.kinds)
        self._stack: list[Step] = []

    def read(self, root: Node, docstring: str | None) -> None:
        """The rows of a whole file, the module's first."""
        module = self.row("Module", -1, "", root)
        self.columns.docstrings.append(docstring)
        self.body(module, root.children, "Module.body")
        while self._stack:
            self._stack.pop()()
        self._trim()

    def row(
        self, construct: str, parent: int, role: str, node: Node, text: str | None = None
    ) -> int:
        """Appends a row that spans the node; its number in the batch."""
        start = self.moved.get(node.start_byte, node.start_byte)
        return self.row_at(construct, parent, role, (start, node.end_byte), text)

    def row_at(
        self, construct: str, parent: int, role: str, span: tuple[int, int], text: str | None = None
    ) -> int:
        """Appends a row that spans the bytes; its number in the batch."""
        columns = self.columns
        number = len(columns.kinds)
        columns.kinds.append(_CONSTRUCT[construct])
        columns.roles.append(_ROLE[role])
        columns.parents.append(parent)
        if construct in _NAMED:
            columns.texts.append(text)
        self.starts.append(span[0])
        self.ends.append(span[1])
        return number

    def then(self, *steps: Step) -> None:
        """Does the steps next, in this order, before anything that waits already."""
        self._stack.extend(reversed(steps))

    def visit(self, node: Node | None, parent: int, role: str) -> Step:
        """The step that reads a node below a row."""
        return lambda: self._visit(node, parent, role)

    def visits(self, nodes: Iterable[Node], parent: int, role: str) -> list[Step]:
        """The steps that read several nodes in one role."""
        return [self.visit(node, parent, role) for node in nodes if node.is_named]

    def body(self, definition: int, statements: Iterable[Node], role: str) -> None:
        """Reads the statements of a definition's body; a function never ends without a row."""

        def begin() -> None:
            first = len(self.columns.kinds)
            self.then(*self.visits(statements, definition, role), lambda: end(first))

        def end(first: int) -> None:
            if first == len(self.columns.kinds) and role != "Module.body":
                place = self.ends[definition - self._first]
                self.row_at(UNKNOWN, definition, role, (place, place))
            self.columns.bodies.append((definition, first, len(self.columns.kinds)))

        self.then(begin)

    def at_least_one(self, row: int, role: str) -> Step:
        """The step that makes sure of a row below the last one: some have no place of their own."""

        def check() -> None:
            if row + 1 == len(self.columns.kinds):
                place = self.ends[row - self._first]
                self.row_at(UNKNOWN, row, role, (place, place))

        return check

    def text(self, node: Node | None) -> str:
        """The node's text; '' for no node."""
        if node is None:
            return ""
        return self.utf8[node.start_byte : node.end_byte].decode("utf-8", "backslashreplace")

    def name(self, node: Node | None) -> str:
        """An identifier as Python compares it, or dotted ones without spaces between them."""
        words = "".join(self.text(node).replace("\\\n", "").split())
        return words if words.isascii() else unicodedata.normalize("NFKC", words)

    def unknown(self, node: Node, parent: int, role: str) -> None:
        """A row without a class of its own, and rows for what can be read inside of it."""
        number = self.row(UNKNOWN, parent, role, node)
        self.then(*self.visits(node.children, number, "Unknown.parts"))

    def _trim(self) -> None:
        """Compound statements end with their last statement, not with comments after it."""
        end: dict[int, int] = {}
        for row in range(len(self.ends) - 1, 0, -1):
            if row in end:
                self.ends[row] = end[row]
            above = self.columns.parents[self._first + row] - self._first
            if self.columns.kinds[self._first + above] in _COMPOUND:
                last = self.statements.get(row, self.ends[row])
                end[above] = max(last, end.get(above, 0))

    def _visit(self, node: Node | None, parent: int, role: str) -> None:
        if node is None or node.is_missing or node.type in _SILENT:
            return
        if len(self.starts) >= MAX_ROWS:
            self.cut = True
        elif node.is_error:
            self.then(*self.visits(filter(_stands_whole, node.children), parent, role))
        else:
            handler = self._handlers.get(node.type)
            if handler is None:
                self.unknown(node, parent, role)
            else:
                handler(self, node, parent, role)


def _stands_whole(node: Node) -> bool:
    """Whether a piece of a broken region can be believed: statements without trouble, definitions.
    Its expressions may join what does not belong together."""
    if node.type in ("block", "decorated_definition") or node.type.endswith("_definition"):
        return True
    return node.type.endswith("_statement") and not node.has_error


def field(node: Node, name: str) -> Node | None:
    """The child in a field of the grammar, if it was read."""
    found = node.child_by_field_name(name)
    return None if found is None or found.is_missing else found


def parts(node: Node) -> list[Node]:
    """The named children that mean something: no comments, no broken regions."""
    return [n for n in node.named_children if not n.is_extra and not n.is_missing]


def has_token(node: Node, token: str) -> bool:
    """Whether one of the node's own tokens reads so."""
    return any(not n.is_named and n.type == token for n in node.children)
