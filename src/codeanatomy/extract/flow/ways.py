"""What do all ways through the blocks of a definition pass, and what may some of them carry?

Dominators, what decides whether a block runs, and the bindings that uses may see. For bindings,
closed forms over all definitions of a batch settle most uses: the nearest binding above in the same
block, and a variable's only binding where that stands in the entry block. The rest are bit sets,
one bit per binding, carried along the edges until nothing changes.
"""

from collections import defaultdict
from collections.abc import Iterable
from itertools import groupby

import msgspec
import numpy as np
import rustworkx as rx

from codeanatomy.extract.flow.blocks import ESCAPE
from codeanatomy.extract.forest import Flags, Ints
from codeanatomy.facts.ids import grouped

MOST = 64  # bindings told of one use
PASSES = 100  # over the edges of a definition: as many as loops may nest, but for comprehensions
NONE = -1

Pairs = list[tuple[int, int]]
Bits = defaultdict[int, int]  # by block


# dominance


def dominators(src: Ints, dst: Ints, roots: Ints, size: int) -> Ints:
    """What immediately dominates each of the nodes of several graphs, each with a root: its own for
    a root, NONE where nothing leads. Along the edges backwards, from the exits: post-dominators."""
    graph: rx.PyDiGraph[None, None] = rx.PyDiGraph()  # and a node above the roots
    graph.add_nodes_from([None] * (size + 1))
    entries = ((size, root) for root in roots.tolist())
    graph.add_edges_from_no_data([*zip(src.tolist(), dst.tolist(), strict=True), *entries])
    above = rx.immediate_dominators(graph, size)
    found = np.full(size + 1, NONE)
    found[np.fromiter(above.keys(), np.int64)] = np.fromiter(above.values(), np.int64)
    found[roots] = roots
    return found[:size]


def leading_out(src: Ints, dst: Ints, way: Ints, idom: Ints) -> Flags:
    """The edges that count for post-dominance: from where something leads, and without exceptions
    that nobody takes, unless they are the only way out of their block."""
    alive = idom[src] >= 0
    plain = np.bincount(src[alive & (way != ESCAPE)], minlength=len(idom))
    kept: Flags = alive & ((way != ESCAPE) | (plain[src] == 0))
    return kept


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
    uses = grouped(np.stack((entry[i.block[rest]], rest)).T.tolist())
    asked = np.zeros(len(i.variable) and int(i.variable[-1]) + 1, np.bool_)
    asked[i.variable[rest]] = True
    written = np.flatnonzero(i.binds & asked[i.variable])
    writes = grouped(np.stack((entry[i.block[written]], written)).T.tolist())
    around = entry[edges[0]]
    pairs: Pairs = []
    lost: list[int] = []
    variable, block, kills = i.variable.tolist(), i.block.tolist(), i.kills.tolist()
    for where, items in uses.items():
        bindings: list[int] = []  # by bit; NONE for no value
        masks: dict[int, int] = {}  # by variable: the bits of its bindings
        into, made, taken = Bits(int), Bits(int), Bits(int)  # what reaches, is written, is lost
        for name, group in groupby(writes.get(where, ()), variable.__getitem__):
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
