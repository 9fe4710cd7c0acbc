"""The tree-sitter witness: what can be read of files that CPython's parser refuses."""

import ast
import re

import msgspec
import numpy as np
import pyarrow as pa
import tree_sitter_python
from tree_sitter import Language, Parser

from codeanatomy.extract import comments, from_ast
from codeanatomy.extract.decoding import line_starts
from codeanatomy.extract.scopes import Scopes
from codeanatomy.extract.tolerant.reader import MAX_ROWS, Reader
from codeanatomy.extract.tolerant.regions import extras, mended, problems
from codeanatomy.extract.witness import Extractor, Source, trouble, trouble_table
from codeanatomy.facts.schema import table_name
from codeanatomy.facts.tables.trouble import FileProblem

WITNESS = "treesitter"
FEW_CONTROLS = 10  # control characters that any text survives
MAX_CONTROLS = 0.02  # share of them in a text
TABLES: tuple[type[msgspec.Struct], ...] = (*from_ast.TABLES, FileProblem)

_LANGUAGE = Language(tree_sitter_python.language())
_CONTROLS = bytes([*range(9), *range(14, 32), 127])
# lines that hold nothing but a continuation take the grammar's scanner quadratic time
_CONTINUED = re.compile(rb"(?:\\\r?\n[ \t\f]*){50,}")
_LONE_CR = re.compile(rb"\r(?!\n)")


class TreeSitterCollector:
    """Reads one file after the other into a tree for the `ast` witness's collector, and makes the
    tables of the batch from its. In a file with broken regions a binding may be hidden."""

    def __init__(self) -> None:
        self._parser = Parser(_LANGUAGE)
        self._trees = from_ast.AstCollector()
        self._broken: list[bool] = []
        self._comments: list[tuple[int, int, int]] = []
        self._problems: list[tuple[int, FileProblem]] = []

    def add(self, ordinal: int, source: Source) -> bool:
        """True for every file without a tree."""
        if source.tree is not None:
            return False
        utf8, origin, lines = source.utf8, source.origin, line_starts(source.utf8)
        binary = _is_binary(utf8)
        text = b"" if binary else _readable(utf8)
        text, root, blanked = mended(self._parser, text, _suspect(source))
        reader = Reader(text, lines.tolist())
        tree = reader.read(root)
        if not self._trees.add(ordinal, Source(source.content, tree, None, utf8, origin)):
            self._trees.add(ordinal, Source(source.content, ast.Module([], []), None, utf8, origin))
            reader.deep = True
        notes, regions = extras(root)
        regions += blanked
        self._comments += [(len(self._broken), *note) for note in notes]
        self._broken.append(bool(regions) or reader.cut or reader.deep)
        found = problems(WITNESS, regions, utf8, lines, origin)
        if binary:
            found = [trouble(WITNESS, "syntax-region", "no text", bend=len(source.content), line=1)]
        if reader.cut:
            message = f"only the first {MAX_ROWS:,} parts of the file were read"
            found.append(trouble(WITNESS, "too-large", message))
        if reader.deep:
            found.append(trouble(WITNESS, "too-deep", "what nests too deeply was not read"))
        self._problems += [(ordinal, problem) for problem in found]
        return True

    def finish(self) -> dict[str, pa.Table]:
        """The tables of `TABLES`."""
        forest = self._trees.forest(self._broken)
        tables = self._trees.tables(forest, Scopes(forest))
        file, start, end = np.array(self._comments, np.int64).reshape(-1, 3).T
        base = forest.base[file]
        tables |= comments.comment_table(forest, base + start, base + end)
        return tables | {table_name(FileProblem): trouble_table(self._problems)}


def _is_binary(content: bytes) -> bool:
    """Whether so much is control characters that what looks like names would mean nothing."""
    controls = len(content) - len(content.translate(None, _CONTROLS))
    return controls > FEW_CONTROLS and controls > len(content) * MAX_CONTROLS


def _readable(utf8: bytes) -> bytes:
    """The text at the same offsets, with line ends that the grammar knows, question marks for what
    is no UTF-8, and no NUL bytes."""
    text = utf8.replace(b"\0", b" ").decode("utf-8", "surrogateescape").encode("utf-8", "replace")
    if b"\\" in text:
        text = _CONTINUED.sub(lambda found: b" " * len(found.group()), text)
    return _LONE_CR.sub(b"\n", text) if b"\r" in text else text


def _suspect(source: Source) -> int | None:
    """The byte of the text where CPython's parser met its error."""
    error, origin = source.error, source.origin
    if error is None or not error.line:
        return None
    return error.bstart if origin is None else int(np.searchsorted(origin, error.bstart))


EXTRACTOR = Extractor(WITNESS, 2, 20, TABLES, TreeSitterCollector)
