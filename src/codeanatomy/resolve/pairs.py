"""How are pairs, rows and arguments kept and joined? As a few sorted chunks, by binary search."""

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any  # a row or a number, as the column is

import numpy as np
import numpy.typing as npt

from codeanatomy.facts.ids import distinct, expand

Ints = npt.NDArray[np.int64]
Argument = list[int]  # position, name, place; see `arg` in facts/constraints.py
Shape = tuple[int, tuple[int, ...]]  # of a call: positional arguments, names of the others
Flags = npt.NDArray[np.bool_]
LOW = np.int64(0xFFFFFFFF)
SHIFT = np.int64(32)
NONE: Ints = np.empty(0, np.int64)
NO_ROWS: Ints = np.empty((0, 4), np.int64)
MERGE = 3  # a chunk is merged into its neighbour while that is less than so many times as large


def pair(a: Ints | int, b: Ints | int) -> Ints:
    """Two columns of numbers below 2**31 as one."""
    return (np.asarray(a, np.int64) << SHIFT) | np.asarray(b, np.int64)


def each(*columns: Ints, where: Flags | None = None) -> Iterator[tuple[Any, ...]]:
    """What stands beside each other in the columns: of rows a list, else a number."""
    return zip(*((x if where is None else x[where]).tolist() for x in columns), strict=True)


def mapped(function: Callable[[int], int], values: Ints) -> Ints:
    """The function of each value; it is asked once per distinct value, in ascending order."""
    asked, inverse = np.unique(values, return_inverse=True)
    return np.array([function(x) for x in asked.tolist()], np.int64)[inverse]


def spread(function: Callable[[int], Sequence[int]], values: Ints) -> tuple[Ints, Ints]:
    """Each member of the function of each value behind the value's index; see `mapped`."""
    asked, inverse = np.unique(values, return_inverse=True)
    lists = [function(x) for x in asked.tolist()]
    ends = np.cumsum([len(x) for x in lists], dtype=np.int64)
    at, which = expand(np.append(0, ends[:-1])[inverse], ends[inverse])
    return which, np.fromiter(chain.from_iterable(lists), np.int64)[at]


class Pairs:
    """A growing set of pairs (a, b) with a, b below 2**31; some wait to be taken and added."""

    def __init__(self) -> None:
        self.chunks: list[Ints] = []
        self.waiting: list[Ints] = []
        self.waiting_ones: list[int] = []

    def taken(self) -> Ints:
        """The pairs that waited."""
        if self.waiting_ones:
            self.waiting.append(np.array(self.waiting_ones, np.int64))
        taken = np.concatenate(self.waiting) if self.waiting else NONE
        self.waiting, self.waiting_ones = [], []
        return taken

    def fresh(self, pairs: Ints) -> Ints:
        """Those that are not in the set, sorted and distinct."""
        pairs = distinct(pairs)
        return pairs[~self.has(pairs)]

    def has(self, pairs: Ints) -> Flags:
        """Which of the pairs are in the set."""
        found = np.zeros(len(pairs), bool)
        for chunk in self.chunks:
            at = np.searchsorted(chunk, pairs)
            at[at == len(chunk)] = 0
            found |= chunk[at] == pairs
        return found

    def add(self, pairs: Ints) -> None:
        """Adds sorted distinct pairs that are not in the set."""
        chunks = self.chunks
        chunks.append(pairs)
        while len(chunks) > 1 and len(chunks[-1]) * MERGE > len(chunks[-2]):
            last = chunks.pop()
            chunks[-1] = np.sort(np.concatenate((chunks[-1], last)), kind="stable")

    def join(self, keys: Ints) -> tuple[Ints, Ints]:
        """For every pair whose a is a key: the key's index, and b."""
        which, found = [], []
        for chunk in self.chunks:
            low, high = (np.searchsorted(chunk, x << SHIFT) for x in (keys, keys + 1))
            at, of = expand(low, high)
            if at.size:
                which.append(of)
                found.append(chunk[at] & LOW)
        if not which:
            return NONE, NONE
        return np.concatenate(which), np.concatenate(found)

    def all(self) -> Ints:
        """The whole set as one sorted column."""
        if len(self.chunks) > 1:
            self.chunks = [np.sort(np.concatenate(self.chunks), kind="stable")]
        return self.chunks[0] if self.chunks else NONE


class Rows:
    """Rows by their first column. New rows meet all pairs once, old rows only new pairs."""

    def __init__(self) -> None:
        self.all = NO_ROWS  # that have arrived
        self._numbers = Pairs()  # (first column, number of the row)
        self._new: list[Ints] = []
        self._ones: list[tuple[int, ...]] = []
        self._seen: set[tuple[int, ...]] = set()

    def add(self, rows: Ints) -> None:
        """Adds rows; they are looked at in the next round."""
        if len(rows):
            self._new.append(rows)

    def add_one(self, *row: int) -> None:
        """Adds a row that a rule made, unless it was added before: a rule may feed itself."""
        if row not in self._seen:
            self._seen.add(row)
            self._ones.append(row)

    def __bool__(self) -> bool:
        """Whether rows wait for `arrived`."""
        return bool(self._new or self._ones)

    def arrived(self) -> Ints:
        """The rows added since the last call, now part of the old ones."""
        if self._ones:
            self._new.append(np.array(self._ones, np.int64))
        if not self:
            return NO_ROWS
        rows = np.concatenate(self._new)
        rows = rows[np.argsort(rows[:, 0], kind="stable")]
        self._new, self._ones = [], []
        count = len(self.all)
        self._numbers.add(pair(rows[:, 0], np.arange(count, count + len(rows))))
        self.all = np.concatenate((self.all, rows)) if count else rows
        return rows

    def matching(self, delta: Ints) -> tuple[Ints, Ints]:
        """Old rows whose first column is the a of a new pair, and that pair's b."""
        which, numbers = self._numbers.join(delta >> SHIFT)
        return self.all[numbers], delta[which] & LOW


class Arguments:
    """Rows (position, name, place) sorted by call, and the site that each call belongs to."""

    def __init__(self, rows: Ints, sites: Ints) -> None:
        """From `arg` rows, and the number of each call's site (-1: none)."""
        order = np.argsort(rows[:, 0], kind="stable")
        self._rows = rows[order, 1:4]
        counts = np.bincount(rows[:, 0], minlength=len(sites))
        self._start = np.append(0, np.cumsum(counts))
        self.site: list[int] = sites.tolist()  # number of the site that each call belongs to
        self.shapes: list[Shape] = []
        self.shape: Callable[[int], int] = cache(self._shape)  # number of each call's shape
        self._shape_number: dict[Shape, int] = {}
        self._new: list[Argument] = []
        self._new_starts: list[int] = []

    def add(self, arguments: list[Argument], site: int = -1) -> int:
        """Number of a new call with these arguments."""
        self._new += arguments
        self._new_starts.append(len(self._rows) + len(self._new))
        self.site.append(site)
        return len(self.site) - 1

    def _settle(self) -> None:
        if self._new_starts:
            new = np.array(self._new, np.int64).reshape(-1, 3)
            self._rows = np.concatenate((self._rows, new))
            self._start = np.append(self._start, self._new_starts)
            self._new, self._new_starts = [], []

    def of(self, call: int) -> list[Argument]:
        """The arguments of one call."""
        if call >= len(self._start) - 1:
            self._settle()
        low, high = self._start[call : call + 2]
        found: list[Argument] = self._rows[low:high].tolist()
        return found

    def _shape(self, call: int) -> int:
        arguments = self.of(call)
        names = sorted(name for at, name, _ in arguments if at == -1)
        shape = max((at + 1 for at, _, _ in arguments if at >= 0), default=0), tuple(names)
        number = self._shape_number.setdefault(shape, len(self.shapes))
        if number == len(self.shapes):
            self.shapes.append(shape)
        return number

    def at(self, call: int, position: int, keyword: int = -1) -> int:
        """The place passed at the position, or by the keyword's name; 0: none."""
        for at, name, place in self.of(call):
            if at == position >= 0 or (at == -1 and name == keyword):
                return place
        return 0

    def of_all(self, calls: Ints) -> tuple[Ints, Ints]:
        """The argument rows of all these calls, and for each the index of its call."""
        self._settle()
        at, of = expand(self._start[calls], self._start[calls + 1])
        return self._rows[at], of
