"""Which blocks does every way to a block pass, or every way from it, and what decides on it?"""

from collections import defaultdict
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from codeanatomy.extract.flow.blocks import ESCAPE
from codeanatomy.extract.forest import Flags, Ints

NONE = -1


def dominators(src: Ints, dst: Ints, first: Sequence[int]) -> list[int]:
    """The immediate dominator of each block; its own for an entry, NONE where nothing leads.

    One pass over the edges, which are sorted by source: block order is a topological order of the
    forward edges, and edges back into a loop change no dominator (the graph is reducible).
    """
    found = [NONE] * first[-1]
    for entry in first[:-1]:
        found[entry] = entry
    for source, target in zip(src.tolist(), dst.tolist(), strict=True):
        if target <= source or found[source] < 0:
            continue
        other = found[target]
        if other < 0:
            found[target] = source
            continue
        while other != source:
            if source > other:
                source = found[source]
            else:
                other = found[other]
        found[target] = other
    return found


def leading_out(src: Ints, dst: Ints, way: Ints, idom: Ints) -> Flags:
    """The edges that count for post-dominance: from where something leads, and without exceptions
    that nobody takes, unless they are the only way out of their block."""
    alive = idom[src] >= 0
    plain = np.bincount(src[alive & (way != ESCAPE)], minlength=len(idom))
    kept: Flags = alive & ((way != ESCAPE) | (plain[src] == 0))
    return kept


def postdominators(src: Ints, dst: Ints, first: Sequence[int], idom: Ints) -> list[int]:
    """The immediate post-dominator of each block; its own for an exit.

    Definitions without loops take one pass over the edges (sorted by source), backwards. In the
    others the reversed graph need not be reducible: Cooper, Harvey, Kennedy, "A simple, fast
    dominance algorithm" (2001).
    """
    found = [NONE] * first[-1]
    bounds = np.asarray(first)
    exits = bounds[1:] - 1
    for exit_ in exits.tolist():
        found[exit_] = exit_
    definition = np.repeat(np.arange(len(exits)), np.diff(bounds))
    looping = np.zeros(len(exits), np.bool_)
    looping[definition[src[dst <= src]]] = True
    looping[idom[exits] < 0] = True
    stuck = (np.bincount(src, minlength=len(idom)) == 0) & (idom >= 0)
    stuck[exits] = False
    looping[definition[stuck]] = True
    simple = ~looping[definition[src]]
    for source, target in zip(src[simple][::-1].tolist(), dst[simple][::-1].tolist(), strict=True):
        other = found[source]
        if other < 0:
            found[source] = target
            continue
        while other != target:
            if target < other:
                target = found[target]
            else:
                other = found[other]
        found[source] = other
    cut = np.searchsorted(src, bounds)
    for number in np.flatnonzero(looping).tolist():
        edges = slice(cut[number], cut[number + 1])
        pairs = list(zip(src[edges].tolist(), dst[edges].tolist(), strict=True))
        alive = idom[first[number] : first[number + 1]] >= 0
        blocks = (np.flatnonzero(alive) + first[number]).tolist()
        _of_loops(pairs, blocks, first[number + 1] - 1, found)
    return found


def _of_loops(
    pairs: list[tuple[int, int]], blocks: list[int], exit_: int, found: list[int]
) -> None:
    """Fills in the post-dominators of one definition. Where no way leads out, the last such block
    is taken to leave."""
    before: defaultdict[int, list[int]] = defaultdict(list)
    after: defaultdict[int, list[int]] = defaultdict(list)
    for source, target in pairs:
        before[target].append(source)
        after[source].append(target)
    order: list[int] = []
    seen: set[int] = set()
    root, waiting = exit_, [b for b in blocks if b != exit_]
    while True:
        seen.add(root)
        stack = [(root, iter(before[root]))]
        while stack:
            block, sources = stack[-1]
            source = next((s for s in sources if s not in seen), NONE)
            if source >= 0:
                seen.add(source)
                stack.append((source, iter(before[source])))
            else:
                order.append(stack.pop()[0])
        while waiting and waiting[-1] in seen:
            waiting.pop()
        if not waiting:
            break
        root = waiting[-1]
        after[root].append(exit_)
    order.remove(exit_)
    order.append(exit_)
    number = {block: i for i, block in enumerate(order)}
    changed = True
    while changed:
        changed = False
        for block in order[-2::-1]:
            best = NONE
            for target in after[block]:
                if found[target] < 0:
                    continue
                while best not in (NONE, target):
                    if number[best] < number[target]:
                        best = found[best]
                    else:
                        target = found[target]
                best = target
            if best != found[block]:
                found[block], changed = best, True


def controls(src: Ints, dst: Ints, way: Ints, ipdom: Sequence[int]) -> npt.NDArray[np.int64]:
    """Columns (block, block that decides on it, way of the deciding edge): Ferrante, Ottenstein,
    Warren, "The program dependence graph" (1987)."""
    deciding = np.bincount(src, minlength=len(ipdom))[src] > 1
    rows: list[tuple[int, int, int]] = []
    columns = (column[deciding].tolist() for column in (src, dst, way))
    for source, block, how in zip(*columns, strict=True):
        stop = ipdom[source]
        while block != stop:
            rows.append((block, source, how))
            above = ipdom[block]
            if above in (block, NONE):
                break
            block = above
    return np.array(rows, np.int64).reshape(-1, 3).T
