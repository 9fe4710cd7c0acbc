"""What stands at a place of a file: the innermost things, and what they mean."""

from pathlib import PurePosixPath

import numpy as np
import pyarrow as pa

from codeanatomy.facts.errors import UsageError
from codeanatomy.facts.ids import HIGH_MASK, LOW_MASK
from codeanatomy.query.resolve_name import listed
from codeanatomy.query.tables import Tables

_LINKS = "('REF', 'CALL', 'IMPORTS', 'INHERITS_FROM', 'DECORATED_BY')"
_NAMED = "('METHOD', 'TYPE_DECL', 'NAMESPACE_BLOCK', 'METHOD_PARAMETER_IN', 'LOCAL', 'IMPORT')"


def at(tables: Tables, path: str, line: int, column: int | None = None) -> pa.Table:
    """Rows of a node and one thing it leads to.

    With a column (1-based, in characters): everything that covers the place, innermost first.
    Without: the names, calls and definitions that start on the line; if none starts there, what
    covers its first character. Raises UsageError for a file or line that the graph does not have.
    """
    file_id, content = _file(tables, path)
    text = _text(tables, content)
    start, end = _line(text, path, line)
    raw = text[start:end]
    if column is None:
        rows = _linked(tables, file_id, f"s.line = {line}")
        rows = [r for r in rows if r["relation"] or r["reason"] or r["is_named"]]
        if not rows:
            offset = start + len(raw) - len(raw.lstrip())
            rows = _covering(tables, file_id, offset)
    else:
        before = raw.decode("utf-8", "replace")[: column - 1]
        if not 1 <= column <= len(raw.decode("utf-8", "replace")) + 1:
            raise UsageError(f"{path}:{line} has no column {column}; columns count from 1")
        rows = _covering(tables, file_id, start + len(before.encode("utf-8", "replace")))
    return pa.Table.from_pylist([_row(r, text) for r in rows], schema=AT_ROWS)


AT_ROWS = pa.schema(
    [
        pa.field("kind", pa.string()),
        pa.field("name", pa.string()),
        pa.field("line", pa.int32()),
        pa.field("column", pa.int32()),
        pa.field("text", pa.string()),
        pa.field("relation", pa.string()),
        pa.field("target", pa.string()),
        pa.field("target_path", pa.string()),
        pa.field("target_line", pa.int32()),
        pa.field("certainty", pa.string()),
        pa.field("reason", pa.string()),
        pa.field("bstart", pa.int64()),
        pa.field("bend", pa.int64()),
    ]
)


def _file(tables: Tables, path: str) -> tuple[int, str]:
    """Id and content hash of the file that the path means."""
    asked = str(PurePosixPath(path)).replace("'", "''")
    found = tables.sql(
        "SELECT path, file_id, content FROM files "
        f"WHERE path = '{asked}' OR ends_with(path, '/{asked}') ORDER BY path"
    ).to_pylist()
    exact = [f for f in found if f["path"] == str(PurePosixPath(path))] or found
    if len(exact) == 1:
        return exact[0]["file_id"], exact[0]["content"]
    if not exact:
        raise UsageError(
            f"no file {path!r} in this graph; give its path relative to the repository, "
            "as in `codeanatomy query 'SELECT path FROM files'`"
        )
    head = f"{path!r} may mean any of {len(exact)} files:"
    raise UsageError(listed(head, [f["path"] for f in exact]))


def _text(tables: Tables, content: str) -> bytes:
    found = tables.sql(f"SELECT text FROM texts WHERE content = '{content}'")["text"].to_pylist()
    return bytes(found[0]) if found else b""


def _line(text: bytes, path: str, line: int) -> tuple[int, int]:
    """Byte offsets of a line without its end; universal newlines, as Python reads a file."""
    offset = 0
    for number, content in enumerate(text.splitlines(keepends=True), 1):
        if number == line:
            return offset, offset + len(content.rstrip(b"\r\n"))
        offset += len(content)
    raise UsageError(f"{path} has no line {line}; it ends before")


def _covering(tables: Tables, file_id: int, offset: int) -> list[dict[str, object]]:
    return _linked(
        tables, file_id, f"s.bstart <= {offset} AND s.bend > {offset}", "s.bend - s.bstart, "
    )


def _linked(tables: Tables, file_id: int, where: str, order: str = "") -> list[dict[str, object]]:
    """Nodes of the file that the condition keeps, each with every thing it leads to."""
    low = file_id & HIGH_MASK
    inside = f"BETWEEN {low} AND {low | LOW_MASK}"
    nodes = tables.sql(
        f"""
        SELECT n.node_id, n.kind, n.name, n.qualified_name, n.kind IN {_NAMED} AS is_named,
               s.bstart, s.bend, s.line, u.reason
        FROM (SELECT * FROM spans WHERE node_id {inside} AND file_id = {file_id}) s
        JOIN (SELECT * FROM nodes WHERE node_id {inside} AND kind <> 'FILE') n
          ON n.node_id = s.node_id
        LEFT JOIN (SELECT node_id, min(reason) AS reason FROM unresolved GROUP BY node_id) u
          ON u.node_id = n.node_id
        WHERE {where}
        """
    )
    ids = nodes["node_id"].to_numpy()
    edges = tables.lookup(
        "edges", "src", ids, "t.src, t.dst, t.kind, t.certainty", f"t.kind IN {_LINKS}"
    )
    ends = edges["dst"].to_numpy() if edges.num_rows else np.array([], np.int64)
    named = tables.lookup("nodes", "node_id", ends, "t.node_id, t.name, t.qualified_name")
    places = tables.lookup("spans", "node_id", ends, "t.node_id, t.file_id, t.line")
    rows: list[dict[str, object]] = tables.sql_with(
        {"here": nodes, "links": edges, "named": named, "places": places},
        f"""
        SELECT s.kind, coalesce(s.qualified_name, s.name) AS name, s.is_named, s.bstart, s.bend,
               s.line, s.reason, l.kind AS relation, l.certainty,
               coalesce(t.qualified_name, t.name) AS target, f.path AS target_path,
               p.line AS target_line
        FROM here s
        LEFT JOIN links l ON l.src = s.node_id
        LEFT JOIN named t ON t.node_id = l.dst
        LEFT JOIN places p ON p.node_id = l.dst
        LEFT JOIN files f ON f.file_id = p.file_id
        ORDER BY {order} s.bstart, s.bend, s.kind, s.node_id, relation, target
        """,
    ).to_pylist()
    return rows


def _row(row: dict[str, object], text: bytes) -> dict[str, object]:
    bstart, bend = int(str(row["bstart"])), int(str(row["bend"]))
    line_start = max(text.rfind(b"\n", 0, bstart), text.rfind(b"\r", 0, bstart)) + 1
    first = text[bstart:bend].decode("utf-8", "replace").splitlines()
    return {
        **{field.name: row.get(field.name) for field in AT_ROWS},
        "column": len(text[line_start:bstart].decode("utf-8", "replace")) + 1,
        "text": (first[0] if first else "")[:80],
    }
