"""What is passed in each call? Argument rows by call; rules may add calls of their own."""

from collections import defaultdict
from collections.abc import Callable
from functools import cache
from itertools import count

import numpy as np

from codeanatomy.resolve.pairs import Ints, expand, mapped

Argument = list[int]  # position, name, place; see `arg` in facts/constraints.py
Shape = tuple[int, tuple[int, ...]]


class Arguments:
    """Rows (position, name, place) sorted by call, and the site that each call belongs to."""

    def __init__(self, rows: Ints, sites: Ints) -> None:
        """From `arg` rows, and the number of each call's site (-1: none)."""
        order = np.argsort(rows[:, 0], kind="stable")
        self._rows = rows[order, 1:4]
        counts = np.bincount(rows[:, 0], minlength=len(sites))
        self._start = np.append(0, np.cumsum(counts))
        self.site: list[int] = sites.tolist()  # number of the site that each call belongs to
        self.shape: Callable[[int], Shape] = cache(self._shape)  # of each call
        self._number: defaultdict[Shape, int] = defaultdict(count().__next__)  # of each shape
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

    def _shape(self, call: int) -> Shape:
        """How many positional arguments the call passes, and the names of the others."""
        arguments = self.of(call)
        names = sorted(name for at, name, _ in arguments if at == -1)
        return max((at + 1 for at, _, _ in arguments if at >= 0), default=0), tuple(names)

    def shapes(self, calls: Ints) -> Ints:
        """A number for each call, the same for those of one shape."""
        return mapped(lambda call: self._number[self.shape(call)], calls)

    def at(self, call: int, position: int, keyword: int = -1) -> int:
        """The place passed at the position, or by the keyword's name; 0: none."""
        for at, name, place in self.of(call):
            if at == position or (at == -1 and name == keyword):
                return place
        return 0

    def of_all(self, calls: Ints) -> tuple[Ints, Ints]:
        """The argument rows of all these calls, and for each the index of its call."""
        self._settle()
        at, of = expand(self._start[calls], self._start[calls + 1])
        return self._rows[at], of
