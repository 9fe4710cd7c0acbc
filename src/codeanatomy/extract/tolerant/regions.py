"""What was not read of a text, and can more be read without the lines where the trouble starts?"""

import numpy as np
from tree_sitter import Node, Parser

from codeanatomy.extract.decoding import Offsets
from codeanatomy.extract.witness import trouble
from codeanatomy.facts.tables.trouble import FileProblem

MAX_REGIONS = 50  # per file; one more row tells how many others there are
MAX_ROUNDS = 6
LARGE = 1 << 20  # bytes from which a single round must do
SHOWN = 40  # characters of a region in its message
Span = tuple[int, int]
Region = tuple[int, int, str]  # start, end, what is missing there


def mended(parser: Parser, text: bytes, suspect: int | None) -> tuple[bytes, Node, list[Region]]:
    """The text that is read best, the root of its tree, and the lines left out for that: the one
    where another parser met an error (`suspect`, a byte), then those where regions of several lines
    start. They are blanked, so that all offsets stay."""
    root = parser.parse(text).root_node
    blanked: list[Region] = []
    for turn in range(1 if len(text) > LARGE else MAX_ROUNDS):
        broken = _outermost(extras(root)[1]) if root.has_error else []
        starts = [start for start, end, _ in broken if b"\n" in text[start:end]]
        places = starts if turn or suspect is None else [suspect]
        lines = sorted({_line_at(text, place) for place in places}) if broken else []
        trial = bytearray(text)
        for start, end, _ in lines:
            trial[start:end] = b" " * (end - start)
        other = parser.parse(bytes(trial)).root_node if lines else root
        if _size(lines) + _size(_outermost(extras(other)[1])) < _size(broken):
            text, root = bytes(trial), other
            blanked += lines
        elif turn or not broken:
            break
    return text, root, blanked


def extras(root: Node) -> tuple[list[Span], list[Region]]:
    """Spans of all comments, and what was not read (outermost first), both in source order."""
    notes: list[Span] = []
    regions: list[Region] = []
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if node.type == "comment":
            notes.append((node.start_byte, node.end_byte))
        elif node.is_error or node.is_missing:
            missing = node.type if node.is_missing else ""
            regions.append((node.start_byte, node.end_byte, missing))
        waiting += reversed(node.children)
    if root.is_error and len(regions) > 1:
        regions = regions[1:]  # the whole file is one: the inner ones say more
    return notes, regions


def problems(
    witness: str, regions: list[Region], utf8: bytes, lines: Offsets, origin: Offsets | None
) -> list[FileProblem]:
    """A problem for each outermost region."""
    found = _outermost(regions)
    made: list[FileProblem] = []
    for start, end, missing in found[:MAX_REGIONS]:
        text = " ".join(utf8[start:end][: 4 * SHOWN].decode("utf-8", "replace").split())
        message = f"{missing} is missing" if missing else f"not read: {text[:SHOWN]}"
        line = max(int(np.searchsorted(lines[1:], start, "right")), 1)
        if origin is not None:
            start, end = int(origin[start]), int(origin[end])
        made.append(trouble(witness, "syntax-region", message, bstart=start, bend=end, line=line))
    if len(found) > MAX_REGIONS:
        message = f"{len(found) - MAX_REGIONS} more regions were not read"
        made.append(trouble(witness, "syntax-region", message))
    return made


def _outermost(regions: list[Region]) -> list[Region]:
    """The regions that lie in no other."""
    found: list[Region] = []
    for region in sorted(regions, key=lambda r: (r[0], -r[1])):
        end = found[-1][1] if found else -1
        if region[0] >= end and (region[0] > end or region[1] > end):
            found.append(region)
    return found


def _size(regions: list[Region]) -> int:
    return sum(end - start for start, end, _ in regions)


def _line_at(text: bytes, place: int) -> Region:
    """The line around a byte, without its end."""
    end = text.find(b"\n", place)
    return text.rfind(b"\n", 0, place) + 1, len(text) if end < 0 else end, ""
