"""How rows are printed: aligned text, a JSON array, JSON lines or CSV, always UTF-8 on stdout."""

import csv
import datetime
import io
import itertools
import json
import math
import os
import sys
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

from codeanatomy.facts.errors import UsageError

if TYPE_CHECKING:
    import pyarrow as pa

ROWS_AT_ONCE = 1_000
_EXACT = 1 << 53  # JSON readers keep integers exact up to here
_HIDDEN = {
    code: f"\\x{code:02x}" if code < 256 else f"\\u{code:04x}"
    for code in (*range(32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
}


def print_rows(rows: "pa.Table", form: str, columns: tuple[str, ...] = ()) -> None:
    """All rows in the format; text shows the given columns, where `place` is path:line,
    `folder` a path that is never empty, and `chain` a way from caller to callee."""
    if form == "csv":
        parts = _csv(rows)
    elif form == "text":
        parts = iter([x + "\n" for x in _text(rows, columns or tuple(rows.schema.names))])
    else:
        parts = _json(rows, lines=form == "jsonl")
    while text := "".join(itertools.islice(parts, ROWS_AT_ONCE)):
        write(text)


def print_object(value: object, lines: bool = False) -> None:
    """One JSON object, indented or on one line."""
    import msgspec

    told = msgspec.to_builtins(value)
    write(json.dumps(told, indent=None if lines else 2, ensure_ascii=False) + "\n")


def print_told(value: object, form: str, lines: Iterable[str]) -> None:
    """What is no table: as JSON where that is asked for, else these lines."""
    if form == "json":
        print_object(value)
    else:
        write("".join(f"{clean(line)}\n" for line in lines))


def write(text: str) -> None:
    """Text on stdout; ends the process quietly when nobody reads any more."""
    try:
        click.echo(text.encode("utf-8", "replace"), nl=False)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.exceptions.Exit(0) from None
    except OSError as error:
        raise UsageError(f"the answer cannot be written: {error.strerror}") from error


def clean(text: str) -> str:
    """The text without characters that steer a terminal: names come from code nobody vouches
    for."""
    return text if text.isprintable() else text.translate(_HIDDEN)


def plain(value: object) -> object:
    """A value that JSON has."""
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, list):
        return [plain(v) for v in value]
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items()}
    return value


def _json(rows: "pa.Table", lines: bool) -> Iterator[str]:
    """The rows as JSON objects: ids, and all integers that JSON readers would round, as strings."""
    first, between, last = ("", "\n", "") if lines else ("[\n", ",\n", "]\n")
    ids = _text_columns(rows)
    for row in _rows(rows):
        told = {k: str(v) if k in ids and v is not None else plain(v) for k, v in row.items()}
        yield first + json.dumps(told, ensure_ascii=False)
        first = between
    yield "\n" + last if rows.num_rows else first + last


def _csv(rows: "pa.Table") -> Iterator[str]:
    cells = (map(_cell, row.values()) for row in _rows(rows))
    for values in itertools.chain([rows.schema.names], cells):
        line = io.StringIO()
        csv.writer(line, lineterminator="\n").writerow(values)
        yield line.getvalue()


def _rows(rows: "pa.Table") -> Iterator[dict[str, object]]:
    for batch in rows.to_batches(max_chunksize=ROWS_AT_ONCE):
        yield from batch.to_pylist(maps_as_pydicts="strict")


def _text(rows: "pa.Table", columns: tuple[str, ...]) -> list[str]:
    """Header and rows in aligned columns; numbers to the right; nothing at all for no rows."""
    import pyarrow as pa

    if not rows.num_rows:
        return []
    cells = [_column(rows, name) for name in columns]
    widths = [max(map(len, (name, *found))) for name, found in zip(columns, cells, strict=True)]
    t = pa.types
    numbers = {f.name for f in rows.schema if t.is_integer(f.type) or t.is_floating(f.type)}
    right = [name in numbers for name in columns]

    def line(values: tuple[str, ...]) -> str:
        padded = zip(values, widths, right, strict=True)
        return "  ".join(v.rjust(w) if r else v.ljust(w) for v, w, r in padded).rstrip()

    head = line(columns)
    if sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        head = click.style(head, bold=True)
    return [head, *map(line, zip(*cells, strict=True))]


def _column(rows: "pa.Table", name: str) -> list[str]:
    if name == "chain":
        return [clean(" -> ".join(chain)) for chain in rows[name].to_pylist()]
    if name == "folder":
        return [clean(path or ".") for path in rows["path"].to_pylist()]
    if name != "place":
        return [clean(_cell(v)) for v in rows[name].to_pylist(maps_as_pydicts="strict")]
    pairs = zip(rows["path"].to_pylist(), rows["line"].to_pylist(), strict=True)
    return [clean(f"{path}:{line}" if path else "external") for path, line in pairs]


def _cell(value: object) -> str:
    value = plain(value)
    if value is None:
        return ""
    if isinstance(value, list):
        return ", ".join(_cell(v) for v in value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return json.dumps(value) if isinstance(value, dict) else str(value)


def _text_columns(rows: "pa.Table") -> set[str]:
    """Names of the integer columns that JSON shows as text: ids, and what is too large for it."""
    import pyarrow as pa

    from codeanatomy.query.tables import is_id

    return {
        field.name
        for field, column in zip(rows.schema, rows.columns, strict=True)
        if pa.types.is_integer(field.type)
        and (is_id(field) or any(abs(x or 0) > _EXACT for x in column.to_pylist()))
    }
