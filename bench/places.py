"""Where the functions of a file stand, by Python's own parser: no word of our graph is used."""

import ast
from bisect import bisect_right
from collections.abc import Iterable
from typing import NamedTuple

MODULE = -1  # the owner of what stands in no function
INLINE = {
    ast.ListComp: "<listcomp>",
    ast.SetComp: "<setcomp>",
    ast.DictComp: "<dictcomp>",
    ast.GeneratorExp: "<genexpr>",
}
Function = ast.FunctionDef | ast.AsyncFunctionDef


class Span(NamedTuple):
    """Bytes of a file, end exclusive."""

    bstart: int
    bend: int


class Source:
    """A parsed file. Functions are known by the byte at which `def` or `lambda` begins; class
    bodies and comprehensions belong to the function around them."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.starts = [0]
        for line in content.splitlines(keepends=True):
            self.starts.append(self.starts[-1] + len(line))
        self.mark = 3 if content.startswith(b"\xef\xbb\xbf") else 0
        self.tree = ast.parse(content)
        self.owner: dict[int, int] = {}  # of each function and class
        self.names: dict[int, str] = {MODULE: "<module>"}
        self.bodies: dict[tuple[int, str], list[int]] = {(1, "<module>"): [MODULE]}
        self.functions: set[tuple[int, str]] = set()  # those keys of `bodies` that can be called
        self.lines: dict[int, tuple[int, int]] = {}  # of each def
        self.name_at: dict[int, int] = {}  # the name's token of each def and class
        self._walk(self.tree.body, MODULE)

    def byte(self, line: int, column: int) -> int:
        """Offset of a place as `ast` gives it: line from 1, column in bytes of UTF-8."""
        return self.starts[line - 1] + column + (self.mark if line == 1 else 0)

    def span(self, node: ast.expr | ast.stmt) -> Span:
        """The bytes of a node."""
        end = self.byte(node.end_lineno or node.lineno, node.end_col_offset or 0)
        return Span(self.byte(node.lineno, node.col_offset), end)

    def line(self, byte: int) -> int:
        """The line, from 1, in which a byte lies."""
        return bisect_right(self.starts, byte)

    def text(self, line: int) -> str:
        """A line without the blanks around it."""
        return (
            self.content[self.starts[line - 1] : self.starts[line]]
            .decode("utf8", "replace")
            .strip()
        )

    def character(self, byte: int) -> tuple[int, int]:
        """Line from 1 and column in characters."""
        line = self.line(byte)
        start = self.starts[line - 1] + (self.mark if line == 1 else 0)
        return line, len(self.content[start:byte].decode("utf8", "replace"))

    def at(self, line: int, column: int) -> int:
        """Offset of a place in characters."""
        start = self.starts[line - 1] + (self.mark if line == 1 else 0)
        text = self.content[start : self.starts[line]].decode("utf8", "replace")
        return start + len(text[:column].encode())

    def owners(self, line: int, qualified: str) -> list[int]:
        """The functions that a code object belongs to: its first line, and its qualified name."""
        return self.bodies.get((line, qualified.rpartition(".")[2]), [])

    def around(self, line: int) -> int:
        """The innermost def that the line lies in."""
        inside = [start for start, (a, b) in self.lines.items() if a <= line <= b]
        return max(inside, default=MODULE)

    def _walk(self, nodes: Iterable[ast.AST | None], owner: int) -> None:
        for node in nodes:
            if isinstance(node, Function):
                own = self._begin(node, node.name, owner, node.decorator_list)
                self.lines[own] = (node.lineno, node.end_lineno or node.lineno)
                self.name_at[own] = self.content.index(node.name.encode(), own + 3)
                self._walk([*node.decorator_list, node.args, node.returns], owner)
                self._walk(node.body, own)
            elif isinstance(node, ast.Lambda):
                own = self._begin(node, "<lambda>", owner, [])
                self._walk([node.args], owner)
                self._walk([node.body], own)
            elif isinstance(node, ast.ClassDef):
                start = self.byte(node.lineno, node.col_offset)
                self.owner[start] = owner
                self.name_at[start] = self.content.index(node.name.encode(), start + 5)
                self._body(node.lineno, node.name, owner, node.decorator_list)
                self._walk(ast.iter_child_nodes(node), owner)
            elif node is not None:
                if isinstance(node, ast.expr) and type(node) in INLINE:
                    self._body(node.lineno, INLINE[type(node)], owner, [])
                self._walk(ast.iter_child_nodes(node), owner)

    def _begin(
        self, node: Function | ast.Lambda, name: str, owner: int, decorators: list[ast.expr]
    ) -> int:
        start = self.byte(node.lineno, node.col_offset)
        self.owner[start] = owner
        self.names[start] = name
        self.functions.add(self._body(node.lineno, name, start, decorators))
        return start

    def _body(
        self, line: int, name: str, owner: int, decorators: list[ast.expr]
    ) -> tuple[int, str]:
        key = (min([line, *(d.lineno for d in decorators)]), name)
        self.bodies.setdefault(key, []).append(owner)
        return key
