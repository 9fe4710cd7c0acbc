"""What CPython's parser reads of a text that it refuses.

The text is respelled at equal length, so that all that stays has its place: other grammars as this
Python's, blanks for what the tolerant parser could not read, indentation by the blocks of its tree.
What is refused even so is given up statement by statement, first the smallest expression around the
error: it becomes an empty tuple. Each piece is parsed a few times, and all work is bounded.
"""

import ast
import keyword
import re
import sys
from collections.abc import Iterator
from itertools import pairwise

from tree_sitter import Node

from codeanatomy.extract.parse import parse
from codeanatomy.extract.witness import Source

MAX_ROWS = 2_000_000  # nodes per file; the rest of a larger one is left out
MAX_DEPTH = 3_000  # of the tree; the walk and the emission take up to three frames for a level
MAX_LEVELS = 90  # of blocks; CPython's parser takes 100
MAX_INDENT = 2_000  # columns
MAX_ROUNDS = 20  # for a statement
MAX_WORK = 4 << 20  # bytes to parse, and four times the text
PIECE = 1_500  # bytes that take as long as to parse anything at all

Region = tuple[int, int, str]  # start, end, what is missing there

_OLDER = sys.version_info < (3, 12)
_TEMPLATE = b"f" if sys.version_info < (3, 14) else b"t"  # letter of a template string
# types of nodes, by their ends, that no expression can stand for
_NO_EXPRESSION = (
    *("_statement", "_clause", "_definition", "parameters", "_parameter", "_pattern", "block"),
    *("identifier", "_name", "_import", "decorator", "module"),
)
_BLANK = bytes(byte if byte in b"\r\n" else 32 for byte in range(256))
_PLAIN = bytes.maketrans(b"\\'\"", b"/``")
_OTHER_QUOTE = bytes.maketrans(b"'\"", b"\"'")
_OLD_NUMBER = re.compile(rb"0([0-7]+)[lL]?|(\w+)[lL]")  # Python 2
_ESCAPE = re.compile(rb"\\(?=[xuUN])")  # what needs digits or a name behind it
# bytes that no UTF-8 has stand for what is longer, and the last of its line
_LONGER = {b"\xff": b":0", b"\xfe": b"):", b"\xfd": b")\n", b"\xfc": b"]\n", b"\xfb": b"}\n"}
_SHORTER = {longer: byte for byte, longer in _LONGER.items()}
_LETTER = "ƻ"  # instead of the first two of a keyword that is a name in the text
_KEYWORDS = {_LETTER + word[2:]: word for word in keyword.kwlist if len(word) > 2}
# what stays of a header that is given up: nothing of other clauses, "if 1:" of other statements
_HEADERS = {
    "try_statement": b"try:",
    "except_clause": b"except:",
    "match_statement": b"match 1:",
    "case_clause": b"case _:",
}


class Mender:
    """Reads one text; afterwards `lost` are the regions that were given up, and `cut` and `deep`
    say whether something was left out because there is too much of it, or nests too deeply."""

    def __init__(self, text: bytes, root: Node) -> None:
        self.cut = self.deep = False
        self.lost: list[Region] = []
        self._original, self._text, self._root = text, bytearray(text), root
        self._statements: dict[int, list[Node]] = {}  # of each block, by its id
        self._caught: dict[int, str] = {}  # line of `except Error, name` and its name
        self._given: set[int] = set()
        self._left = MAX_WORK + 4 * len(text)

    def tree(self) -> ast.Module:
        """What could be read; places count bytes of the text as it was."""
        self._lay_out()
        source = self._parsed(0, len(self._text))
        if source.tree is None:
            self._mend(self._statements[self._root.id], 0)
            self._left = MAX_WORK
            source = self._parsed(0, len(self._text))
        if source.tree is None:
            self.lost.append((0, len(self._text), ""))
            return ast.Module([], [])
        last, size = self._original.count(b"\n") + 1, len(self._original.rpartition(b"\n")[2])
        for node in ast.walk(source.tree):
            for field, value in vars(node).items():
                if field != "value" and value.__class__ is str and value in _KEYWORDS:
                    setattr(node, field, _KEYWORDS[value])
            if isinstance(node, ast.ExceptHandler):
                node.name = self._caught.get(node.lineno, node.name)
            for line, column in (("lineno", "col_offset"), ("end_lineno", "end_col_offset")):
                if getattr(node, line, 0) == last:  # what is longer may lie behind the end
                    setattr(node, column, min(getattr(node, column), size))
        return source.tree

    def _parsed(self, start: int, end: int, shell: bytes = b"") -> Source:
        """What CPython's parser says of a piece of the text that is put into a shell."""
        piece = shell + self._text[start:end]
        self._left -= len(piece) + PIECE
        for byte, longer in _LONGER.items():
            piece = piece.replace(byte, longer)
        return parse(piece if self._left > 0 else b"(")

    def _lay_out(self) -> None:
        """Respells the whole text, in one walk through the tree."""
        rows = 0
        waiting = [(self._root, self._root, 0, 0, 0)]
        while waiting:
            node, around, level, depth, quote = waiting.pop()
            kind, below = node.type, node.children
            rows += node.is_named
            if rows > MAX_ROWS and around.type in ("module", "block"):
                self._text[node.start_byte :] = b"pass"
                self.cut = True
                break
            too_deep = kind == "block" and level == MAX_LEVELS
            if too_deep or (depth > MAX_DEPTH and _is_expression(node)):
                self._blank(node.start_byte, node.end_byte, b"0")
                self.deep = True
                continue
            if kind == "block" or around is node:
                level += around is not node
                below = self._statements[node.id] = self._block(node, level)
            elif node.is_error:
                self._blank(node.start_byte, node.end_byte)
                continue
            elif kind == "interpolation" and _OLDER:
                quote = self._text[around.children[0].end_byte - 1]
            elif kind.endswith("_clause") or "decorat" in around.type + kind:
                self._indent(node, level)
            self._respell(node, around, quote)
            waiting += [(n, node, level, depth + 1, quote) for n in reversed(below)]

    def _block(self, block: Node, level: int) -> list[Node]:
        """The statements of a block, those in its broken regions too, each at its level."""
        found: list[Node] = []
        waiting = [block] if block.is_error else block.children[::-1]
        while waiting:
            node = waiting.pop()
            if node.is_error:
                self._blank(node.start_byte, node.end_byte)
                for part in filter(_stands_whole, reversed(node.children)):
                    inside = slice(part.start_byte, part.end_byte)
                    self._text[inside] = self._original[inside]
                    waiting.append(part)
            elif node.type == "block":
                waiting += reversed(node.children)
            elif node.type == "comment":  # it may tell an encoding
                self._blank(node.start_byte, node.end_byte)
            elif node.is_named and not node.is_missing and not node.is_extra:
                found.append(node)
        for node in found[:1]:
            self._indent(node, level)
        for before, node in pairwise(found):
            gap = self._text[before.end_byte : node.start_byte]
            if b"\n" in gap:
                self._indent(node, level)
            elif gap.isspace():
                self._text[before.end_byte] = ord(";")
        if not found and block.start_byte < block.end_byte:
            self._blank(block.start_byte, block.end_byte, b"0")
            self._indent(block, level)
        elif not found and self._text.endswith(b":", 0, block.start_byte):
            self._text[block.start_byte - 1 : block.start_byte] = _SHORTER[b":0"]
        return found

    def _indent(self, node: Node, level: int) -> None:
        """Indents a node at the start of a line by `level` columns: those before a form feed do not
        count."""
        start, column = node.start_byte, node.start_point.column
        begin = start - column
        if begin == 0 and self._text.startswith(b"\xef\xbb\xbf"):
            begin, column = 3, column - 3
        if level <= column <= MAX_INDENT and not self._text[begin:start].strip():
            filled = b"\f".rjust(column - level) if column > level else b""
            self._text[begin:start] = filled + b" " * level

    def _blank(self, start: int, end: int, first: bytes = b"", last: bytes = b"") -> None:
        """Blanks instead of a piece, but for its line ends and what it shall start and end with;
        a zero where there is no room for that."""
        if len(first + last) > end - start:
            first, last = b"0", b""
        blank = self._text[start:end].translate(_BLANK)
        self._text[start:end] = first + blank[len(first) : len(blank) - len(last)] + last

    def _respell(self, node: Node, around: Node, quote: int) -> None:
        """Spells a node as this Python does, where an older or newer one has another spelling;
        `quote` is that of the formatted string around it, which only newer ones may use in it."""
        start, end, text = node.start_byte, node.end_byte, self._text
        here = slice(start, end)
        match node.type:
            case kind if node.is_missing:
                token, follows = kind.encode(), bytes(text[start : start + 1])
                if token in (b")", b"]", b"}", b":") and follows in (b"", b" ", b"\r"):
                    text[start : start + 1] = token
                else:
                    text[start : start + 1] = _SHORTER.get(token + follows, follows)
            case "print_statement" | "exec_statement":
                word = node.children[0].end_byte
                if text[word] in b" \t":
                    text[word] = ord(";")
                else:
                    self._blank(start, word, b"0", b";")
            case "expression_list" if around.type == "raise_statement":
                text[node.children[1].start_byte] = ord(";")
            case "except_clause":
                self._respell_caught(node)
            case "<>":
                text[start:end] = b"!="
            case ">>" if around.type == "chevron":
                self._blank(start, end)
            case "comment":
                self._blank(start, end)
            case "tuple_pattern" if around.type in ("parameters", "lambda_parameters") or (
                around.type == "default_parameter"
            ):
                text[here] = re.sub(rb"[()]|,(?=\s*\))", b" ", text[here])
            case "type_parameter" if around.type.endswith("_definition") and _OLDER:
                self._blank(start, end)
            case "type_alias_statement" if _OLDER:
                left = inner = node.children[1]
                while inner.named_children:
                    inner = inner.named_children[0]
                self._blank(inner.end_byte, left.end_byte)
                text[node.children[0].end_byte] = ord(";")
            case "string_start" | "string_end" if start < end:
                written = bytes(text[here]).lower()
                if written[-1] == quote:
                    written = written.translate(_OTHER_QUOTE)
                bracket = b"(" if node.type == "string_start" else b")"
                written = written.replace(b"ur", b" r").replace(b"`", bracket)
                text[here] = written.replace(b"t", _TEMPLATE)
            case "string_content" if quote:
                text[here] = text[here].translate(_PLAIN)
            case "identifier" if text[here].decode() in _KEYWORDS.values():
                text[here] = _LETTER.encode() + text[start + 2 : end]
            case "integer" if (number := _OLD_NUMBER.fullmatch(text[here])) is not None:
                octal, decimal = number.groups()
                text[here] = (b"%d" % int(octal, 8) if octal else decimal).ljust(end - start)

    def _respell_caught(self, clause: Node) -> None:
        """Parentheses around several exceptions; Python 2's `except Error, name` is remembered."""
        values = [n for n in clause.children_by_field_name("value") if n.is_named]
        if len(values) < 2:
            return
        text, begin, last = self._text, values[0].start_byte - 1, values[-1]
        name, behind = text[last.start_byte : last.end_byte], last.end_byte
        if len(values) == 2 and last.type == "identifier" and name.islower():
            self._caught[clause.start_point.row + 1] = name.decode()
            self._blank(values[0].end_byte, behind)
        elif text[begin] == ord(" ") and text[behind : behind + 1] == b":":
            text[begin] = ord("(")
            spaced = text[behind + 1 : behind + 2] == b" "
            text[behind : behind + 1 + spaced] = b"):" if spaced else _SHORTER[b"):"]

    def _mend(self, statements: list[Node], level: int) -> None:
        """Gives up what is refused in some statements: halves are tried down to the single ones."""
        start, end = statements[0].start_byte, statements[-1].end_byte
        shell = b"match 1:\n" if statements[0].type == "case_clause" else b"if 1:\n"
        shell = shell + b" " * level if level else b""
        half = len(statements) // 2
        if self._left <= 0 or (not half and not self._accepted(statements[0], shell, level)):
            self._lose(start, end, b"pass")
        elif half and self._parsed(start, end, shell).tree is None:
            self._mend(statements[:half], level)
            self._mend(statements[half:], level)

    def _accepted(self, statement: Node, shell: bytes, level: int) -> bool:
        """Whether a statement can be read, be it without the smallest parts around its errors."""
        start, end = statement.start_byte, statement.end_byte
        for turn in range(MAX_ROUNDS):
            error = self._parsed(start, end, shell).error
            if error is None:
                return True
            self.deep |= error.code == "too-deep"
            if turn == 0:
                for block in _blocks(statement):
                    if inner := self._statements.get(block.id):
                        self._mend(inner, level + 1)
                # where the work is at its end in a block, what is around may still be read
                self._left = max(self._left, 0) + end - start + 2 * PIECE
                continue
            if turn == 1 and "(unicode error)" in error.message:  # it tells no good place
                self._text[start:end] = _ESCAPE.sub(b"/", self._text[start:end])
                continue
            before = self._text[start : start + max(error.bstart - len(shell), 0) + 1].rstrip()
            place = start + len(before) - 1
            node: Node | None = statement
            found = None
            while node is not None:
                if _is_expression(node) or node.type == "parameters" or _block_of(node):
                    found = node
                inside = (n for n in node.children if n.start_byte <= place < n.end_byte)
                node = next((n for n in inside if n.id not in self._given), None)
            if found is None or found.id in self._given:
                return False
            self._given.add(found.id)
            self._give_up(found)
        return False

    def _give_up(self, node: Node) -> None:
        """Nothing instead of an expression, of the defaults of parameters, or of a header."""
        start, block = node.start_byte, _block_of(node)
        if block is not None:
            other = b"" if node.type.endswith("_clause") else b"if 1:"
            self._lose(start, block.start_byte, _HEADERS.get(node.type, other))
        elif node.type != "parameters":
            shape = (b"", b"") if node.type == "type_parameter" else (b"(", b")")
            self._lose(start, node.end_byte, *shape)
        for one in node.children if node.type == "parameters" else ():
            name = one.child_by_field_name("name")
            if name is not None and one.type.endswith("default_parameter"):
                self._lose(name.end_byte, one.end_byte)

    def _lose(self, start: int, end: int, first: bytes = b"", last: bytes = b"") -> None:
        self._blank(start, end, first, last)
        self.lost.append((start, end, ""))


def _blocks(node: Node) -> Iterator[Node]:
    """The blocks of a statement."""
    for child in node.children:
        if child.type == "block":
            yield child
        elif child.type.endswith(("_clause", "_definition")):
            yield from _blocks(child)


def _block_of(node: Node) -> Node | None:
    return next((n for n in node.children if n.type == "block"), None)


def _is_expression(node: Node) -> bool:
    return node.is_named and not node.type.endswith(_NO_EXPRESSION)


def _stands_whole(node: Node) -> bool:
    """Whether a piece of a broken region can be believed: statements without trouble, definitions.
    Its expressions may join what does not belong together."""
    if node.type in ("block", "decorated_definition") or node.type.endswith("_definition"):
        return True
    return node.type.endswith("_statement") and not node.has_error
