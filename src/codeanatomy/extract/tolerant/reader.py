"""From one tolerant tree to rows: a stack of things to do, so that no nesting is too deep.

Rows get the constructs, roles and order that the walker gives them, so everything that is computed
from columns (keys, scopes, tables) is computed by the same code for both witnesses.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from tree_sitter import Node

from codeanatomy.extract.tolerant import literals, parts
from codeanatomy.extract.tolerant.parts import FUNCTIONS, PASSING, ROLE, Part, Place, field, within
from codeanatomy.extract.tolerant.table import INSIDE, UNKNOWN, Rule, rule_of
from codeanatomy.extract.walker import CONSTRUCTS, TEXT, Columns

MAX_ROWS = 2_000_000  # per file; the rest of a larger one is left out
MISSING = "<missing>"  # name of a definition whose name could not be read

Step = Callable[[], None]

_CONSTRUCT = {name: code for code, name in enumerate(CONSTRUCTS)}
_DEFINITIONS = (*FUNCTIONS, "ClassDef")
_GENERIC = ("TypeVar", "TypeVarTuple", "ParamSpec")
_COMPREHENSIONS = ("ListComp", "SetComp", "DictComp", "GeneratorExp")
_WORDED = ("alias", "Name", "Attribute")  # never without a text
# constructs that are never without their first part
_FIRST = {
    **dict.fromkeys(("Attribute", "keyword", "Starred"), "value"),
    "comprehension": "target",
    "match_case": "pattern",
}
# roles for one part, and what several in them are together
_ONE = ("Subscript.slice", "ExceptHandler.type", "Match.subject", "comprehension.iter")
_TOGETHER = dict.fromkeys(_ONE, "Tuple") | {"match_case.pattern": "MatchSequence"}
_UNPACKED = ("attribute", "call", "subscript")
_PARAMETER = ("typed_parameter", "list_splat_pattern", "dictionary_splat_pattern")
_DEFAULTED = ("identifier", "default_parameter", "typed_default_parameter")
_STAR = re.compile(rb"\*\s*")
_SIMPLE_NAME = re.compile(r"[\w.\s\\]*")


class Reader:
    """Appends the rows of one tree to the columns; `starts` and `ends` are their byte offsets."""

    def __init__(self, columns: Columns, utf8: bytes) -> None:
        self.starts: list[int] = []
        self.ends: list[int] = []
        self.cut = False  # whether rows were left out because there are too many
        self._columns = columns
        self._utf8 = utf8
        self._first = len(columns.kinds)
        self._stack: list[Step] = []
        self._stars: dict[int, int] = {}  # where stars stand that have a row, and what they unpack

    def read(self, root: Node) -> None:
        """The rows of a whole file, the module's first."""
        module = self._row("Module", -1, "", (root.start_byte, root.end_byte))
        statements = [n for _, n in parts.of(root) if n.is_named]
        self._columns.docstrings.append(self._docstring(statements))
        steps = [self._step(n, module, "Module.body") for n in statements]
        self._body(module, steps, "Module.body")
        while self._stack:
            self._stack.pop()()

    def _row(self, construct: str, parent: int, role: str, span: tuple[int, int]) -> int:
        """Appends a row; its number in the batch."""
        columns = self._columns
        columns.kinds.append(_CONSTRUCT[construct])
        columns.roles.append(ROLE[role])
        columns.parents.append(parent)
        self.starts.append(span[0])
        self.ends.append(span[1])
        if role.endswith(".decorator_list"):
            found = _SIMPLE_NAME.match(self._utf8[slice(*span)].decode("utf-8", "replace"))
            columns.decorators.append("".join(found.group().split()) if found else "")
        return len(columns.kinds) - 1

    def _then(self, *steps: Step) -> None:
        """Does the steps next, in this order, before anything that waits already."""
        self._stack.extend(reversed(steps))

    def _step(self, node: Node, parent: int, role: str, more: Sequence[Part] = ()) -> Step:
        """The step that reads a node below a row, with further parts after its own."""

        def visit() -> None:
            if len(self.starts) >= MAX_ROWS:
                self.cut = True
            elif node.is_error:
                whole = filter(_stands_whole, node.children)
                self._then(*(self._step(n, parent, role) for n in whole))
            elif role in PASSING and node.type in (*_PARAMETER, *_DEFAULTED):
                self._parameter(node, parent, role)
            else:
                self._read(node, parent, role, more)

        return visit

    def _ranged(self, steps: Sequence[Step], row: int, column: list[tuple[int, int, int]]) -> Step:
        """A step that does others and then notes their rows, if any, as those of a row."""

        def begin() -> None:
            first = len(self._columns.kinds)
            self._then(*steps, lambda: end(first))

        def end(first: int) -> None:
            if first < len(self._columns.kinds):
                column.append((row, first, len(self._columns.kinds)))

        return begin

    def _filled(self, row: int, role: str, first: int) -> None:
        """Makes sure of a row from `first` on: what follows needs one."""
        if first == len(self._columns.kinds):
            end = self.ends[row - self._first]
            self._row("Unknown", row, role, (end, end))

    def _read(self, node: Node, parent: int, role: str, more: Sequence[Part]) -> None:
        """Appends the node's row, if it has one, and lists what is to be read next."""
        below = [*parts.of(node), *more]
        if node.type == "decorated_definition" and (inner := field(node, "definition")) is not None:
            below = [*(p for p in below if p[1] != inner), *parts.of(inner)]
            node = inner
        rule = rule_of(node.type, role, [n.type for n in node.children if not n.is_named])
        text = self._text(node, rule)
        if rule.text and text is None and rule.construct in _WORDED:
            rule = UNKNOWN
        if node.type in _UNPACKED and self._utf8.startswith(b"*", node.start_byte):
            parent, role = self._unstarred(node, parent, role)
        elif rule.construct == "Starred" and node.start_byte in self._stars:
            rule = INSIDE
        construct, role = rule.construct, within(role, rule.place)
        if construct in ("Constant", "JoinedStr"):
            self._literal(node, parent, role)
        elif node.type == "dotted_name" and construct == "Attribute":
            self._dotted(node, parent, role)
        elif not construct:
            self._then(*self._steps(parent, parts.places(rule, role, below), below))
        else:
            start = self._stars.get(node.start_byte, node.start_byte)
            end = (below[-1][1] if below else node).end_byte  # without comments
            row = self._row(construct, parent, role, (start, end))
            if construct in TEXT:
                self._columns.texts.append(text)
            self._note(construct, row, node, below)
            self._inside(node, row, rule, below)

    def _inside(self, node: Node, row: int, rule: Rule, below: list[Part]) -> None:
        """Lists what is to be read below the row."""
        construct = rule.construct.partition(".")[0]
        if rule.wraps:
            self._then(self._step(node, row, f"{construct}.{rule.wraps}"))
            return
        if construct == "ExceptHandler" and (caught := self._caught(node)) is not None:
            below = [p for p in below if p[1] != caught and p[1].type != ","]
        found = parts.places(rule, f"{construct}.", below)
        role = f"{construct}.body"
        if construct in _DEFINITIONS:
            body = self._steps(row, [p for p in found if p[0] == role], below)
            steps = self._steps(row, [p for p in found if p[0] != role], below)
            steps.append(lambda: self._body(row, body, role))
        else:
            steps = self._steps(row, found, below)
        if construct in _FIRST:
            steps.append(lambda: self._filled(row, f"{construct}.{_FIRST[construct]}", row + 1))
        if construct in _COMPREHENSIONS:
            steps.append(lambda: self._comprehended(row))
        self._then(*steps)

    def _note(self, construct: str, row: int, node: Node, below: list[Part]) -> None:
        """Appends to the columns beside the rows."""
        columns = self._columns
        if construct in _DEFINITIONS:
            columns.docstrings.append(self._docstring(n for f, n in below if f == "body"))
        elif construct == "alias":
            columns.renames.append(self._word(field(node, "alias")) or None)
        elif construct == "ImportFrom":
            module = self._word(field(node, "module_name"))
            columns.levels.append(len(module) - len(module.lstrip(".")))
        elif construct in ("Global", "Nonlocal"):
            columns.declared.append((row, [self._word(n) for _, n in below if n.is_named]))
        elif construct == "AnnAssign":
            if field(node, "right") is None and below[0][1].type != "identifier":
                columns.undeclared.append(row + 1)
        elif construct in _GENERIC:
            around = columns.parents[row]
            if not columns.generics or columns.generics[-1][0] != around:
                columns.generics.append((around, row))

    def _steps(self, row: int, found: list[Place], below: list[Part]) -> list[Step]:
        """The steps that read parts of a row (or of what has none)."""
        steps: list[Step] = []
        for role, group in groupby(found, lambda place: place[0]):
            held = list(group)
            inner = [self._step(n, row, role, more) for _, n, more in held]
            if role in _TOGETHER:
                start = held[0][1].start_byte
                commas = [n.end_byte for _, n in below if n.type == "," and n.start_byte > start]
                if commas or len(held) > 1:
                    span = (start, max(held[-1][1].end_byte, *commas, 0))
                    inner = [self._together([n for _, n, _ in held], row, role, span)]
            if role == "comprehension.iter":
                inner = [self._ranged(inner, self._columns.parents[row], self._columns.iterables)]
            steps += inner
        return steps

    def _together(self, nodes: list[Node], row: int, role: str, span: tuple[int, int]) -> Step:
        """The step that reads several parts as one sequence."""

        def read() -> None:
            construct = _TOGETHER[role]
            made = self._row(construct, row, role, span)
            inner = "Tuple.elts" if construct == "Tuple" else "MatchSequence.patterns"
            self._then(*(self._step(n, made, inner) for n in nodes))

        return read

    def _comprehended(self, row: int) -> None:
        end = len(self._columns.kinds)
        self._columns.iterables.append((row, end, end))  # counts where no iterable was read
        self._columns.comprehensions.append((row, end))

    def _body(self, row: int, steps: list[Step], role: str) -> None:
        """Reads the statements of a definition's body; a function never ends without a row."""
        first = len(self._columns.kinds)

        def end() -> None:
            if role != "Module.body":
                self._filled(row, role, first)
            self._columns.bodies.append((row, first, len(self._columns.kinds)))

        self._then(*steps, end)

    def _parameter(self, node: Node, function: int, role: str) -> None:
        """The rows of a parameter, of its annotation, then of its default."""
        annotation, default = field(node, "type"), field(node, "value")
        name = field(node, "name") or node
        while name.type in _PARAMETER and name.named_children:
            name = name.named_children[0]
        if name.type != "identifier":
            self._then(self._step(name, function, role))  # Python 2: a tuple to unpack
            return
        end = name if annotation is None else annotation
        row = self._row("arg", function, role, (name.start_byte, end.end_byte))
        self._columns.texts.append(self._word(name))
        steps = [] if annotation is None else [self._step(annotation, row, "arg.annotation")]
        if default is not None:
            place = "kw_defaults" if role.endswith(".kwonlyargs") else "defaults"
            held = self._step(default, function, within(role, place))
            steps.append(self._ranged([held], row, self._columns.defaults))
        self._then(*steps)

    def _unstarred(self, node: Node, parent: int, role: str) -> tuple[int, str]:
        """Where the row of `*a.b` goes, which the grammar may read as an attribute (or call, or
        subscript) of `*a`: below a Starred row, from after the star."""
        start = node.start_byte
        if start in self._stars:
            return parent, role
        star = _STAR.match(self._utf8, start)
        self._stars[start] = star.end() if star else start
        row = self._row("Starred", parent, role, (start, node.end_byte))
        return row, "Starred.value"

    def _dotted(self, node: Node, parent: int, role: str) -> None:
        """A dotted name as attribute accesses of its first name."""
        words = [n for n in node.children if n.type == "identifier"]
        for i, word in reversed(list(enumerate(words))):
            construct = "Attribute" if i else "Name"
            parent = self._row(construct, parent, role, (node.start_byte, word.end_byte))
            self._columns.texts.append(self._word(word))
            role = "Attribute.value"

    def _literal(self, node: Node, parent: int, role: str) -> None:
        """The row of a constant, or those of a string with expressions in it."""
        span = (node.start_byte, node.end_byte)
        letters = literals.prefixes(self._utf8, node)
        if node.type == "format_specifier" or letters & {"f", "t"}:
            construct = "TemplateStr" if "t" in letters else "JoinedStr"
            row = self._row(construct, parent, role, span)
            place = f"{construct}.values"
            self._then(*(self._piece(p, row, place) for p in literals.parts(self._utf8, node)))
            return
        value = literals.value_of(self._source(node))
        if isinstance(value, str) and not letters:
            self._row("Unknown", parent, role, span)  # a number that this Python cannot read
        else:
            self._constant(parent, role, span, value)

    def _piece(self, piece: Node | literals.Run, row: int, role: str) -> Step:
        if isinstance(piece, Node):
            return self._step(piece, row, role)
        start, end, text = piece
        return lambda: self._constant(row, role, (start, end), text)

    def _constant(self, parent: int, role: str, span: tuple[int, int], value: object) -> None:
        self._row("Constant", parent, role, span)
        self._columns.values.append(value)

    def _docstring(self, body: Iterable[Node]) -> str | None:
        """The text of the string that a body starts with."""
        first = next(iter(body), None)
        if first is None or first.type != "expression_statement" or first.child_count != 1:
            return None
        string = first.children[0]
        plain = not literals.prefixes(self._utf8, string) & {"f", "t"}
        known = plain and string.type in ("string", "concatenated_string")
        value = literals.value_of(self._source(string)) if known else None
        return value if isinstance(value, str) else None

    def _text(self, node: Node, rule: Rule) -> str | None:
        """The name of a node's row; None for none."""
        if rule.construct == "ExceptHandler":
            caught = self._caught(node)
            return self._word(caught) if caught is not None else None
        source = node if rule.text == "." else field(node, rule.text) if rule.text else None
        word = self._word(source)
        if rule.construct == "ImportFrom":
            return "__future__" if node.type.startswith("future") else word.lstrip(".") or None
        word = word.lstrip("*") or word
        if rule.construct in _DEFINITIONS or rule.construct in _GENERIC:
            return word if word.isidentifier() else MISSING
        return None if rule.construct.startswith("Match") and word == "_" else word or None

    def _caught(self, handler: Node) -> Node | None:
        """The name in `except Error as name`, or Python 2's `except Error, name`."""
        values = [n for n in handler.children_by_field_name("value") if n.is_named]
        alias = field(values[0], "alias") if values else None
        if alias is None and len(values) == 2 and values[1].type == "identifier":
            return values[1] if self._source(values[1]).islower() else None
        return alias

    def _source(self, node: Node) -> str:
        return self._utf8[node.start_byte : node.end_byte].decode("utf-8", "backslashreplace")

    def _word(self, node: Node | None) -> str:
        """An identifier as Python compares it, or dotted ones without spaces between them."""
        if node is None:
            return ""
        words = "".join(self._source(node).replace("\\\n", "").split())
        return words if words.isascii() else unicodedata.normalize("NFKC", words)


def _stands_whole(node: Node) -> bool:
    """Whether a piece of a broken region can be believed: statements without trouble, definitions.
    Its expressions may join what does not belong together."""
    if node.type in ("block", "decorated_definition") or node.type.endswith("_definition"):
        return True
    return node.type.endswith("_statement") and not node.has_error
