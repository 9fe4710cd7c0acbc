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
from codeanatomy.extract.keys import comment_keys, ordinals
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
    found: list[tuple[int, int, int, int]] = []
    spans, files = _literals(forest)
    bounds = np.searchsorted(files, np.arange(len(forest.texts) + 1))
    for number in range(len(forest.texts)):
        mine = slice(*bounds[number : number + 2])
        found += _in_file(forest, number, spans[mine, 0], spans[mine, 1])
    return comment_table(forest, found)


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
    """(start, end) of the outermost string literals in source order, and the file of each."""
    constants = forest.rows(kinds("Constant"))
    written = np.fromiter(
        (v.__class__ is str or v.__class__ is bytes for v in forest.columns.values),
        np.bool_,
        len(constants),
    )
    rows = np.sort(np.concatenate((constants[written], forest.rows(_STRINGS))))
    base = _bases(forest)
    start, end = base[forest.file[rows]] + forest.start[rows], forest.end[rows]
    order = np.lexsort((-end, start))
    rows, end = rows[order], base[forest.file[rows[order]]] + end[order]
    before = np.maximum.accumulate(np.append(0, end))[:-1]
    outermost = end > before
    rows = rows[outermost]
    return np.stack((forest.start[rows], forest.end[rows]), axis=1), forest.file[rows]


def _in_file(
    forest: Forest, number: int, starts: Ints, ends: Ints
) -> list[tuple[int, int, int, int]]:
    """(file, start, end, line) of each comment of one file."""
    text = forest.texts[number]
    marks = np.flatnonzero(np.frombuffer(text.utf8, np.uint8) == ord("#"))
    if not len(marks):
        return []
    if len(starts):
        literal = np.searchsorted(starts, marks, "right") - 1
        inside = (literal >= 0) & (marks < ends[literal])
        held = [
            _in_literal(text.utf8, int(starts[i]), int(ends[i]))
            for i in np.unique(literal[inside]).tolist()
        ]
        extra = [at for part in held for at in part]
        marks = np.sort(np.concatenate((marks[~inside], np.array(extra, np.int64))))
    lines = np.searchsorted(text.lines[1:], marks, "right")
    lines, first = np.unique(lines, return_index=True)
    marks = marks[first]
    stops = np.append(text.lines[1:], len(text.utf8) + 1)[lines]
    return [
        (number, at, at + len(text.utf8[at:stop].split(b"\n")[0].split(b"\r")[0]), line)
        for at, stop, line in zip(marks.tolist(), stops.tolist(), lines.tolist(), strict=True)
    ]


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
    lines = [b + t.lines[1:] for b, t in zip(base, forest.texts, strict=False)]
    line_ends = np.concatenate([*lines, base[-1:]])
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
