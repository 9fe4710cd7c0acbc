"""What do the arrays of code objects say? Decoded for a whole batch at once, in numpy.

Formats of CPython 3.11 to 3.13: `co_code` holds units of two bytes, `co_linetable` entries for
runs of units (Objects/locations.md), `co_exceptiontable` entries of four numbers
(Objects/exception_handling_notes.txt). In both tables the first byte of an entry has its top bit
set and no other byte has. Code objects, units and blocks are numbered through the batch.
"""

import re
from collections.abc import Sequence
from types import ModuleType, SimpleNamespace

import msgspec
import numpy as np

from codeanatomy.extract.forest import Ints
from codeanatomy.facts.ids import distinct

NONE = -1
WAYS = ("next", "jump", "exception")
_LEAVING = re.compile(r"RETURN_(VALUE|CONST)|RAISE_VARARGS|RERAISE|JUMP_(FORWARD|BACKWARD.*)")


class Opcodes:
    """An interpreter's opcodes, as arrays over all 256."""

    def __init__(self, tables: ModuleType | SimpleNamespace) -> None:
        """From the module `dis`, or what it said elsewhere."""
        self.names: list[str] = tables.opname[:256]
        number = np.arange(256)
        given = getattr(tables, "hasarg", range(tables.HAVE_ARGUMENT, 256))
        self.has_argument = np.isin(number, list(given))
        self.loads = np.isin(number, list(tables.hasconst))
        self.leaves = np.array([bool(_LEAVING.fullmatch(name)) for name in self.names])
        back = np.array(["BACKWARD" in name for name in self.names])
        self.jump: Ints = np.where(back, -1, 1) * np.isin(number, list(tables.hasjrel)).astype(int)


class Instructions(msgspec.Struct, frozen=True):
    """Arrays over the instructions of a batch: caches are left out, prefixes kept."""

    code: Ints
    unit: Ints
    op: Ints
    argument: Ints  # NONE where it has none
    base: Ints  # first unit of each code object, and the number of all


def instructions(codes: Sequence[bytes], ops: Opcodes) -> Instructions:
    """The instructions of these `co_code`."""
    op, low = np.frombuffer(b"".join(codes), np.uint8).astype(np.int64).reshape(-1, 2).T
    argument = low.copy()
    prefix = op[:-1] == ops.names.index("EXTENDED_ARG")
    for _ in range(3):  # prefixes that one argument may have
        argument[1:] = low[1:] | np.where(prefix, argument[:-1] << 8, 0)
    argument[~ops.has_argument[op]] = NONE
    base = np.cumsum([0, *(len(code) // 2 for code in codes)])
    unit = np.flatnonzero(op != ops.names.index("CACHE"))
    code = np.searchsorted(base, unit, "right") - 1
    return Instructions(code, unit, op[unit], argument[unit], base)


def locations(tables: Sequence[bytes], first: Ints) -> tuple[Ints, Ints, Ints, Ints]:
    """Line, column, end line and end column of each unit, NONE where there is none, from these
    `co_linetable` and `co_firstlineno`. Columns count bytes of the parser's text."""
    data, start, code = _entries(tables)
    kind, length = data[start] >> 3 & 15, (data[start] & 7) + 1
    column, end_column = data[start + 1], data[start + 2]
    down = np.clip(kind - 10, 0, 2)
    further = np.zeros(len(start), np.int64)
    short = kind < 10
    end_column[short] = column[short] & 15
    column[short] = kind[short] << 3 | column[short] >> 4
    end_column[short] += column[short]
    rows = np.flatnonzero((kind == 13) | (kind == 14))
    step, at = _numbers(data, start[rows] + 1)
    down[rows] = np.where(step & 1, -(step >> 1), step >> 1)
    whole = kind[rows] == 14
    rows, at = rows[whole], at[whole]
    further[rows], at = _numbers(data, at)
    column[rows], at = _numbers(data, at)
    end_column[rows], at = _numbers(data, at)
    column[rows] -= 1
    end_column[rows] -= 1
    nowhere = kind == 15
    down[nowhere] = 0
    total = np.cumsum(down)
    line = total + (first - np.append(0, total)[np.searchsorted(code, np.arange(len(first)))])[code]
    column[nowhere | (kind == 13)] = end_column[nowhere | (kind == 13)] = NONE
    end_line = np.where(nowhere, NONE, line + further)
    line[nowhere] = NONE
    a, b, c, d = (np.repeat(x, length) for x in (line, column, end_line, end_column))
    return a, b, c, d


def handlers(tables: Sequence[bytes], base: Ints) -> tuple[Ints, Ints, Ints, Ints, Ints]:
    """Code object, first unit, unit after the last, unit of the handler, and twice the depth plus
    the flag of each entry of these `co_exceptiontable`."""
    data, at, code = _entries(tables)
    start, at = _numbers(data, at, big=True)
    size, at = _numbers(data, at, big=True)
    target, at = _numbers(data, at, big=True)
    depth, at = _numbers(data, at, big=True)
    return code, start + base[code], start + size + base[code], target + base[code], depth


def blocks(found: Instructions, caught: Sequence[Ints], ops: Opcodes) -> tuple[Ints, Ints]:
    """The basic block of each instruction, and the steps between blocks as sorted rows of (from,
    to, number in WAYS). Blocks are cut at jumps and their targets, and where a handler's range is;
    `caught` as from `handlers`."""
    _, start, stop, handler, _ = caught
    after = np.append(found.unit[1:], found.base[-1:])
    jumps = np.flatnonzero(ops.jump[found.op])
    target = after[jumps] + ops.jump[found.op[jumps]] * found.argument[jumps]
    leaves = ops.leaves[found.op]
    cuts = (found.base, after[leaves], after[jumps], target, start, stop, handler)
    leaders = distinct(np.concatenate(cuts))
    leaders = leaders[leaders < found.base[-1]]
    block = np.searchsorted(leaders, found.unit, "right") - 1
    last = np.flatnonzero(np.diff(block, append=len(leaders)) & ~leaves)
    low, high = np.searchsorted(leaders, start), np.searchsorted(leaders, stop)
    within = np.repeat(high - np.cumsum(high - low), high - low) + np.arange((high - low).sum())
    ways = (
        (block[last], block[last] + 1),
        (block[jumps], np.searchsorted(leaders, target)),
        (within, np.repeat(np.searchsorted(leaders, handler), high - low)),
    )
    steps = [np.stack((*ends, np.full(len(ends[0]), way)), 1) for way, ends in enumerate(ways)]
    rows = np.concatenate(steps)
    return block, rows[np.lexsort(rows.T[::-1])]


def _entries(tables: Sequence[bytes]) -> tuple[Ints, Ints, Ints]:
    """The tables as one array, where entries start in it, and the number of the table of each."""
    data = np.frombuffer(b"".join((*tables, bytes(8))), np.uint8).astype(np.int64)
    start = np.flatnonzero(data & 128)
    ends = np.cumsum([len(table) for table in tables])
    return data, start, np.searchsorted(ends, start, "right")


def _numbers(data: Ints, at: Ints, *, big: bool = False) -> tuple[Ints, Ints]:
    """The numbers written at these places, six bits a byte, and the places after them; the most
    significant bits come first where `big`."""
    value, at = np.zeros(len(at), np.int64), at.copy()
    more, shift = np.arange(len(at)), 0
    while len(more):
        byte = data[at[more]]
        bits = byte & 63
        value[more] = value[more] << 6 | bits if big else value[more] | bits << shift
        at[more] += 1
        more, shift = more[byte & 64 != 0], shift + 6
    return value, at
