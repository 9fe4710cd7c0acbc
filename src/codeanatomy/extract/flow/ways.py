"""What do all ways through the blocks of a definition pass, and what may some of them carry?

Dominators, what decides whether a block runs, and the bindings that uses may see. For bindings,
closed forms over all definitions of a batch settle most uses: the nearest binding above in the same
block, and a variable's only binding where that stands in the entry block. The rest are bit sets,
one bit per binding, carried along the edges until nothing changes.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import groupby

import msgspec
import numpy as np

from codeanatomy.extract.flow.blocks import ESCAPE
from codeanatomy.extract.forest import Flags, Ints

MOST = 64  # bindings told of one use
PASSES = 100  # over the edges of a definition: as many as loops may nest, but for comprehensions
NONE = -1

Pairs = list[tuple[int, int]]
Bits = defaultdict[int, int]  # by block


# dominance


def dominators(src: Ints, dst: Ints, first: Sequence[int]) -> Ints:
    """The immediate dominator of each block; its own for an entry, NONE where nothing leads.

    One pass over the edges, which are sorted by source: block order is a topological order of the
    forward edges, and edges back into a loop change no dominator (the graph is reducible).
    """
    found = [NONE] * first[-1]
    for entry in first[:-1]:
        found[entry] = entry
    forward = dst > src
    _dominate(found, zip(src[forward].tolist(), dst[forward].tolist(), strict=True))
    return np.array(found, np.int64)


def _dominate(found: list[int], edges: Iterable[tuple[int, int]]) -> None:
    """One pass over edges in topological order: what dominates a block has a lower number."""
    for source, target in edges:
        other = found[target]
        if found[source] < 0:
            continue
        while other not in (source, NONE):
            if source > other:
                source = found[source]
            else:
                other = found[other]
        found[target] = source


def leading_out(src: Ints, dst: Ints, way: Ints, idom: Ints) -> Flags:
    """The edges that count for post-dominance: from where something leads, and without exceptions
    that nobody takes, unless they are the only way out of their block."""
    alive = idom[src] >= 0
    plain = np.bincount(src[alive & (way != ESCAPE)], minlength=len(idom))
    kept: Flags = alive & ((way != ESCAPE) | (plain[src] == 0))
    return kept


def postdominators(src: Ints, dst: Ints, first: Sequence[int], idom: Ints) -> Ints:
    """The immediate post-dominator of each block; its own for an exit.

    Definitions without loops take one pass over the edges, backwards. In the others the reversed
    graph need not be reducible: Cooper, Harvey, Kennedy, "A simple, fast dominance algorithm"
    (2001).
    """
    bounds, size = np.asarray(first), first[-1]
    exits = bounds[1:] - 1
    definition = np.repeat(np.arange(len(exits)), np.diff(bounds))
    looping = np.zeros(len(exits), np.bool_)
    looping[definition[src[dst <= src]]] = True
    stuck = (np.bincount(src, minlength=size) == 0) & (idom >= 0)
    stuck[exits] = idom[exits] < 0
    looping[definition[stuck]] = True
    before: defaultdict[int, list[int]] = defaultdict(list)
    again = looping[definition[src]]
    for source, target in zip(src[again].tolist(), dst[again].tolist(), strict=True):
        before[target].append(source)
    rank = np.arange(size)[::-1].copy()  # of each block, from the end
    leaving: list[int] = []
    for number in np.flatnonzero(looping).tolist():
        order, last = _backwards(before, range(first[number], first[number + 1]))
        rank[order] = np.sort(rank[order])
        leaving += (block for block in last if idom[block] >= 0)
    src = np.concatenate([src, np.array(leaving, np.int64)])
    dst = np.concatenate([dst, exits[definition[src[len(dst) :]]]])
    edges = np.stack([rank[dst], rank[src]])[:, np.argsort(rank[dst], kind="stable")]
    found = np.full(size, NONE)
    found[rank[exits]] = rank[exits]
    ranks: list[int] = found.tolist()
    known: list[int] = []
    block = np.argsort(rank)
    while known != ranks:
        known = ranks.copy()
        _dominate(ranks, zip(*edges.tolist(), strict=True))
        edges = edges[:, looping[definition[block[edges[0]]]]]
    found = np.array(ranks, np.int64)[rank]
    result: Ints = np.where(found < 0, NONE, block[found])
    return result


def _backwards(before: defaultdict[int, list[int]], blocks: range) -> tuple[list[int], list[int]]:
    """A definition's blocks in reverse postorder of the way back from its exit; and those that are
    taken to leave: the last ones of where no way leads out. Uses up the edges."""
    order: list[int] = []
    seen: set[int] = set()
    leaving: list[int] = []
    for root in reversed(blocks):
        if root in seen:
            continue
        leaving.append(root)
        seen.add(root)
        path = [root]
        while path:
            sources = before[path[-1]]
            while sources and sources[-1] in seen:
                sources.pop()
            if sources:
                seen.add(sources[-1])
                path.append(sources[-1])
            else:
                order.append(path.pop())
    order.remove(blocks[-1])
    return [blocks[-1], *reversed(order)], leaving[1:]


def controls(src: Ints, dst: Ints, way: Ints, ipdom: Ints) -> Ints:
    """Columns (block, block that decides on it, way of the deciding edge): Ferrante, Ottenstein,
    Warren, "The program dependence graph" (1987)."""
    deciding = np.bincount(src, minlength=len(ipdom))[src] > 1
    rows: Ints = np.stack([dst, src, way])[:, deciding]
    found = [rows[:, :0]]
    while rows.size:
        rows = rows[:, rows[0] != ipdom[rows[1]]]
        found.append(rows)
        above = ipdom[rows[0]]
        rows = np.stack([above, *rows[1:]])[:, (above != rows[0]) & (above >= 0)]
    return np.concatenate(found, axis=1)


# bindings


class Items(msgspec.Struct, frozen=True):
    """Bindings and uses of variables as columns, sorted by variable, block, and place in it."""

    row: Ints
    variable: Ints  # counted through the batch; each belongs to one definition
    block: Ints
    binds: Flags  # else it is a use
    kills: Flags  # a binding that leaves no value: del


def reaching(i: Items, edges: Ints, entry: Ints) -> tuple[Ints, Ints, Flags]:
    """What the edges (source and target block, sorted by source, of blocks that something leads to)
    carry: pairs of a binding and a use, as indexes of items, and by item whether a use may see
    something else: no value, or more bindings than are told. `entry` is the first block of each
    block's definition."""
    size = len(i.row)
    index = np.arange(size)
    new = np.diff(i.variable, prepend=NONE) != 0
    group = np.maximum.accumulate(np.where(new, index, 0))  # first item of the same variable
    above = np.maximum.accumulate(np.where(i.binds, index, NONE))
    use = ~i.binds
    local = use & (above >= group) & (i.block[above] == i.block)
    count = np.bincount(group[i.binds], minlength=size)[group]
    only = np.full(size, NONE)
    bindings = index[i.binds][::-1]
    only[group[bindings]] = bindings  # the first one stays
    only = only[group]
    sole = use & ~local & (count == 1) & (i.block[only] == entry[i.block]) & ~i.kills[only]
    forced = sole & (i.block != entry[i.block])
    chosen = local | forced
    binding = np.where(local, above, only)[chosen]
    told = ~i.kills[binding]
    other = (use & (count == 0)) | (sole & ~forced)
    other[index[chosen][~told]] = True
    pairs, lost = _carried(i, np.flatnonzero(use & ~local & ~sole & (count > 0)), edges, entry)
    other[lost] = True
    carried = np.array(pairs, np.int64).reshape(-1, 2).T
    told_binding = np.concatenate([binding[told], carried[0]])
    return told_binding, np.concatenate([index[chosen][told], carried[1]]), other


def _carried(i: Items, rest: Ints, edges: Ints, entry: Ints) -> tuple[Pairs, list[int]]:
    """Pairs (binding, use) of the uses that no closed form settles, and the uses that may see
    something else."""
    uses = _by_definition(rest, entry[i.block[rest]])
    asked = np.zeros(len(i.variable) and int(i.variable[-1]) + 1, np.bool_)
    asked[i.variable[rest]] = True
    written = np.flatnonzero(i.binds & asked[i.variable])
    writes = _by_definition(written, entry[i.block[written]])
    around = entry[edges[0]]
    pairs: Pairs = []
    lost: list[int] = []
    variable, block, kills = i.variable.tolist(), i.block.tolist(), i.kills.tolist()
    for where, items in uses.items():
        bindings: list[int] = []  # by bit; NONE for no value
        masks: dict[int, int] = {}  # by variable: the bits of its bindings
        into, made, taken = Bits(int), Bits(int), Bits(int)  # what reaches, is written, is lost
        for name, group in groupby(writes[where], variable.__getitem__):
            entered = 1 << len(bindings)  # the entry binds every variable, too
            into[where] |= entered
            last = {}
            bindings.append(NONE)
            for item in group:
                last[block[item]] = 1 << len(bindings)
                bindings.append(NONE if kills[item] else item)
            masks[name] = (1 << len(bindings)) - entered
            for place, bit in last.items():
                made[place] |= bit
                taken[place] |= masks[name]
        low, high = np.searchsorted(around, [where, where + 1])
        complete = _carry(into, made, taken, edges[:, low:high].T.tolist())
        for item in items:
            bits = into[block[item]] & masks[variable[item]]
            seen: list[int] = []
            while bits and len(seen) <= MOST:
                low_bit = bits & -bits
                bits ^= low_bit
                seen.append(bindings[low_bit.bit_length() - 1])
            pairs += ((binding, item) for binding in seen[:MOST] if binding != NONE)
            if NONE in seen or len(seen) > MOST or not complete:
                lost.append(item)
    return pairs, lost


def _by_definition(items: Ints, definitions: Ints) -> dict[int, list[int]]:
    found: defaultdict[int, list[int]] = defaultdict(list)
    for item, where in zip(items.tolist(), definitions.tolist(), strict=True):
        found[where].append(item)
    return found


def _carry(into: Bits, made: Bits, taken: Bits, edges: Iterable[tuple[int, int]]) -> bool:
    """Carries bits along the edges until nothing changes; False if that takes too long."""
    for _ in range(PASSES):
        changed = False
        for source, target in edges:
            out = into[source] & ~taken.get(source, 0) | made.get(source, 0)
            if out | into[target] != into[target]:
                into[target] |= out
                changed |= target <= source
        if not changed:
            return True
    return False
