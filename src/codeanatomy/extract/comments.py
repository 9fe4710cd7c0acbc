"""The comments of a batch: every `#` that stands outside string literals, the first of its line."""

import contextlib
import io
import re
import tokenize

import numpy as np
import pyarrow as pa

from codeanatomy.extract.columns import owned, table
from codeanatomy.extract.forest import Forest, Ints, Names, kinds, ordinals
from codeanatomy.facts.ids import hash_text, hash_texts, mix
from codeanatomy.facts.tables.syntax import Comment

_LONE_CR = re.compile(rb"\r(?!\n)")
_COMMENT = hash_text("Comment")


def comments(forest: Forest) -> dict[str, pa.Table]:
    """The comment table."""
    starts, ends = _literals(forest)
    source, lines = forest.source, forest.lines
    marks = np.flatnonzero(np.frombuffer(source, np.uint8) == ord("#"))
    if len(starts):
        literal = np.maximum(np.searchsorted(starts, marks, "right") - 1, 0)
        inside = (marks >= starts[literal]) & (marks < ends[literal])
        held = dict.fromkeys(literal[inside].tolist())
        extra = [at for i in held for at in _in_literal(source, int(starts[i]), int(ends[i]))]
        marks = np.sort(np.concatenate((marks[~inside], np.array(extra, np.int64))))
    line, first = np.unique(np.searchsorted(lines, marks, "right"), return_index=True)
    marks, stops = marks[first], np.append(lines, len(source))[line]
    stop_at = [
        at + len(source[at:stop].partition(b"\n")[0].partition(b"\r")[0])
        for at, stop in zip(marks.tolist(), stops.tolist(), strict=True)
    ]
    return comment_table(forest, marks, np.array(stop_at, np.int64))


def comment_table(forest: Forest, starts: Ints, ends: Ints) -> dict[str, pa.Table]:
    """The comment table of what stands at these bytes, in order. parent is the body of the
    definition around it; a comment at the end of a definition's last line belongs to it. Keys are
    by owner, text and number among the owner's equal texts: a comment put before others changes
    none of theirs."""
    spans = map(slice, starts.tolist(), ends.tolist())
    texts = [forest.source[span].decode("utf-8", "replace") for span in spans]
    owner = _around(forest, starts)
    words = Names()
    codes = words.codes(texts)
    keys = mix(mix(forest.definition_keys[owner], _COMMENT), hash_texts(words.all())[codes])
    same = np.unique(owner * (len(words.all()) + 1) + codes, return_inverse=True)[1]
    keys = mix(keys, ordinals(same).astype(np.int64))
    columns = owned(forest, "Comment", owner, starts, ends)
    return table(Comment, columns | {"node": keys, "text": texts})


def _literals(forest: Forest) -> tuple[Ints, Ints]:
    """Starts and ends of the outermost string literals in source order, in the joined texts."""
    constants = forest.rows(kinds("Constant"))
    written = np.array([type(v) in (str, bytes) for v in forest.columns.values], np.bool_)
    rows = np.concatenate((constants[written], forest.rows(kinds("JoinedStr", "TemplateStr"))))
    start, end = forest.start[rows], forest.end[rows]
    order = np.lexsort((-end, start))
    start, end = start[order], end[order]
    outermost = end > np.maximum.accumulate(np.append(0, end))[:-1]
    return start[outermost], end[outermost]


def _in_literal(utf8: bytes, start: int, end: int) -> list[int]:
    """Where comments stand between the pieces of a literal (or, from 3.12, in its expressions)."""
    piece = _LONE_CR.sub(b"\n", utf8[start:end])
    if b"\n" not in piece:
        return []  # a comment takes the rest of its line, and something of the literal follows
    try:
        encoding, text = "utf-8", f"({piece.decode('utf-8')}\n)"
    except UnicodeDecodeError:  # only comments may hold such bytes
        encoding, text = "latin-1", f"({piece.decode('latin-1')}\n)"
    lines = io.StringIO(text, newline="").readlines()
    offsets = np.cumsum([0, *(len(line) for line in lines)])
    found: list[int] = []
    # what was found before the tokenizer gives up still holds
    with contextlib.suppress(tokenize.TokenError, SyntaxError):
        for token in tokenize.generate_tokens(iter(lines).__next__):
            if token.type == tokenize.COMMENT:
                at = int(offsets[token.start[0] - 1]) + token.start[1]
                found.append(start - 1 + len(text[:at].encode(encoding)))
    return found


def _around(forest: Forest, places: Ints) -> Ints:
    """Numbers of the innermost definitions around these bytes, which ascend; a def or class reaches
    to the end of its last line."""
    rows = forest.definitions
    starts, ends = forest.start[rows], forest.end[rows]
    line_ends = np.append(forest.lines, forest.base[-1])
    whole = ~kinds("Lambda")[forest.kind[rows]]
    ends[whole] = line_ends[np.searchsorted(line_ends, ends[whole])]
    modules = forest.parent[rows] < 0
    starts[modules], ends[modules] = forest.base[:-1], forest.base[1:]
    first, last = np.searchsorted(places, starts), np.searchsorted(places, ends)
    found = np.zeros(len(places), np.int64)
    order = np.lexsort((-ends, starts))  # the outermost first
    for number in order[(first < last)[order]].tolist():
        found[first[number] : last[number]] = number
    return found
