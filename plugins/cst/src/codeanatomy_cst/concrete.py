"""LibCST's concrete syntax of a text: its tokens, and where its nodes stand among them.

LibCST writes code out token by token; the state that it hands to every node while it does so is
ours, and notes at which token each node begins and ends, with and without its trivia. That state is
no public part of LibCST, so its version is pinned.
"""

import contextlib
from collections.abc import Iterator

import libcst
from libcst._nodes.internal import CodegenState

from codeanatomy.extract.parse import deep

CODE_DEPTH = 12_000  # frames while code is written out: two for a node in a node, and some more
Place = tuple[int, int]  # numbers of a node's first token and of the one after its last

_BLANKS = (libcst.SimpleWhitespace, libcst.Newline, libcst.Comment, libcst.TrailingWhitespace)


class Refused(Exception):
    """LibCST does not read the text, or writes out another one; line and column count from 1."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.line, self.column = line, column


class Concrete(CodegenState):
    """The tokens of a text (some are empty), and each node's place in them, whole and without its
    trivia. Nodes in their order of leaving: children first."""

    def __init__(self, module: libcst.Module) -> None:
        super().__init__(module.default_indent, module.default_newline)
        self.module = module
        self.nodes: list[libcst.CSTNode] = []
        self.whole: dict[int, Place] = {}  # by id of the node
        self.own: dict[int, Place] = {}
        self._begun: list[int] = []

    def before_codegen(self, node: libcst.CSTNode) -> None:
        """Called by each node before it adds its tokens."""
        self._begun.append(len(self.tokens))

    def after_codegen(self, node: libcst.CSTNode) -> None:
        """Called by each node after it has added its tokens."""
        start = self._begun.pop()
        if node.__class__ not in _BLANKS:
            self.nodes.append(node)
            self.whole[id(node)] = place = (start, len(self.tokens))
            self.own.setdefault(id(node), place)

    @contextlib.contextmanager
    def record_syntactic_position(
        self,
        node: libcst.CSTNode,
        *,
        start_node: libcst.CSTNode | None = None,
        end_node: libcst.CSTNode | None = None,
    ) -> Iterator[None]:
        """Called by a node around those of its tokens that are not trivia."""
        start = len(self.tokens)
        yield
        if start_node is not None:
            start = self.own[id(start_node)][0]
        # like ast, what ends with a small statement ends with the semicolon behind it
        last = getattr(end_node, "semicolon", None)
        end_node = last if isinstance(last, libcst.Semicolon) else end_node
        end = len(self.tokens) if end_node is None else self.own[id(end_node)][1]
        self.own[id(node)] = (start, end)


def read(text: str) -> Concrete:
    """The text's concrete syntax. Refused where there is none that has exactly this text,
    RecursionError where it is nested too deeply."""
    try:
        module = libcst.parse_module(text)
    except libcst.ParserSyntaxError as error:
        raise Refused(error.message, error.raw_line, error.raw_column + 1) from error
    found = Concrete(module)
    with deep(CODE_DEPTH):
        module._codegen(found)
    if "".join(found.tokens) != text:
        raise Refused("the code that LibCST writes for this file is not the file's")
    return found
