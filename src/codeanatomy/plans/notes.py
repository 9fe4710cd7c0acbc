"""What one walk over a plan collects beside the columns: scans, kinds of nodes, doubts."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from typing import TypeAlias

import msgspec
import pyarrow as pa

from codeanatomy.facts.errors import PlanError
from codeanatomy.plans.lineage import Column, Relation, Source, without_reach
from codeanatomy.plans.reach import Col

Scan: TypeAlias = tuple[str, str | None]  # table and its columns as printed, None for all

_SCAN = re.compile(r"^\s*TableScan: (\S+)(?: projection=\[([^\]\n]*)\])?", re.MULTILINE)


class Leaf(msgspec.Struct, frozen=True):
    """One scan: table, required columns, row limit."""

    table: str
    columns: tuple[str, ...]
    fetch: int | None = None


class Notes:
    """What was met so far while one plan is walked.

    Leaves are numbered in the order in which they are met; working tables of recursive queries have
    negative numbers, because they are not read from anywhere.
    """

    def __init__(self, schemas: Mapping[str, pa.Schema]) -> None:
        self.schemas = schemas
        self.leaves: list[Leaf] = []
        self.working: dict[int, str] = {}  # leaf number -> recursive query
        self.recursive: dict[str, dict[int, str]] = {}  # queries being walked: columns read
        self.nodes: Counter[str] = Counter()
        self.influence: set[Source] = set()
        self.opaque: list[str] = []  # what could not be read
        self.lost: list[str] = []  # why reach was lost, in the order of the walk
        self.unprinted: list[str] = []  # what the plan's text leaves out
        self.subqueries = False

    def scan(self, leaf: Leaf, names: Iterable[str]) -> Relation:
        """The relation of one more scan, of a table or of a working table: each column is itself.

        `names` are its columns as the plan calls them. Under a row limit any row decides, so none
        has reach. Raises PlanError for a table without a stub.
        """
        if leaf.table in self.recursive:
            number = -1 - len(self.working)
            self.working[number] = leaf.table
        elif leaf.table in self.schemas:
            number = len(self.leaves)
            self.leaves.append(leaf)
        else:
            raise PlanError(
                f"the plan reads {leaf.table!r}, which is not among the given schemas; "
                "plan over stubs (planning_session)"
            )
        columns = tuple(
            Column(name, frozenset({(number, c)}), {number: c}, {number: Col((c,))})
            for name, c in zip(names, leaf.columns, strict=True)
        )
        made = Relation(columns, frozenset({number}))
        return made if leaf.fetch is None else without_reach(made)

    def type(self, column: Column) -> pa.DataType | None:
        """The type of what the column is, unchanged; None where leaves differ or have none."""
        types = {
            self.schemas[self.leaves[n].table].field(c).type if n >= 0 else None
            for n, c in column.direct.items()
        }
        return types.pop() if len(types) == 1 else None

    def table(self, number: int) -> str:
        """Table of a leaf; the recursive query's name for its working table."""
        return self.working[number] if number < 0 else self.leaves[number].table

    def texts(self, sources: Iterable[Source]) -> tuple[str, ...]:
        """Sources as sorted `table.column`."""
        return tuple(sorted({f"{self.table(n)}.{c}" for n, c in sources}))

    def every_source(self) -> set[Source]:
        """All columns of all leaves met so far."""
        return {(n, c) for n, leaf in enumerate(self.leaves) for c in leaf.columns}


def scans(text: str) -> Counter[Scan]:
    """The scans in a plan's text, counted."""
    return Counter((m[1], m[2]) for m in _SCAN.finditer(text))
