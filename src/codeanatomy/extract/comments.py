"""The comments of a batch: every `#` that stands outside string literals, the first of its line."""

import contextlib
import io
import re
import sys
import tokenize

import numpy as np
import pyarrow as pa

from codeanatomy.extract.columns import Column, constant, safe, table
from codeanatomy.extract.forest import Forest, Ints, kinds
from codeanatomy.extract.keys import comment_keys, grouped, ordinals
from codeanatomy.facts.tables.syntax import Comment

# one string literal without pieces: no comment can stand inside it
_ONE_PIECE = re.compile(
    rb"""(?i:[rbuft]{0,2})(?:"{3}(?:[^"\\]|\\.|"(?!""))*"{3}|'{3}(?:[^'\\]|\\.|'(?!''))*'{3}"""
    rb"""|"(?!"")(?:[^"\\]|\\.)*"|'(?!'')(?:[^'\\]|\\.)*')""",
    re.DOTALL,
)
_LONE_CR = re.compile(rb"\r(?!\n)")
_PLAIN = re.compile(rb"(?i:[rbu]{0,2})['\"]")  # a literal that cannot hold expressions
_NESTING = sys.version_info >= (3, 12)  # expressions of f-strings may hold comments (PEP 701)
_STRINGS = kinds("JoinedStr", "TemplateStr")


def comments(forest: Forest) -> dict[str, pa.Table]:
    """The comment table."""
    base = _bases(forest)
    starts, ends = _literals(forest)
    joined = b"\n".join([*(t.utf8 for t in forest.texts), b""])
    marks = np.flatnonzero(np.frombuffer(joined, np.uint8) == ord("#"))
    if len(starts):
        literal = np.maximum(np.searchsorted(starts, marks, "right") - 1, 0)
        inside = (marks >= starts[literal]) & (marks < ends[literal])
        held = dict.fromkeys(literal[inside].tolist())
        extra = [at for i in held for at in _in_literal(joined, int(starts[i]), int(ends[i]))]
        marks = np.sort(np.concatenate((marks[~inside], np.array(extra, np.int64))))
    lines = _line_starts(forest)
    line, first, _ = grouped(np.searchsorted(lines, marks, "right"))
    marks, stops = marks[first], np.append(lines, len(joined))[line]
    file = np.searchsorted(base, marks, "right") - 1
    before = np.cumsum([0, *(len(t.lines) - 1 for t in forest.texts)])[file]
    start = marks - base[file]
    end = [
        start + len(joined[at:stop].partition(b"\n")[0].partition(b"\r")[0])
        for start, at, stop in zip(start.tolist(), marks.tolist(), stops.tolist(), strict=True)
    ]
    found = zip(file.tolist(), start.tolist(), end, (line - before).tolist(), strict=True)
    return comment_table(forest, list(found))


def comment_table(forest: Forest, found: list[tuple[int, int, int, int]]) -> dict[str, pa.Table]:
    """The comment table of these (file, start, end, line), in order. parent is the body of the
    definition around it; a comment at the end of a definition's last line belongs to it."""
    file, start, end, line = np.array(found, np.int64).reshape(-1, 4).T
    texts = [safe(forest.texts[f].utf8[s:e].decode("utf-8", "replace")) for f, s, e, _ in found]
    owner = _around(forest, file, start)
    bodies = forest.definition_bodies[owner]
    columns: dict[str, Column] = {
        "file": forest.ordinal[file],
        "node": comment_keys(owner, forest.definition_keys[owner], texts),
        "parent": bodies,
        "container": bodies,
        "construct": constant("Comment", len(found)),
        "role": constant("", len(found)),
        "position": ordinals(owner),
        "bstart": forest.place(file, start),
        "bend": forest.place(file, end),
        "line": line,
        "text": texts,
    }
    return table(Comment, columns)


def _literals(forest: Forest) -> tuple[Ints, Ints]:
    """Starts and ends of the outermost string literals in source order, in the joined texts."""
    constants = forest.rows(kinds("Constant"))
    written = np.fromiter(
        map({str, bytes}.__contains__, map(type, forest.columns.values)),
        np.bool_,
        len(constants),
    )
    rows = np.sort(np.concatenate((constants[written], forest.rows(_STRINGS))))
    base = _bases(forest)
    start = base[forest.file[rows]] + forest.start[rows]
    end = base[forest.file[rows]] + forest.end[rows]
    order = np.lexsort((-end, start))
    start, end = start[order], end[order]
    outermost = end > np.maximum.accumulate(np.append(0, end))[:-1]
    return start[outermost], end[outermost]


def _in_literal(utf8: bytes, start: int, end: int) -> list[int]:
    """Where comments stand between the pieces of a literal (or, from 3.12, in its expressions)."""
    piece = utf8[start:end]
    nesting = _NESTING and not _PLAIN.match(piece)
    if not nesting and _ONE_PIECE.fullmatch(piece):
        return []
    piece = _LONE_CR.sub(b"\n", piece)
    try:
        encoding, text = "utf-8", f"({piece.decode('utf-8')}\n)"
    except UnicodeDecodeError:  # only comments may hold such bytes
        encoding, text = "latin-1", f"({piece.decode('latin-1')}\n)"
    lines = io.StringIO(text, newline="").readlines()
    offsets = np.cumsum([0, *(len(line) for line in lines)])
    found: list[int] = []
    tokens = tokenize.generate_tokens(iter(lines).__next__)
    # what was found before the tokenizer gives up still holds
    with contextlib.suppress(tokenize.TokenError, SyntaxError):
        found.extend(
            int(offsets[token.start[0] - 1]) + token.start[1]
            for token in tokens
            if token.type == tokenize.COMMENT
        )
    return [start - 1 + len(text[:at].encode(encoding)) for at in found]


def _around(forest: Forest, files: Ints, offsets: Ints) -> Ints:
    """Numbers of the innermost definitions around places; a def or class reaches to the end of its
    last line."""
    rows = forest.definitions
    base = _bases(forest)
    starts = base[forest.file[rows]] + forest.start[rows]
    ends = base[forest.file[rows]] + forest.end[rows]
    line_ends = np.append(_line_starts(forest), base[-1])
    whole = ~kinds("Lambda")[forest.kind[rows]]
    ends[whole] = line_ends[np.searchsorted(line_ends, ends[whole])]
    modules = forest.parent[rows] < 0
    starts[modules], ends[modules] = base[:-1], base[1:]
    order = np.lexsort((-ends, starts))
    starts, ends = starts[order], ends[order]
    outer = np.zeros(len(rows), np.int64)
    open_: list[int] = []
    for i, start in enumerate(starts.tolist()):
        while open_ and ends[open_[-1]] <= start:
            open_.pop()
        outer[i] = open_[-1] if open_ else i
        open_.append(i)
    places = base[files] + offsets
    found = np.searchsorted(starts, places, "right") - 1
    while (past := places >= ends[found]).any():
        found[past] = outer[found[past]]
    result: Ints = order[found]
    return result


def _bases(forest: Forest) -> Ints:
    """Where each file would start if the texts stood one after the other, with a gap between."""
    return np.cumsum([0, *(len(t.utf8) + 1 for t in forest.texts)])


def _line_starts(forest: Forest) -> Ints:
    """Where lines start in the joined texts."""
    starts = [b + t.lines[1:] for b, t in zip(_bases(forest), forest.texts, strict=False)]
    return np.concatenate([np.zeros(0, np.int64), *starts])
