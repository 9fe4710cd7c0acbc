"""What CPython's compiler makes of files, and its symbol tables: what this plug-in declares."""

from functools import partial

from codeanatomy.facts import types as t
from codeanatomy.facts.ids import sql_node_id
from codeanatomy.semantic.declare import Entity, Output, Property, Relation, View
from codeanatomy_bytecode import compiled, symbols
from codeanatomy_bytecode import tables as told
from codeanatomy_bytecode.conflicts import SCOPE_CONFLICT

__all__ = ["SCOPE_CONFLICT"]

WITNESSES = (compiled.EXTRACTOR, symbols.EXTRACTOR)

CODE_OBJECT_ROWS = View(
    name="code_object_rows",
    struct=told.CodeObjectRow,
    sql=f"""
        SELECT {sql_node_id('c."file_id"', 'c."node"')} AS "node_id", c."file_id",
               c."node" AS "code", c."outer", s."made_of", c."witness"
        FROM "code_object" c LEFT JOIN (
            SELECT "file_id", "construct", "bstart", "bend", "body" AS "made_of" FROM "definition"
            UNION ALL
            SELECT "file_id", "construct", "bstart", "bend", "node" FROM "syntax"
            WHERE "construct" IN ('ListComp', 'SetComp', 'DictComp', 'GeneratorExp')
        ) s ON c."file_id" = s."file_id" AND c."construct" = s."construct"
            AND c."bstart" = s."bstart" AND c."bend" = s."bend"
    """,
)

CODE_OBJECT = Entity(
    name="code_object",
    table="code_object",
    kind="CODE_OBJECT",
    properties=(
        Property("FLAGS", "flags"),
        Property("STACK_SIZE", "stack"),
        Property("INTERPRETER", "python"),
    ),
)

BYTECODE_OF = Relation(
    name="rel_bytecode_of",
    kind="BYTECODE_OF",
    left=("code_object_rows",),
    src=t.NODE,
    dst=t.VALUE,
    origin="bytecode",
)

# rows of a file keep their order
_told = partial(Output, sort=(t.FILE,))
OUTPUTS = (
    _told(name="code_objects", struct=told.CodeObjectRow, feeds="code_object_rows"),
    _told(name="instructions", struct=told.Instruction, feeds="instruction"),
    _told(name="code_edges", struct=told.CodeEdge, feeds="code_edge"),
    _told(name="exception_entries", struct=told.ExceptionEntry, feeds="exception_entry"),
    _told(name="code_constants", struct=told.CodeConstant, feeds="code_constant"),
    _told(name="symbol_scopes", struct=told.SymbolScope, feeds="symbol_scope"),
    _told(name="symbols", struct=told.Symbol, feeds="symbol"),
)
