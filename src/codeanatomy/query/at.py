"""What stands at a place of a file: the innermost things, and what they mean."""

from pathlib import PurePosixPath

import pyarrow as pa

from codeanatomy.facts.errors import UsageError
from codeanatomy.facts.ids import HIGH_MASK, LOW_MASK
from codeanatomy.query.resolve_name import ends_as, listed
from codeanatomy.query.tables import Tables

_TOLD = "s.is_named OR l.kind IS NOT NULL OR s.reason IS NOT NULL"


def at(tables: Tables, path: str, line: int, column: int | None = None) -> pa.Table:
    """Rows of a node and one thing it leads to.

    With a column (1-based, in characters): everything that covers the place, innermost first.
    Without: the names, calls and definitions that start on the line; if none starts there, what
    covers its first character. Raises UsageError for a file or line that the graph does not have.
    """
    file_id, content = file_of(tables, path)
    text = source_of(tables, content)
    lines = text.splitlines(keepends=True)  # universal newlines, as Python reads a file
    if not 1 <= line <= len(lines):
        raise UsageError(f"{path} has no line {line}; it ends before")
    line_text = lines[line - 1].rstrip(b"\r\n").decode("utf-8", "replace")
    first = len(line_text) - len(line_text.lstrip()) + 1
    before = line_text[: (first if column is None else column) - 1]
    if column is not None and not 1 <= column <= len(line_text) + 1:
        raise UsageError(f"{path}:{line} has no column {column}; columns count from 1")
    offset = sum(map(len, lines[: line - 1])) + len(before.encode("utf-8", "replace"))
    starts = (f"s.line = {line}", _TOLD, "")
    covers = (f"s.bstart <= {offset} AND s.bend > {offset}", "true", "s.bend - s.bstart,")
    within = {"file_id": file_id, "low": file_id & HIGH_MASK, "high": file_id | LOW_MASK}
    for place, kept, order in [starts, covers] if column is None else [covers]:
        rows = tables.asked("linked", {}, place=place, kept=kept, order=order, **within)
        if rows.num_rows:
            break
    return _with_text(rows, text)


def source_of(tables: Tables, content: str) -> bytes:
    """The source text of a content hash; nothing where it was not kept."""
    found = tables.sql(f"SELECT text FROM texts WHERE content = '{content}'")["text"].to_pylist()
    return bytes(found[0]) if found else b""


def lines_of(tables: Tables, places: pa.Table) -> list[str]:
    """The line of source of each row, by its `content` and `line`; "" where there is none."""
    contents, numbers = places["content"].to_pylist(), places["line"].to_pylist()
    lines = {content: source_of(tables, content).splitlines() for content in {*contents} - {None}}
    return [
        b"".join(lines[content][line - 1 : line]).decode("utf-8", "replace").strip()
        if content
        else ""
        for content, line in zip(contents, numbers, strict=True)
    ]


def file_of(tables: Tables, path: str) -> tuple[int, str]:
    """Id and content hash of the file that the path means."""
    asked = str(PurePosixPath(path))
    named = ends_as("path", asked)
    found = tables.sql(f"SELECT * FROM files WHERE {named} ORDER BY path").to_pylist()
    exact = [f for f in found if f["path"] == asked] or found
    if not exact:
        raise UsageError(
            f"no file {path!r} in this graph; give its path relative to the repository, "
            "as in `codeanatomy query 'SELECT path FROM files'`"
        )
    if len(exact) > 1:
        head = f"{path!r} may mean any of {len(exact)} files:"
        raise UsageError(listed(head, [f["path"] for f in exact]))
    return exact[0]["file_id"], exact[0]["content"]


def _with_text(rows: pa.Table, text: bytes) -> pa.Table:
    """The rows with the column where each begins and the first line of its text."""
    columns, texts = [], []
    for bstart, bend in zip(rows["bstart"].to_pylist(), rows["bend"].to_pylist(), strict=True):
        line_start = max(text.rfind(b"\n", 0, bstart), text.rfind(b"\r", 0, bstart)) + 1
        columns.append(len(text[line_start:bstart].decode("utf-8", "replace")) + 1)
        first, *_ = [*text[bstart:bend].decode("utf-8", "replace").splitlines(), ""]
        texts.append(first[:80])
    rows = rows.add_column(3, "column", pa.array(columns, pa.int32()))
    return rows.add_column(4, "text", pa.array(texts, pa.string()))
