"""One shared parse of a file: its tree, or the problem that says why there is none."""

import ast
import contextlib
import re
import sys
import warnings
from collections.abc import Iterator

from codeanatomy.extract.decoding import BOM, Offsets, declared_encoding, line_starts, utf8_of
from codeanatomy.extract.witness import Source, trouble
from codeanatomy.facts.tables.trouble import FileProblem

WITNESS = "ast"
# Frames of the interpreter while it makes a tree: three C frames each, about 200 bytes of the C
# stack; more than compiling the same file takes, so that what compiles is also read.
PARSE_DEPTH = 3_000
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{7,}")
REFUSALS = (SyntaxError, LookupError, ValueError, OverflowError, MemoryError, RecursionError)
# code of a problem, by the errors that always are one or by what the message says
_CODES: tuple[tuple[str, tuple[type[Exception], ...], str], ...] = (
    ("nul-byte", (), "null byte"),
    ("too-deep", (MemoryError, RecursionError), "too many nested|too complex"),
    ("encoding-unknown", (LookupError,), "unknown encoding|encoding problem|not a text encoding"),
    ("decode-error", (UnicodeError,), r"codec can't (de|en)code|\(unicode error\) 'utf-8'"),
)


@contextlib.contextmanager
def deep(frames: int) -> Iterator[None]:
    """So many frames of the interpreter at least."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, frames))
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def parse(content: bytes, known: FileProblem | None = None) -> Source:
    """The file's tree, or None and the problem; warnings of the parser are not reported. What has a
    known problem is not parsed."""
    source = Source(content, None, known, content)
    try:
        source.utf8, source.origin = utf8_of(content)
        if known is None:
            with deep(PARSE_DEPTH), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                tree = compile(content, "<source>", "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
            assert isinstance(tree, ast.Module)
            source.tree = tree
    except REFUSALS as error:
        source.error = known or refusal(error, source)
    return source


def refusal(error: Exception, source: Source, witness: str = WITNESS) -> FileProblem:
    """The problem of a file that the parser refused, or for another witness the compiler, which
    counts columns in bytes."""
    written = error.msg if isinstance(error, SyntaxError) else str(error)
    message = _ADDRESS.sub("0x?", written) or "nested more deeply than the parser can read"
    told = (c for c, kind, text in _CODES if isinstance(error, kind) or re.search(text, message))
    compiling = witness != WITNESS
    code = next(told, "compile-error" if compiling else "syntax-error")
    content, utf8, origin = source.content, source.utf8, source.origin
    if code == "nul-byte":
        at = content.index(b"\0") if b"\0" in content else 0
        line = int((line_starts(content[:at])[1:] <= at).sum())
        return trouble(witness, code, message, bstart=at, bend=at + 1, line=line)
    starts = line_starts(utf8)
    if not isinstance(error, SyntaxError) or not 0 < (line := error.lineno or 0) < len(starts):
        return trouble(witness, code, message)
    # before 3.12 the parser counts bytes where neither a cookie nor a mark tells the encoding
    told_apart = declared_encoding(content) or content.startswith(BOM)
    bytewise = compiling or (sys.version_info < (3, 12) and not told_apart)
    bstart = _byte(utf8, starts, line, error.offset, bytewise)
    bend = max(bstart, _byte(utf8, starts, error.end_lineno or line, error.end_offset, bytewise))
    if origin is not None:
        bstart, bend = int(origin[bstart]), int(origin[bend])
    return trouble(witness, code, message, bstart=bstart, bend=bend, line=line)


def _byte(utf8: bytes, starts: Offsets, line: int, offset: int | None, bytewise: bool) -> int:
    """The byte of the text at a line and a 1-based column of it, kept inside that line."""
    line = min(line, len(starts) - 1)
    begin = int(starts[line])
    end = int(starts[line + 1]) if line + 1 < len(starts) else len(utf8)
    column = max((offset or 1) - 1, 0)
    if bytewise:
        return min(begin + column, end)
    before = utf8[begin:end].decode("utf-8", "replace")[:column]
    return min(begin + len(before.encode("utf-8")), end)
