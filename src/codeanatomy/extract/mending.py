"""What CPython's parser reads of a text that it refuses.

The text is respelled at equal length, so that all that stays has its place: other grammars as this
Python's, blanks for what the tolerant parser could not read, indentation by the blocks of its tree.
What is refused even so is given up statement by statement, first the smallest expression around the
error: it becomes a tuple of those in it. Each piece is parsed a few times, and all work is bounded.
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
MAX_WORK = 12 << 20  # bytes to parse

Region = tuple[int, int, str]  # start, end, what is missing there

_OLDER = sys.version_info < (3, 12)
_EXPRESSIONS = {
    *("attribute", "call", "subscript", "lambda", "await", "yield", "named_expression", "string"),
    *("binary_operator", "unary_operator", "not_operator", "boolean_operator", "integer", "float"),
    *("comparison_operator", "conditional_expression", "parenthesized_expression", "tuple", "list"),
    *("set", "dictionary", "list_comprehension", "set_comprehension", "dictionary_comprehension"),
    *("generator_expression", "concatenated_string", "argument_list"),
}
_NO_EXPRESSION = ("keyword_argument", "default_parameter", "lambda_parameters")  # but a name
_BLANK = bytes(byte if byte in b"\r\n" else 32 for byte in range(256))
_PLAIN = bytes.maketrans(b"\\'\"", b"/``")
_OTHER_QUOTE = bytes.maketrans(b"'\"", b"\"'")
_OLD_NUMBER = re.compile(rb"0([0-7]+)[lL]?|(\w+)[lL]")  # Python 2
_ESCAPE = re.compile(rb"(\\[^xuUN])|\\", re.DOTALL)  # one that needs no digits or name, or another
# bytes that no UTF-8 has stand for what is longer, and the last of its line
_LONGER = {b"\xff": b":0", b"\xfe": b"):", b"\xfd": b")\n", b"\xfc": b"]\n", b"\xfb": b"}\n"}
_SHORTER = {longer: byte for byte, longer in _LONGER.items()}
_LETTER = "ƻ"  # instead of the first two of a keyword that is a name in the text
_KEYWORDS = {_LETTER + word[2:]: word for word in keyword.kwlist}
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
        self._work = 0

    def tree(self) -> ast.Module:
        """What could be read; places count bytes of the text as it was."""
        self._lay_out()
        source = self._parsed(0, len(self._text))
        if source.tree is None:
            self._mend(self._root, 0)
            self._work = 0
            source = self._parsed(0, len(self._text))
        if source.tree is None:
            self.lost.append((0, len(self._text), ""))
            return ast.Module([], [])
        last, size = self._original.count(b"\n") + 1, len(self._original.rpartition(b"\n")[2])
        for node in ast.walk(source.tree):
            for field, value in vars(node).items():
                if value.__class__ is str and value in _KEYWORDS:
                    setattr(node, field, _KEYWORDS[value])
            if isinstance(node, ast.ExceptHandler):
                node.name = self._caught.get(node.lineno, node.name)
            if getattr(node, "end_lineno", 0) == last:  # what is longer may lie behind the end
                for field in ("col_offset", "end_col_offset"):
                    setattr(node, field, min(getattr(node, field), size))
        return source.tree

    def _parsed(self, start: int, end: int, shell: bytes = b"") -> Source:
        """What CPython's parser says of a piece of the text that is put into a shell."""
        piece = shell + self._text[start:end]
        self._work += len(piece) + 500
        for byte, longer in _LONGER.items():
            piece = piece.replace(byte, longer)
        return parse(piece) if self._work < MAX_WORK else parse(b"(")

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
            if too_deep or (depth > MAX_DEPTH and kind in _EXPRESSIONS):
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
        start, end = node.start_byte, node.end_byte
        text, written = self._text, bytes(self._text[start:end])
        match node.type:
            case kind if node.is_missing:
                token, follows = kind.encode(), bytes(text[start : start + 1])
                if token in (b")", b"]", b"}", b":") and follows in (b"", b" ", b"\r"):
                    text[start : start + 1] = token
                elif token + follows in _SHORTER:
                    text[start : start + 1] = _SHORTER[token + follows]
            case "print_statement" | "exec_statement":
                word = node.children[0].end_byte
                if text[word] in b" \t":
                    text[word] = ord(";")
                else:
                    self._blank(start, word, b"0", b";")
            case "raise_statement" if (
                node.children[1:] and node.children[1].type == "expression_list"
            ):
                text[node.children[1].children[1].start_byte] = ord(";")
            case "except_clause":
                self._except(node)
            case "<>":
                text[start:end] = b"!="
            case ">>" if around.type == "chevron":
                self._blank(start, end)
            case "comment":
                self._blank(start, end)
            case "parameters" | "lambda_parameters":
                for one in node.children:
                    name = one.child_by_field_name("name") or one
                    if name.type == "tuple_pattern":
                        inside = slice(name.start_byte, name.end_byte)
                        text[inside] = re.sub(rb"[()]|,(?=\s*\))", b" ", text[inside])
            case "type_parameter" if around.type.endswith("_definition") and _OLDER:
                self._blank(start, end)
            case "type_alias_statement" if _OLDER:
                name = left = node.children[1]
                while name.named_children:
                    name = name.named_children[0]
                self._blank(name.end_byte, left.end_byte)
                text[node.children[0].end_byte] = ord(";")
            case "string_start" | "string_end" if written[-1] in (quote, ord("`")):
                backtick = b"(" if node.type == "string_start" else b")"
                text[start:end] = written.translate(_OTHER_QUOTE).replace(b"`", backtick)
            case "string_content" if quote:
                text[start:end] = written.translate(_PLAIN)
            case "identifier" if written.decode() in keyword.kwlist:
                text[start:end] = _LETTER.encode() + written[2:]
            case "integer" if (old := _OLD_NUMBER.fullmatch(written)) is not None:
                number = b"%d" % int(old[1], 8) if old[1] else old[2]
                text[start:end] = number.ljust(end - start)
        if node.type == "string_start":
            letters = text[start:end].lower().replace(b"ur", b" r")
            text[start:end] = letters.replace(b"t", b"f" if sys.version_info < (3, 14) else b"t")

    def _except(self, clause: Node) -> None:
        """Parentheses around several exceptions; Python 2's `except Error, name` is remembered."""
        values = [n for n in clause.children_by_field_name("value") if n.is_named]
        if len(values) < 2:
            return
        text, start, end = self._text, values[0].start_byte - 1, values[-1].end_byte
        name = text[values[-1].start_byte : end].decode()
        if len(values) == 2 and values[-1].type == "identifier" and name.islower():
            self._caught[clause.start_point.row + 1] = name
            self._blank(values[0].end_byte, end)
        elif text[start] == ord(" ") and text[end] == ord(":"):
            text[start] = ord("(")
            spaced = text[end + 1 : end + 2] == b" "
            text[end : end + 1 + spaced] = b"):" if spaced else _SHORTER[b"):"]

    def _mend(self, block: Node, level: int) -> None:
        """Gives up what is refused in a block, statement by statement."""
        for node in self._statements.get(block.id, ()):
            start, end, rounds = node.start_byte, node.end_byte, 0
            shell = b"match 1:\n" if node.type == "case_clause" else b"if 1:\n"
            shell = shell + b" " * level if level else b""
            while (error := self._parsed(start, end, shell).error) is not None:
                rounds += 1
                self.deep |= error.code == "too-deep"
                before = self._text[start : start + max(error.bstart - len(shell), 0) + 1].rstrip()
                if rounds == 1:
                    for inner in _blocks(node):
                        self._mend(inner, level + 1)
                elif "(unicode error)" in error.message and rounds == 2:
                    plain = _ESCAPE.sub(lambda found: found[1] or b"/", self._text[start:end])
                    self._text[start:end] = plain
                elif rounds > MAX_ROUNDS or not self._give_up(node, start + len(before) - 1):
                    self._blank(start, end, b"pass")
                    self.lost.append((start, end, ""))
                    break

    def _give_up(self, statement: Node, place: int) -> bool:
        """Gives up the smallest part around a byte that was not yet; False where all were."""
        path = [statement]
        while below := [n for n in path[-1].children if n.start_byte <= place < n.end_byte]:
            path.append(below[0])
        for around, node in reversed([*pairwise([statement, *path])]):
            kind, start = node.type, node.start_byte
            block = next((n for n in node.children if n.type == "block"), None)
            end = block.start_byte if block else node.end_byte
            if node.id in self._given or (kind, around.type) == ("string", "concatenated_string"):
                continue
            if kind in _EXPRESSIONS:
                self._spread(node)
            elif kind == "parameters":
                for one in node.children:
                    name = one.child_by_field_name("name")
                    if one.type.endswith("default_parameter") and name:
                        self._blank(name.end_byte, one.end_byte)
            elif block:
                other = b"" if kind.endswith("_clause") else b"if 1:"
                self._blank(start, end, _HEADERS.get(kind, other))
            else:
                continue
            self._given.add(node.id)
            self.lost.append((start, end, ""))
            return True
        return False

    def _spread(self, node: Node) -> None:
        """Leaves a tuple of the outermost expressions in one, where there is room for that."""
        start, end = node.start_byte, node.end_byte
        parts = [(n.start_byte, self._text[n.start_byte : n.end_byte]) for n in _parts(node)]
        self._blank(start, end, b"(", b")")
        if parts and start < parts[0][0] and parts[-1][0] + len(parts[-1][1]) < end:
            for at, text in parts:
                behind = at + len(text)
                self._text[at:behind] = text
                if self._text[behind] == ord(" "):
                    self._text[behind] = ord(",")


def _blocks(node: Node) -> Iterator[Node]:
    """The blocks of a statement."""
    for child in node.children:
        if child.type == "block":
            yield child
        elif child.type.endswith(("_clause", "_definition")):
            yield from _blocks(child)


def _parts(node: Node) -> list[Node]:
    """The outermost expressions in one."""
    found: list[Node] = []
    waiting = [(n, node) for n in reversed(node.children)]
    while waiting:
        part, around = waiting.pop()
        name = part.type == "identifier" and around.type not in _NO_EXPRESSION
        if part.is_named and (name or part.type in _EXPRESSIONS):
            found.append(part)
        else:
            waiting += [(n, part) for n in reversed(part.children)]
    return found


def _stands_whole(node: Node) -> bool:
    """Whether a piece of a broken region can be believed: statements without trouble, definitions.
    Its expressions may join what does not belong together."""
    if node.type in ("block", "decorated_definition") or node.type.endswith("_definition"):
        return True
    return node.type.endswith("_statement") and not node.has_error
