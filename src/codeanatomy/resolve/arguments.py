"""What is passed in each call? Argument rows by call; rules may add calls of their own."""

import numpy as np

from codeanatomy.facts.ids import distinct
from codeanatomy.resolve.pairs import Ints, expand

Argument = list[int]  # position, name, place; see `arg` in facts/constraints.py
Shape = tuple[int, tuple[int, ...]]


class Arguments:
    """Rows (position, name, place) sorted by call, and the site that each call belongs to."""

    def __init__(self, rows: Ints, sites: Ints) -> None:
        """From `arg` rows, and the number of each call's site (-1: none)."""
        order = np.argsort(rows[:, 0], kind="stable")
        self._rows = rows[order, 1:4]
        counts = np.bincount(rows[:, 0], minlength=len(sites))
        self._start = np.concatenate(([0], np.cumsum(counts)))
        self._sites = sites
        self.shape_of: list[Shape] = []
        self._shape_number: dict[Shape, int] = {}
        self._shapes = np.full(len(sites), -1, np.int64)  # of each call, once asked for
        self._new: list[Argument] = []
        self._new_starts: list[int] = []
        self._new_sites: list[int] = []

    def add(self, arguments: list[Argument], site: int = -1) -> int:
        """Number of a new call with these arguments."""
        self._new += arguments
        self._new_starts.append(len(self._rows) + len(self._new))
        self._new_sites.append(site)
        return len(self._sites) + len(self._new_sites) - 1

    def _settle(self) -> None:
        if self._new_starts:
            new = np.array(self._new, np.int64).reshape(-1, 3)
            self._rows = np.concatenate((self._rows, new))
            self._start = np.concatenate((self._start, self._new_starts))
            self._sites = np.concatenate((self._sites, self._new_sites))
            self._shapes = np.append(self._shapes, np.full(len(self._new_sites), -1))
            self._new, self._new_starts, self._new_sites = [], [], []

    def of(self, call: int) -> list[Argument]:
        """The arguments of one call."""
        if call >= len(self._sites):
            self._settle()
        low, high = self._start[call : call + 2]
        found: list[Argument] = self._rows[low:high].tolist()
        return found

    def shape(self, call: int) -> Shape:
        """How many positional arguments the call passes, and the names of the others."""
        if call >= len(self._sites):
            self._settle()
        number = int(self._shapes[call])
        if number < 0:
            passed, names = 0, []
            for at, name, _ in self.of(call):
                passed = max(passed, at + 1)
                if at == -1:
                    names.append(name)
            shape = passed, tuple(sorted(names))
            number = self._shape_number.setdefault(shape, len(self.shape_of))
            if number == len(self.shape_of):
                self.shape_of.append(shape)
            self._shapes[call] = number
        return self.shape_of[number]

    def shapes(self, calls: Ints) -> Ints:
        """The number of each call's shape in `shape_of`."""
        self._settle()
        for call in distinct(calls[self._shapes[calls] < 0]).tolist():
            self.shape(call)
        result: Ints = self._shapes[calls]
        return result

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

    def site(self, call: int) -> int:
        """Number of the site that the call belongs to; -1: none."""
        known = len(self._sites)
        return int(self._sites[call]) if call < known else self._new_sites[call - known]
