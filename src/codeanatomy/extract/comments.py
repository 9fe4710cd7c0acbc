"""The comments of a batch: what follows a `#` that stands outside string literals."""

import re

import numpy as np
import pyarrow as pa

from codeanatomy.extract.columns import owned, table
from codeanatomy.extract.forest import Forest, Ints, Names, kinds, ordinals
from codeanatomy.facts.ids import hash_text, hash_texts, mix
from codeanatomy.facts.tables.syntax import Comment

TOKENS = re.compile(
    rb"""["'\#] (?: (?<=\#)(?P<comment>[^\r\n]*)
    | (?<=")(?: ""[^"\\]*(?:(?:\\.|"(?!""))[^"\\]*)*"{3} | [^"\\\r\n]*(?:\\.[^"\\\r\n]*)*" )
    | (?<=')(?: ''[^'\\]*(?:(?:\\.|'(?!''))[^'\\]*)*'{3} | [^'\\\r\n]*(?:\\.[^'\\\r\n]*)*' ) )""",
    re.DOTALL | re.VERBOSE,
)
_COMMENT = hash_text("Comment")


def comments(forest: Forest) -> dict[str, pa.Table]:
    """The comment table. parent is the body of the definition around it; a comment at the end of a
    definition's last line belongs to it. Keys are by owner, text and number among the owner's equal
    texts: a comment put before others changes none of theirs."""
    spans = [
        (base + found.start(), base + found.end())
        for base, text in zip(forest.base.tolist(), forest.texts, strict=False)
        for found in TOKENS.finditer(text.utf8)
        if found["comment"] is not None
    ]
    starts, ends = np.array(spans, np.int64).reshape(-1, 2).T
    texts = [forest.source[start:end].decode("utf-8", "replace") for start, end in spans]
    owner = _around(forest, starts)
    words = Names()
    codes = words.codes(texts)
    keys = mix(mix(forest.definition_keys[owner], _COMMENT), hash_texts(words.all())[codes])
    same = np.unique(owner * (len(words.all()) + 1) + codes, return_inverse=True)[1]
    keys = mix(keys, ordinals(same).astype(np.int64))
    columns = owned(forest, "Comment", owner, starts, ends)
    return table(Comment, columns | {"node": keys, "text": texts})


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
