"""Which lines of a broken text are to be left out so that most of the rest can be read?

A tolerant parser that meets an open bracket or a missing operand may give up everything up to the
next place where it makes sense again, and read nonsense until then. Without the line where the
trouble starts there is often none. Lines are blanked, so that all offsets stay.
"""

from tree_sitter import Node, Parser

MAX_ROUNDS = 6
LARGE = 1 << 20  # bytes from which a single round must do
Span = tuple[int, int]
Region = tuple[int, int, str]


def mended(parser: Parser, text: bytes, suspect: int | None) -> tuple[Node, list[Span]]:
    """The root of the tree that reads most of the text, and the spans of the lines left out.

    `suspect` is where another parser met an error, if that is known.
    """
    root = parser.parse(text).root_node
    blanked: list[Span] = []
    broken = extras(root)[1] if root.has_error else []
    for _ in range(1 if len(text) > LARGE else MAX_ROUNDS):
        best = None
        for lines in _candidates(text, broken, suspect):
            trial = _without(text, lines)
            other = parser.parse(trial).root_node
            left = extras(other)[1]
            cost = _lost(left) + sum(end - start for start, end in lines)
            if cost < _lost(broken) and (best is None or cost < best[0]):
                best = cost, trial, other, left, lines
        if best is None:
            break
        _, text, root, broken, lines = best
        blanked += lines
    return root, sorted(blanked)


def _candidates(text: bytes, broken: list[Region], suspect: int | None) -> list[list[Span]]:
    """Sets of lines that may be worth leaving out: those where regions of several lines start,
    those before them, and the suspected one."""
    starts = [start for start, end, _ in outermost(broken) if b"\n" in text[start:end]]
    first = {_line_at(text, start) for start in starts}
    before = {_line_at(text, max(start - 1, 0)) for start, _ in first}
    suspected = {_line_at(text, suspect)} if broken and suspect is not None else set()
    return [sorted(lines) for lines in (first, before, suspected) if lines]


def outermost(regions: list[Region]) -> list[Region]:
    """The regions that lie in no other; they are sorted by start, outer ones first."""
    found: list[Region] = []
    end = -1
    for region in regions:
        if region[0] >= end and (region[0] > end or region[1] > end):
            found.append(region)
            end = region[1]
    return found


def extras(root: Node) -> tuple[list[Span], list[Region]]:
    """Spans of all comments; spans of what was not read (outermost first) with what is missing, or
    '', both in source order. By a cursor: queries take quadratic time on deep trees."""
    notes: list[Span] = []
    regions: list[Region] = []
    cursor = root.walk()
    down = True
    while True:
        if down:
            node = cursor.node
            assert node is not None  # the cursor stands on the root or below it
            if node.type == "comment":
                notes.append((node.start_byte, node.end_byte))
            elif node.is_error or node.is_missing:
                what = node.type if node.is_missing else ""
                regions.append((node.start_byte, node.end_byte, what))
        if (down and cursor.goto_first_child()) or cursor.goto_next_sibling():
            down = True
        elif cursor.goto_parent():
            down = False
        else:
            break
    if root.is_error and len(regions) > 1:
        regions = regions[1:]  # the whole file is one: the inner ones say more
    return notes, regions


def _lost(regions: list[Region]) -> int:
    """Bytes that were not read."""
    return sum(end - start for start, end, _ in outermost(regions))


def _line_at(text: bytes, place: int) -> Span:
    """The line around a byte, without its end."""
    end = text.find(b"\n", place)
    return text.rfind(b"\n", 0, place) + 1, len(text) if end < 0 else end


def _without(text: bytes, lines: list[Span]) -> bytes:
    parts: list[bytes] = []
    place = 0
    for start, end in lines:
        parts += [text[place:start], b" " * (end - start)]
        place = end
    return b"".join([*parts, text[place:]])
