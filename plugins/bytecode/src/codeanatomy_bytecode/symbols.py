"""The symtable witness, on demand: scopes and names as the interpreter's own symbol tables have
them, to hold against our own scope facts."""

import symtable
from collections.abc import Sequence
from functools import partial
from typing import Protocol

import numpy as np
import pyarrow as pa

from codeanatomy.extract.columns import Column, coded, interned, optional, table
from codeanatomy.extract.witness import Extractor, Source, Wanted, trouble_table
from codeanatomy.facts.schema import table_name
from codeanatomy.facts.tables.trouble import FileProblem
from codeanatomy_bytecode.tables import Symbol, SymbolScope
from codeanatomy_bytecode.taking import taken

WITNESS = "symtable"
NONE = -1
TYPES = ("function", "class", "module", "other")  # by the interpreter's numbers, as the next
MEANS = ("", "local", "global", "implicit", "free", "cell")
_CLASS, _OTHER = 1, 3
_BITS: dict[str, int] = vars(symtable)
_SHIFT, _MASK, _BOUND = _BITS["SCOPE_OFF"], _BITS["SCOPE_MASK"], _BITS["DEF_BOUND"]
_FLAGS = {  # column: bits of a symbol that set it
    "referenced": _BITS["USE"],
    "assigned": _BITS["DEF_LOCAL"],
    "parameter": _BITS["DEF_PARAM"],
    "imported": _BITS["DEF_IMPORT"],
    "annotated": _BITS["DEF_ANNOT"],
    "declared": _BITS["DEF_GLOBAL"] | _BITS["DEF_NONLOCAL"],
}


class Raw(Protocol):
    """A symbol table of the interpreter."""

    name: str
    type: int
    lineno: int
    symbols: dict[str, int]
    children: Sequence["Raw"]


class SymtableCollector:
    """Asks for the symbol tables of one file after the other."""

    def __init__(self, _wanted: Wanted) -> None:
        self._found: list[Raw] = []
        self._scopes: list[tuple[int, int, int, int]] = []  # file, number, outer, holder
        self._symbols: list[tuple[int, int, int, int]] = []  # file, scope, bits, home
        self._problems: list[tuple[int, FileProblem]] = []

    def add(self, ordinal: int, source: Source) -> bool:
        """True when the file has a tree that the interpreter makes symbol tables of."""
        if source.tree is None:
            return False
        # bytes are read as those of a file are
        make = partial(symtable.symtable, source.content, "<source>", "exec")  # type: ignore[arg-type]
        top = taken(make, source, WITNESS)
        if isinstance(top, FileProblem):
            self._problems.append((ordinal, top))
            return False
        found: list[Raw] = []
        outer: list[int] = []
        holders: list[int] = []
        waiting: list[tuple[Raw, int]] = [(vars(top)["_table"], NONE)]
        while waiting:
            raw, around = waiting.pop()
            waiting += [(child, len(found)) for child in reversed(raw.children)]
            part = raw.type >= _OTHER or ".0" in raw.symbols  # what a comprehension goes over
            holders.append(holders[around] if part else len(found))
            outer.append(around)
            found.append(raw)
            self._scopes.append((ordinal, len(found) - 1, around, holders[-1]))
        self._found += found
        for number, bits, home in homes(found, outer):
            home = holders[home] if home >= 0 else NONE
            self._symbols.append((ordinal, number, bits, home))
        return True

    def finish(self) -> dict[str, pa.Table]:
        """The tables of `EXTRACTOR`."""
        file, scope, outer, holder = np.array(self._scopes, np.int32).reshape(-1, 4).T
        kind = np.array([min(raw.type, _OTHER) for raw in self._found], np.int32)
        scopes: dict[str, Column] = {
            "file": file,
            "scope": scope,
            "outer": optional(outer, outer < 0),
            "holder": holder,
            "type": coded(kind, TYPES),
            "name": interned([raw.name for raw in self._found]),
            "line": np.array([raw.lineno for raw in self._found], np.int32),
        }
        file, scope, bits, home = np.array(self._symbols, np.int32).reshape(-1, 4).T
        symbols: dict[str, Column] = {
            "file": file,
            "scope": scope,
            "name": interned([name for raw in self._found for name in raw.symbols]),
            "means": coded(bits >> _SHIFT & _MASK, MEANS),
            "home": optional(home, home < 0),
        }
        symbols |= {column: bits & mask != 0 for column, mask in _FLAGS.items()}
        problems = {table_name(FileProblem): trouble_table(self._problems)}
        return table(SymbolScope, scopes) | table(Symbol, symbols) | problems


def homes(found: Sequence[Raw], outer: Sequence[int]) -> list[tuple[int, int, int]]:
    """For each symbol of the tables of a file: the table, its bits, and the table that binds it
    (NONE if none does)."""
    module = {
        name
        for number, raw in enumerate(found)
        for name, bits in raw.symbols.items()
        if bits & _BOUND and (not number or MEANS[bits >> _SHIFT & _MASK] == "global")
    }
    told = []
    for number, raw in enumerate(found):
        for name, bits in raw.symbols.items():
            home, means = number, MEANS[bits >> _SHIFT & _MASK]
            while means == "free" and home:
                home = outer[home]
                above = found[home].symbols.get(name, 0)
                if found[home].type != _CLASS and above:
                    means = MEANS[above >> _SHIFT & _MASK]
            if means not in ("local", "cell"):
                home = 0 if name in module else NONE
            told.append((number, bits, home))
    return told


EXTRACTOR = Extractor(
    WITNESS, 1, 40, (SymbolScope, Symbol, FileProblem), SymtableCollector, on_demand=True
)
