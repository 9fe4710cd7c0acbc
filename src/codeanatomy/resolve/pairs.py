"""How are sets of integer pairs kept and joined? As a few sorted chunks, by binary search."""

from collections.abc import Callable, Iterator, Sequence, Sized
from typing import Any  # a row or a number, as the column is

import numpy as np
import numpy.typing as npt

from codeanatomy.facts.ids import distinct

Ints = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
LOW = np.int64(0xFFFFFFFF)
SHIFT = np.int64(32)
NONE: Ints = np.empty(0, np.int64)
NO_ROWS: Ints = np.empty((0, 4), np.int64)
MERGE = 3  # a chunk is merged into its neighbour while that is less than so many times as large


def pair(a: Ints | int, b: Ints | int) -> Ints:
    """Two columns of numbers below 2**31 as one."""
    result: Ints = (np.asarray(a, np.int64) << SHIFT) | np.asarray(b, np.int64)
    return result


def expand(low: Ints, high: Ints) -> tuple[Ints, Ints]:
    """Positions inside the ranges low..high, and for each the number of its range."""
    size = high - low
    total = int(size.sum())
    if not total:
        return NONE, NONE
    which = np.repeat(np.arange(len(size), dtype=np.int64), size)
    first = np.cumsum(size) - size
    return np.arange(total, dtype=np.int64) - first[which] + low[which], which


def members(lists: Sequence[Sized], which: Ints) -> tuple[Ints, Ints]:
    """Where the members of these of the lists stand in all lists behind each other, and for each
    the position of its list in `which`."""
    ends = np.cumsum([len(x) for x in lists], dtype=np.int64)
    return expand(np.append(0, ends[:-1])[which], ends[which])


def each(*columns: Ints, where: Flags | None = None) -> Iterator[tuple[Any, ...]]:
    """What stands beside each other in the columns: of rows a list, else a number."""
    return zip(*((x if where is None else x[where]).tolist() for x in columns), strict=True)


def mapped(function: Callable[[int], int], values: Ints) -> Ints:
    """The function of each value; it is asked once per distinct value, in ascending order."""
    asked, inverse = np.unique(values, return_inverse=True)
    result: Ints = np.array([function(x) for x in asked.tolist()], np.int64)[inverse]
    return result


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
            at, of = expand(
                np.searchsorted(chunk, keys << SHIFT), np.searchsorted(chunk, (keys + 1) << SHIFT)
            )
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
