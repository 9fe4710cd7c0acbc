"""Which bindings of a local variable may a use of it see?

Closed forms over all definitions of a batch settle most uses: the nearest binding above in the same
block, and a variable's only binding where that stands in the entry block. The rest are bit sets,
one bit per binding, carried along the edges until nothing changes.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice

import msgspec
import numpy as np

from codeanatomy.extract.forest import Flags, Ints

MOST = 64  # bindings told of one use
PASSES = 100  # over the edges of a definition: as many as loops may nest, but for comprehensions
_NONE = -1

Pairs = list[tuple[int, int]]


class Items(msgspec.Struct, frozen=True):
    """Bindings and uses of variables as columns, sorted by variable, block, and place in it."""

    row: Ints
    variable: Ints  # counted through the batch; each belongs to one definition
    block: Ints
    binds: Flags  # else it is a use
    kills: Flags  # a binding that leaves no value: del


class Reaching(msgspec.Struct, frozen=True):
    """Bindings that reach uses, as indexes of items; by item, whether a use may see something else:
    no value, or more bindings than are told."""

    binding: Ints
    use: Ints
    other: Flags


def reaching(i: Items, edges: Ints, entry: Ints) -> Reaching:
    """What the edges (source and target block, sorted by source, of blocks that something leads to)
    carry; `entry` is the first block of each block's definition."""
    size = len(i.row)
    index = np.arange(size)
    new = np.ones(size, np.bool_)
    new[1:] = i.variable[1:] != i.variable[:-1]
    group = np.maximum.accumulate(np.where(new, index, 0))  # first item of the same variable
    above = np.maximum.accumulate(np.where(i.binds, index, _NONE))
    use = ~i.binds
    local = use & (above >= group) & (i.block[above] == i.block)
    count = np.bincount(group[i.binds], minlength=size)[group]
    only = np.full(size, _NONE)
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
    return Reaching(
        np.concatenate([binding[told], carried[0]]),
        np.concatenate([index[chosen][told], carried[1]]),
        other,
    )


def _carried(i: Items, rest: Ints, edges: Ints, entry: Ints) -> tuple[Pairs, list[int]]:
    """Pairs (binding, use) of the uses that no closed form settles, and the uses that may see
    something else."""
    uses = _by_definition(rest, entry[i.block[rest]])
    asked = np.zeros(len(i.variable) and int(i.variable[-1]) + 1, np.bool_)
    asked[i.variable[rest]] = True
    written = np.flatnonzero(i.binds & asked[i.variable])
    writes = _by_definition(written, entry[i.block[written]])
    steps: defaultdict[int, Pairs] = defaultdict(list)
    wanted = np.zeros(len(entry), np.bool_)
    wanted[list(uses)] = True
    for source, target in edges[:, wanted[entry[edges[0]]]].T.tolist():
        steps[int(entry[source])].append((source, target))
    pairs: Pairs = []
    lost: list[int] = []
    variable, block, kills = i.variable.tolist(), i.block.tolist(), i.kills.tolist()
    for where, items in uses.items():
        bits = _Bits()
        for item in writes[where]:
            bits.add(item, variable[item], kills=kills[item])
        for item in writes[where]:
            bits.write(item, block[item], variable[item])
        into, complete = bits.carried(where, steps[where])
        for item in items:
            seen = [*islice(bits.bindings(into[block[item]], variable[item]), MOST + 1)]
            pairs += ((binding, item) for binding in seen[:MOST] if binding != _NONE)
            if _NONE in seen or len(seen) > MOST or not complete:
                lost.append(item)
    return pairs, lost


def _by_definition(items: Ints, definitions: Ints) -> dict[int, list[int]]:
    found: defaultdict[int, list[int]] = defaultdict(list)
    for item, where in zip(items.tolist(), definitions.tolist(), strict=True):
        found[where].append(item)
    return found


class _Bits:
    """The bindings of one definition as bits of integers; the entry binds every variable, too."""

    def __init__(self) -> None:
        self._binding: list[int] = []  # by bit; _NONE for no value
        self._bit: dict[int, int] = {}  # by item
        self._mask: dict[int, int] = {}  # by variable: the bits of its entry and bindings
        self._made: defaultdict[int, int] = defaultdict(int)  # by block: bits that it gives
        self._lost: defaultdict[int, int] = defaultdict(int)  # and bits that it takes
        self._entered = 0

    def add(self, item: int, variable: int, *, kills: bool) -> None:
        """Gives the binding a bit."""
        if variable not in self._mask:
            self._mask[variable] = self._new(_NONE)
            self._entered |= self._mask[variable]
        self._bit[item] = self._new(_NONE if kills else item)
        self._mask[variable] |= self._bit[item]

    def write(self, item: int, block: int, variable: int) -> None:
        """The binding stands in the block, after those that were written before."""
        self._made[block] = self._made[block] & ~self._mask[variable] | self._bit[item]
        self._lost[block] |= self._mask[variable]

    def carried(self, entry: int, steps: Pairs) -> tuple[defaultdict[int, int], bool]:
        """By block, the bits that reach its beginning; and whether these are all."""
        into: defaultdict[int, int] = defaultdict(int)
        into[entry] = self._entered
        for _ in range(PASSES):
            changed = False
            for source, target in steps:
                out = into[source] & ~self._lost.get(source, 0) | self._made.get(source, 0)
                if out | into[target] != into[target]:
                    into[target] |= out
                    changed |= target <= source
            if not changed:
                return into, True
        return into, False

    def bindings(self, bits: int, variable: int) -> Iterator[int]:
        """The bindings of the variable among the bits; first _NONE where it may have no value."""
        bits &= self._mask[variable]
        while bits:
            low = bits & -bits
            bits ^= low
            yield self._binding[low.bit_length() - 1]

    def _new(self, binding: int) -> int:
        self._binding.append(binding)
        return 1 << (len(self._binding) - 1)
