"""Evidence of what CPython's compiler makes of a file, of which nothing is run, and of its symbol
tables."""

from typing import Annotated

import msgspec

from codeanatomy.facts import types as t


class CodeObject(msgspec.Struct, frozen=True):
    """One row per code object, each after the one it stands in."""

    file_id: Annotated[int, t.FILE]
    node: Annotated[int, t.NODE, "by its qualified name and number among equal ones"]
    outer: Annotated[int | None, t.COMPILED, "code object among whose constants it is"]
    construct: Annotated[str, t.CODED, t.CONSTRUCT, "ast class it was made from; '' is another"]
    name: Annotated[str, t.CODED, t.NAME]
    qualname: Annotated[str, t.QUALNAME, "as the interpreter says it: f.<locals>.g"]
    flags: Annotated[int, t.INT32, "co_flags"]
    stack: Annotated[int, t.INT32, t.COUNT, "values that its stack holds at most"]
    bstart: Annotated[int | None, t.BSTART, "of the expression or statement that makes it"]
    bend: Annotated[int | None, t.BEND]
    line: Annotated[int, t.INT32, t.LINE, "co_firstlineno"]
    python: Annotated[str, t.CODED, "interpreter whose bytecode this is: cpython 3.11.7"]
    witness: Annotated[str, t.CODED, t.EVIDENCE, "extractor that gave the row"]


class Instruction(msgspec.Struct, frozen=True):
    """One row per instruction, prefixes included, inline caches left out."""

    file_id: Annotated[int, t.FILE]
    code: Annotated[int, t.COMPILED]
    offset: Annotated[int, t.INT32, t.ORDINAL, "bytes from the start of co_code"]
    opcode: Annotated[str, t.CODED, "LOAD_NAME"]
    argument: Annotated[int | None, t.INT32, "with its prefixes; null where it has none"]
    block: Annotated[int, t.INT32, "number of its basic block in the code object"]
    line: Annotated[int | None, t.INT32, t.LINE]
    bstart: Annotated[int | None, t.BSTART]
    bend: Annotated[int | None, t.BEND]


class CodeEdge(msgspec.Struct, frozen=True):
    """One step between basic blocks; a block starts at its first instruction."""

    file_id: Annotated[int, t.FILE]
    code: Annotated[int, t.COMPILED]
    block: Annotated[int, t.INT32]
    follower: Annotated[int, t.INT32, "block that may run next"]
    way: Annotated[str, t.CODED, "next, jump or exception"]


class ExceptionEntry(msgspec.Struct, frozen=True):
    """One row per entry of an exception table: where an exception in a range goes."""

    file_id: Annotated[int, t.FILE]
    code: Annotated[int, t.COMPILED]
    start: Annotated[int, t.INT32, "offset"]
    stop: Annotated[int, t.INT32, "offset, exclusive"]
    target: Annotated[int, t.INT32, "offset of the handler"]
    depth: Annotated[int, t.INT32, t.COUNT, "values left on the stack"]
    lasti: Annotated[bool, t.FLAG, "the offset where it was raised is pushed, too"]


class CodeConstant(msgspec.Struct, frozen=True):
    """One row per constant of a code object."""

    file_id: Annotated[int, t.FILE]
    code: Annotated[int, t.COMPILED]
    position: Annotated[int, t.INT32, t.ORDINAL]
    type: Annotated[str, t.CODED, "str, tuple, frozenset, code ..."]
    value: Annotated[str, t.CODED, t.TEXT, "repr, at most 200 characters; a code object's qualname"]


CODE_TABLES = (CodeObject, Instruction, CodeEdge, ExceptionEntry, CodeConstant)


class CodeObjectRow(msgspec.Struct, frozen=True):
    """Stored as `code_objects`: the nodes of code objects, and what they are made of."""

    node_id: Annotated[int, t.NODE_ID]
    file_id: Annotated[int, t.FILE]
    code: Annotated[int, t.NODE, "as the tables of instructions and constants call it"]
    outer: Annotated[int | None, t.COMPILED, "code object among whose constants it is"]
    made_of: Annotated[int | None, t.VALUE, "key of the function, body or comprehension"]
    witness: Annotated[str, t.CODED, t.EVIDENCE]


class SymbolScope(msgspec.Struct, frozen=True):
    """One row per symbol table of a file, each after the one around it."""

    file_id: Annotated[int, t.FILE]
    scope: Annotated[int, t.INT32, t.ORDINAL, "number in the file; 0 is the module"]
    outer: Annotated[int | None, t.INT32, "number of the scope around"]
    holder: Annotated[int, t.INT32, "scope of the module, class or function it is (part of)"]
    type: Annotated[str, t.CODED, "module, class, function, other (of annotations, generics)"]
    name: Annotated[str, t.CODED, t.NAME, "that of the definition; top, lambda, listcomp ..."]
    line: Annotated[int, t.INT32, t.LINE, "0 for the module"]


class Symbol(msgspec.Struct, frozen=True):
    """One row per name of a scope; private names as mangled."""

    file_id: Annotated[int, t.FILE]
    scope: Annotated[int, t.INT32, "number of the scope"]
    name: Annotated[str, t.CODED, t.NAME]
    means: Annotated[str, t.CODED, "local, cell, free, global (declared), implicit (global)"]
    home: Annotated[int | None, t.INT32, "holder of the scope that binds it; null: none does"]
    referenced: Annotated[bool, t.FLAG]
    assigned: Annotated[bool, t.FLAG]
    parameter: Annotated[bool, t.FLAG]
    imported: Annotated[bool, t.FLAG]
    annotated: Annotated[bool, t.FLAG]
    declared: Annotated[bool, t.FLAG, "named by a global or nonlocal statement"]
