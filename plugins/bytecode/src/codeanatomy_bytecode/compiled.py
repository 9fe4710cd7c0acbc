"""The bytecode witness, on demand: what CPython's compiler makes of the parsed tree. The code is
read, never run."""

import dis
import platform
import sys
from functools import partial
from types import CodeType

import msgspec
import numpy as np
import pyarrow as pa

from codeanatomy.extract.columns import Column, coded, constant, interned, optional, table
from codeanatomy.extract.decoding import line_starts
from codeanatomy.extract.forest import Ints, ordinals
from codeanatomy.extract.witness import Extractor, Source, Wanted, trouble_table
from codeanatomy.facts.ids import hash_text, hash_texts, mix
from codeanatomy.facts.schema import table_name
from codeanatomy.facts.tables.trouble import FileProblem
from codeanatomy_bytecode import decoding
from codeanatomy_bytecode.tables import CODE_TABLES
from codeanatomy_bytecode.taking import taken

WITNESS = "bytecode"
PYTHON = f"{sys.implementation.name} {platform.python_version()}"
VALUE_LIMIT = 200
TABLES: tuple[type[msgspec.Struct], ...] = (*CODE_TABLES, FileProblem)
NONE = decoding.NONE
_OPCODES = decoding.Opcodes(dis)
_CODE = hash_text("code:")
_LONG = 10**4300  # what Python writes out by default
_CONSTRUCTS = {
    "<module>": "Module",
    "<lambda>": "Lambda",
    "<listcomp>": "ListComp",
    "<setcomp>": "SetComp",
    "<dictcomp>": "DictComp",
    "<genexpr>": "GeneratorExp",
}
_FUNCTION, _ASYNC = 0x2, 0x80 | 0x200  # CO_NEWLOCALS; CO_COROUTINE or CO_ASYNC_GENERATOR


class Text(msgspec.Struct, frozen=True):
    """Where the bytes of a file stand; kept until its batch is done."""

    ordinal: int
    size: int  # bytes of the content
    lines: Ints
    places: Ints  # of the parser's bytes, and of their end, in the content


class BytecodeCollector:
    """Compiles one file after the other, and makes the tables of the batch from the code."""

    def __init__(self, _wanted: Wanted) -> None:
        self._texts: list[Text] = []
        self._codes: list[CodeType] = []  # each after the one it stands in
        self._file: list[int] = []  # of each its number in the batch,
        self._outer: list[int] = []  # and of the one it stands in, NONE for a module
        self._problems: list[tuple[int, FileProblem]] = []

    def add(self, ordinal: int, source: Source) -> bool:
        """True when the file has a tree that the compiler takes."""
        if source.tree is None:
            return False
        make = partial(compile, source.tree, "<source>", "exec", dont_inherit=True, optimize=0)
        code = taken(make, source, WITNESS)
        if isinstance(code, FileProblem):
            self._problems.append((ordinal, code))
            return False
        places = np.arange(len(source.utf8) + 1) if source.origin is None else source.origin
        waiting = [(code, NONE)]
        while waiting:
            one, outer = waiting.pop()
            inner = [value for value in one.co_consts if isinstance(value, CodeType)]
            waiting += [(value, len(self._codes)) for value in reversed(inner)]
            self._codes.append(one)
            self._outer.append(outer)
            self._file.append(len(self._texts))
        self._texts.append(Text(ordinal, len(source.content), line_starts(source.utf8), places))
        return True

    def finish(self) -> dict[str, pa.Table]:
        """The tables of `TABLES`."""
        codes, outer = self._codes, np.array(self._outer, np.int64)
        file = np.array(self._file, np.int64)
        ordinal = np.array([text.ordinal for text in self._texts], np.int32)[file]
        qualnames = interned([code.co_qualname for code in codes])
        word = qualnames.indices.to_numpy()
        number = ordinals(np.unique(file << 32 | word, return_inverse=True)[1])
        names = hash_texts(qualnames.dictionary.to_pylist())[word]
        key = mix(mix(names, _CODE), number.astype(np.int64))

        def of(code: Ints) -> dict[str, Column]:
            return {"file": ordinal[code], "code": key[code]}

        values = [value for code in codes for value in code.co_consts]
        holder = np.repeat(np.arange(len(codes)), [len(code.co_consts) for code in codes])
        found = decoding.instructions([code.co_code for code in codes], _OPCODES)
        line, start, end = self._places(file, found)
        # a code object stands where it is loaded; those in one are its constants in their order
        loaded = np.full(len(values), NONE, np.int64)
        inner = np.array([isinstance(value, CodeType) for value in values], np.bool_)
        loaded[inner] = np.argsort(outer, kind="stable")[len(self._texts) :]
        rows = np.flatnonzero(_OPCODES.loads[found.op])
        at = loaded[np.searchsorted(holder, found.code[rows]) + found.argument[rows]]
        span = np.full((2, len(codes)), NONE, np.int64)
        span[:, at[at >= 0]] = start[rows[at >= 0]], end[rows[at >= 0]]
        span[0, outer < 0], span[1, outer < 0] = 0, [text.size for text in self._texts]
        objects: dict[str, Column] = {
            "file": ordinal,
            "node": key,
            "outer": optional(key[outer], outer < 0),
            "construct": interned([construct(code) for code in codes]),
            "name": interned([code.co_name for code in codes]),
            "qualname": [code.co_qualname for code in codes],
            "flags": np.array([code.co_flags for code in codes], np.int32),
            "stack": np.array([code.co_stacksize for code in codes], np.int32),
            "bstart": optional(span[0], span[0] < 0),
            "bend": optional(span[1], span[1] < 0),
            "line": np.array([code.co_firstlineno for code in codes], np.int32),
            "python": constant(PYTHON, len(codes)),
        }
        constants = of(holder) | {
            "position": ordinals(holder),
            "type": interned([type(value).__name__ for value in values]),
            "value": interned([shown(value) for value in values]),
        }
        caught = decoding.handlers([code.co_exceptiontable for code in codes], found.base)
        block, steps = decoding.blocks(found, caught, _OPCODES)
        first = block[np.searchsorted(found.unit, found.base[:-1])]  # block of each code object
        instructions = of(found.code) | {
            "offset": (found.unit - found.base[found.code]) * 2,
            "opcode": coded(found.op, _OPCODES.names),
            "argument": optional(found.argument.astype(np.int32), found.argument < 0),
            "block": block - first[found.code],
            "line": optional(line.astype(np.int32), line < 0),
            "bstart": optional(start, start < 0),
            "bend": optional(end, end < 0),
        }
        holder = np.searchsorted(first, steps[:, 0], "right") - 1
        edges = of(holder) | {
            "block": steps[:, 0] - first[holder],
            "follower": steps[:, 1] - first[holder],
            "way": coded(steps[:, 2], decoding.WAYS),
        }
        base = found.base[caught[0]]
        entries = of(caught[0]) | {
            "start": (caught[1] - base) * 2,
            "stop": (caught[2] - base) * 2,
            "target": (caught[3] - base) * 2,
            "depth": caught[4] >> 1,
            "lasti": caught[4] & 1 == 1,
        }
        columns = (objects, instructions, edges, entries, constants)
        made = {table_name(FileProblem): trouble_table(self._problems)}
        for struct, told in zip(TABLES, columns, strict=False):
            made |= table(struct, told)
        return made

    def _places(self, file: Ints, found: decoding.Instructions) -> tuple[Ints, Ints, Ints]:
        """Line, and first and last byte in the content, of each instruction; NONE where unknown."""
        tables = [code.co_linetable for code in self._codes]
        first = np.array([code.co_firstlineno for code in self._codes], np.int64)
        line, *told = (x[found.unit] for x in decoding.locations(tables, first))
        start, end_line, end = told
        bounds = np.searchsorted(file[found.code], np.arange(len(self._texts) + 1))
        for text, low, high in zip(self._texts, bounds, bounds[1:], strict=False):
            last = len(text.places) - 1
            for at, column in (
                (line[low:high], start[low:high]),
                (end_line[low:high], end[low:high]),
            ):
                place = text.lines[np.minimum(at, len(text.lines) - 1)] + column
                column[:] = np.where(column < 0, NONE, text.places[np.clip(place, 0, last)])
        return line, start, np.maximum(start, end)


def construct(code: CodeType) -> str:
    """The ast class that a code object was made from, as its name and flags tell."""
    if code.co_name.startswith("<"):
        return _CONSTRUCTS.get(code.co_name, "")
    if not code.co_flags & _FUNCTION:
        return "ClassDef"
    return "AsyncFunctionDef" if code.co_flags & _ASYNC else "FunctionDef"


def shown(value: object) -> str:
    """repr of a constant, at most 200 characters, the same in every run."""
    if isinstance(value, CodeType):
        return value.co_qualname
    if isinstance(value, tuple):
        comma = "," if len(value) == 1 else ""
        return f"({', '.join(map(shown, value))}{comma})"[:VALUE_LIMIT]
    if isinstance(value, frozenset):
        return f"frozenset({{{', '.join(sorted(map(shown, value)))}}})"[:VALUE_LIMIT]
    if isinstance(value, int) and abs(value) >= _LONG:
        return hex(value)[:VALUE_LIMIT]
    return repr(value)[:VALUE_LIMIT]


EXTRACTOR = Extractor(WITNESS, 1, 30, TABLES, BytecodeCollector, on_demand=True)
