"""What CPython's parser reads of a text that it refuses.

The text is respelled, as cells: what is read at each of its bytes, so that all that stays has its
place. Other grammars are spelled as this Python's, what the tolerant parser could not read becomes
blank, and indentation follows the blocks of its tree. What is refused even so is given up statement
by statement. Each piece is parsed a few times, and all work is bounded.
"""

import ast
import keyword
import re
import sys
from collections.abc import Iterator
from itertools import pairwise

import numpy as np
from tree_sitter import Node

from codeanatomy.extract.decoding import BOM, Offsets
from codeanatomy.extract.parse import parse
from codeanatomy.extract.witness import Source

MAX_ROWS = 2_000_000  # nodes per file; the rest of a larger one is left out
MAX_DEPTH = 3_000  # of the tree; the walk and the emission take up to three frames for a level
MAX_LEVELS = 90  # of blocks; CPython's parser takes 100
MAX_INDENT = 2_000  # columns
MAX_WORK = 4 << 20  # bytes to parse, and four times the text
PIECE = 1_500  # bytes that take as long as to parse anything at all

Region = tuple[int, int, str]  # start, end, what is missing there

_OLDER = sys.version_info < (3, 12)
_TEMPLATE = b"f" if sys.version_info < (3, 14) else b"t"  # letter of a template string
# expressions that may nest without end
_NESTING = {
    *("attribute", "call", "subscript", "lambda", "await", "string", "list", "tuple", "dictionary"),
    *("binary_operator", "unary_operator", "not_operator", "boolean_operator", "set"),
    *("comparison_operator", "conditional_expression", "parenthesized_expression"),
}
_PLAIN = bytes.maketrans(b"\\'\"", b"/``")
_OTHER_QUOTE = bytes.maketrans(b"'\"", b"\"'")
_IN_TUPLE = re.compile(rb"[()]|,(?=\s*\))")  # what nested parameters have and plain ones have not
_OLD_NUMBER = re.compile(rb"(0[0-7]+)[lL]?|\w+[lL]")  # Python 2
_COOKIE = re.compile(rb"\A((?:.*\n)?[ \t\f]*#.*)coding")
_FULL_WIDTH = 0xFEE0  # from a letter to one that is read as the same, but in no keyword


class Mender:
    """Reads one text; afterwards `lost` are the regions that were given up, and `cut` and `deep`
    say whether something was left out because there is too much of it, or nests too deeply."""

    def __init__(self, text: bytes, root: Node) -> None:
        self.cut = self.deep = False
        self.lost: list[Region] = []
        self._original, self._root = text, root
        self._cells = [*_cells(text), b""]
        self._statements: dict[int, list[Node]] = {}  # of each block, by its id
        self._left = MAX_WORK + 4 * len(text)

    def read(self) -> tuple[ast.Module, bytes, Offsets]:
        """The tree of what could be read, its text, and the place of each byte of that (and of its
        end) in the text as it was."""
        size = len(self._cells)
        self._lay_out()
        tree = self._parsed(0, size).tree
        if tree is None:
            self._mend(self._statements[self._root.id], 0)
            self._left = MAX_WORK
            tree = self._parsed(0, size).tree
        if tree is None:
            self._lose(0, size - 1, b"")
            tree = ast.Module([], [])
        origin = np.repeat(np.arange(size), [len(cell) for cell in self._cells])
        return tree, b"".join(self._cells), np.append(origin, size - 1)

    def _parsed(self, start: int, end: int, shell: bytes = b"") -> Source:
        """What CPython's parser says of a piece of the text that is put into a shell."""
        piece = shell + b"".join(self._cells[start:end])
        self._left -= len(piece) + PIECE
        return parse(_COOKIE.sub(rb"\1CODING", piece) if self._left > 0 else b"(")

    def _lay_out(self) -> None:
        """Respells the whole text, in one walk through the tree."""
        rows = 0
        waiting = [(self._root, self._root, 0, 0, 0)]
        while waiting:
            node, around, level, depth, quote = waiting.pop()
            kind, below = node.type, node.children
            rows += node.is_named
            if rows > MAX_ROWS and around.type in ("module", "block"):
                self._put(node.start_byte, len(self._original), b"pass")
                self.cut = True
                break
            too_deep = kind == "block" and level == MAX_LEVELS
            if too_deep or (depth > MAX_DEPTH and kind in _NESTING):
                self._put(node.start_byte, node.end_byte, b"0")
                self.deep = True
                continue
            if kind == "block" or around is node:
                level += around is not node
                below = self._statements[node.id] = self._block(node, level)
            elif node.is_error:
                self._put(node.start_byte, node.end_byte)
                continue
            elif kind == "interpolation" and _OLDER:
                begin = self._original[around.children[0].start_byte : around.children[0].end_byte]
                # between three quotes one may stand
                quote = 0 if begin.endswith((b"'''", b'"""')) else begin[-1]
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
                self._put(node.start_byte, node.end_byte)
                for part in filter(_stands_whole, reversed(node.children)):
                    inside = slice(part.start_byte, part.end_byte)
                    self._cells[inside] = _cells(self._original[inside])
                    waiting.append(part)
            elif node.type == "block":
                waiting += reversed(node.children)
            elif node.is_named and not node.is_missing and not node.is_extra:
                found.append(node)
        for node in found[:1]:
            self._indent(node, level)
        for before, node in pairwise(found):
            gap = b"".join(self._cells[before.end_byte : node.start_byte])
            if b"\n" in gap:
                self._indent(node, level)
            elif not gap.strip():
                self._cells[before.end_byte - 1] += b";"
        if not found and level:
            self._put(block.start_byte, block.end_byte, b"0")
            self._indent(block, level)
        return found

    def _indent(self, node: Node, level: int) -> None:
        """Indents a node at the start of a line by `level` columns."""
        start, column = node.start_byte, node.start_point.column
        end = start - column - 1  # of the line before
        begin = end + 1 if end >= 0 or not self._original.startswith(BOM) else len(BOM)
        if column <= MAX_INDENT and not b"".join(self._cells[begin:start]).strip():
            self._cells[begin:start] = [b""] * (start - begin)
            if end >= 0:
                self._cells[end] = self._cells[end].rstrip(b" ") + b" " * level

    def _put(self, start: int, end: int, instead: bytes = b"") -> None:
        """Something else and blanks instead of a piece, but for its line ends."""
        cells = self._cells
        cells[start:end] = [b"\n" if byte == 10 else b" " for byte in self._original[start:end]]
        cells[start] = instead + cells[start]

    def _respell(self, node: Node, around: Node, quote: int) -> None:
        """Spells a node as this Python does, where an older or newer one has another spelling;
        `quote` is that of the formatted string around it, which only newer ones may use in it."""
        start, end, cells = node.start_byte, node.end_byte, self._cells
        text = self._original[start:end]
        match node.type:
            case ")" | "]" | "}" | ":" if node.is_missing:
                self._put(start, start, node.type.encode())
            case "print_statement" | "exec_statement":
                cells[node.children[0].end_byte - 1] += b";"
            case "expression_list" if around.type == "raise_statement":
                cells[node.children[1].start_byte] = b";"
            case "except_clause":
                values = [n for n in node.children_by_field_name("value") if n.is_named]
                last = values[-1] if values else node
                name = self._original[last.start_byte : last.end_byte]
                if len(values) == 2 and last.type == "identifier" and name.islower():
                    self._put(values[0].end_byte, last.start_byte, b" as ")
                elif len(values) > 1:
                    cells[values[0].start_byte - 1] += b"("
                    cells[last.end_byte - 1] += b")"
            case "<>":
                self._put(start, end, b"!=")
            case ">>" if around.type == "chevron":
                self._put(start, end)
            case "tuple_pattern" if around.type in ("parameters", "lambda_parameters") or (
                around.type == "default_parameter"
            ):
                for found in _IN_TUPLE.finditer(text):
                    cells[start + found.start()] = b" "
            case "type_parameter" if around.type.endswith("_definition") and _OLDER:
                self._put(start, end)
            case "type_alias_statement" if _OLDER:
                left = inner = node.children[1]
                while inner.named_children:
                    inner = inner.named_children[0]
                self._put(inner.end_byte, left.end_byte)
                cells[node.children[0].end_byte] = b";"
            case "string_start" | "string_end" if start < end:
                written = text.lower()
                if written[-1] == quote:
                    written = written.translate(_OTHER_QUOTE)
                bracket = b"(" if node.type == "string_start" else b")"
                written = written.replace(b"ur", b" r").replace(b"`", bracket)
                cells[start:end] = _cells(written.replace(b"t", _TEMPLATE))
            case "string_content" if quote:
                cells[start:end] = _cells(text.translate(_PLAIN))
            case "identifier" if keyword.iskeyword(text.decode()):
                cells[start] = chr(text[0] + _FULL_WIDTH).encode()
            case "integer" if old := _OLD_NUMBER.fullmatch(text):
                cells[start] = b"0o" if old[1] else cells[start]
                cells[end - 1] = b" " if text[-1:] in b"lL" else cells[end - 1]

    def _mend(self, statements: list[Node], level: int) -> None:
        """Gives up what is refused in some statements: halves are tried down to the single ones,
        and of those first the statements inside."""
        if not statements:
            return
        start, end, half = statements[0].start_byte, statements[-1].end_byte, len(statements) // 2
        shell = b"match 1:\n" if statements[0].type == "case_clause" else b"if 1:\n"
        shell = shell + b" " * level if level else b""
        error = self._parsed(start, end, shell).error
        if error is None:
            return
        if half and self._left > 0:
            self._mend(statements[:half], level)
            self._mend(statements[half:], level)
            return
        for block in _blocks(statements[0]) if self._left > 0 else ():
            self._mend(self._statements.get(block.id, []), level + 1)
            # where the work is at its end in a block, what is around may still be read
            self._left = max(self._left, 0) + end - start + 2 * PIECE
        self.deep |= error.code == "too-deep"
        if self._parsed(start, end, shell).tree is None:
            self._lose(start, end, b"pass")

    def _lose(self, start: int, end: int, instead: bytes) -> None:
        self._put(start, end, instead)
        self.lost.append((start, end, ""))


def _cells(text: bytes) -> list[bytes]:
    return [text[at : at + 1] for at in range(len(text))]


def _blocks(node: Node) -> Iterator[Node]:
    """The blocks of a statement."""
    for child in node.children:
        if child.type == "block":
            yield child
        elif child.type.endswith(("_clause", "_definition")):
            yield from _blocks(child)


def _stands_whole(node: Node) -> bool:
    """Whether a piece of a broken region can be believed: statements without trouble, definitions,
    comments. Its expressions may join what does not belong together."""
    if node.type in ("block", "decorated_definition", "comment"):
        return True
    return node.type.endswith("_definition") or (
        node.type.endswith("_statement") and not node.has_error
    )
