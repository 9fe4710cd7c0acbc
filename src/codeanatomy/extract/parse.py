"""One shared parse of a file: its tree, or the problem that says why there is none."""

import ast
import re
import sys
import warnings

from codeanatomy.extract.decoding import BOM, Offsets, declared_encoding, line_starts, utf8_of
from codeanatomy.extract.witness import Source, trouble
from codeanatomy.facts.tables.trouble import FileProblem

WITNESS = "ast"
# Frames of the interpreter while it makes a tree: three C frames each, about 200 bytes of the C
# stack; more than compiling the same file takes, so that what compiles is also read.
PARSE_DEPTH = 3_000
_ADDRESS = re.compile(r"0x[0-9a-fA-F]{7,}")
_UNKNOWN_ENCODING = ("unknown encoding", "encoding problem", "is not a text encoding")
_UNDECODABLE = ("codec can't decode", "codec can't encode", "(unicode error) 'utf-8'")


def parse(content: bytes) -> Source:
    """The file's tree, or None and the problem; warnings of the parser are not reported."""
    try:
        utf8, origin = utf8_of(content)
    except LookupError as error:
        return _failed(content, trouble(WITNESS, "encoding-unknown", str(error)))
    except UnicodeError as error:
        return _failed(content, trouble(WITNESS, "decode-error", str(error)))
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(max(before, PARSE_DEPTH))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = compile(content, "<source>", "exec", ast.PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError as error:
        return Source(content, None, _refusal(error, content, utf8, origin), utf8, origin)
    except (MemoryError, RecursionError) as error:
        message = str(error) or "nested more deeply than the parser can read"
        return Source(content, None, trouble(WITNESS, "too-deep", message), utf8, origin)
    except (ValueError, OverflowError) as error:
        code = "nul-byte" if b"\0" in content else "syntax-error"
        return Source(content, None, trouble(WITNESS, code, str(error)), utf8, origin)
    finally:
        sys.setrecursionlimit(before)
    assert isinstance(tree, ast.Module)
    return Source(content, tree, None, utf8, origin)


def _failed(content: bytes, problem: FileProblem) -> Source:
    return Source(content, None, problem, content, None)


def _refusal(
    error: SyntaxError, content: bytes, utf8: bytes, origin: Offsets | None
) -> FileProblem:
    message = _ADDRESS.sub("0x?", error.msg or "invalid syntax")
    code = "syntax-error"
    if "null byte" in message:
        code = "nul-byte"
    elif any(text in message for text in _UNKNOWN_ENCODING):
        code = "encoding-unknown"
    elif any(text in message for text in _UNDECODABLE):
        code = "decode-error"
    elif "too many nested" in message or "too complex" in message:
        code = "too-deep"
    if code == "nul-byte":
        at = content.index(b"\0") if b"\0" in content else 0
        line = int((line_starts(content[:at])[1:] <= at).sum())
        return trouble(WITNESS, code, message, bstart=at, bend=at + 1, line=line)
    starts = line_starts(utf8)
    line = error.lineno or 0
    if not 0 < line < len(starts):
        return trouble(WITNESS, code, message)
    # before 3.12 the parser counts bytes where neither a cookie nor a mark tells the encoding
    bytewise = sys.version_info < (3, 12) and not (
        declared_encoding(content) or content.startswith(BOM)
    )
    bstart = _byte(utf8, starts, line, error.offset, bytewise)
    bend = _byte(utf8, starts, error.end_lineno or line, error.end_offset, bytewise)
    bend = max(bstart, bend)
    if origin is not None:
        bstart, bend = int(origin[bstart]), int(origin[bend])
    return trouble(WITNESS, code, message, bstart=bstart, bend=bend, line=line)


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
