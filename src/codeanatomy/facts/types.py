"""The semantic types: what a column means. All routing asks these, never a column's name.

A type belongs to a compatibility group; only columns of one group can be joined. A `key`
identifies the row's own thing, a `ref` points at a thing that another row's key identifies. Keys
and refs of nodes are local to a file (they are meaningful only together with the file's id).
"""

import msgspec
import pyarrow as pa


class SemanticType(msgspec.Struct, frozen=True):
    """Meaning of a column: unique name, compatibility group, and role inside the group."""

    name: str
    group: str
    role: str = "value"  # value | key | ref | owner
    within: str = ""  # the type of the column beside it that makes it unique: a node's file
    unit: str = ""


# physical marks: how Arrow stores the column, where not as its Python type tells
CODED = pa.dictionary(pa.int32(), pa.string())
FEW = pa.dictionary(pa.int8(), pa.string())  # at most 127 distinct texts: kinds, origins
INT32, INT8 = pa.int32(), pa.int8()

# file identity: two types, so that a reference to a file never looks like the row's own file
FILE = SemanticType("file.owner", "file", "owner")
FILE_REF = SemanticType("file.ref", "file", "ref")
PATH = SemanticType("file.path", "path")
MODULE = SemanticType("module.name", "module", "key")
CONTENT = SemanticType("content.hash", "content")

# nodes inside one file; keys are 63-bit integers made path-free at extraction
NODE = SemanticType("node.key", "node", "key", "file.owner")
PARENT = SemanticType("node.parent", "node", "ref", "file.owner")  # syntactic parent
OWNER = SemanticType("node.owner", "node", "ref", "file.owner")  # innermost named thing
CONTAINER = SemanticType("node.container", "node", "ref", "file.owner")  # METHOD or module around
SCOPE = SemanticType("node.scope", "node", "ref", "file.owner")  # scope a name is looked up in
DECLARED = SemanticType("node.declared", "node", "ref", "file.owner")  # what a name means
CALL_SITE = SemanticType("node.call", "node", "ref", "file.owner")
CALLEE = SemanticType("node.callee", "node", "ref", "file.owner")
RECEIVER = SemanticType("node.receiver", "node", "ref", "file.owner")
VALUE = SemanticType("node.value", "node", "ref", "file.owner")  # argument, base, default ...
FUNCTION = SemanticType("node.function", "node", "ref", "file.owner")
CLASS = SemanticType("node.class", "node", "ref", "file.owner")
DECORATED = SemanticType("node.decorated", "node", "ref", "file.owner")
CAPTURED = SemanticType("node.captured", "node", "ref", "file.owner")
FOLLOWER = SemanticType("node.follower", "node", "ref", "file.owner")  # next in control flow
DOMINATOR = SemanticType("node.dominator", "node", "ref", "file.owner")
POST_DOMINATOR = SemanticType("node.post_dominator", "node", "ref", "file.owner")
STATEMENT = SemanticType("node.statement", "node", "ref", "file.owner")
CONTROLLER = SemanticType("node.controller", "node", "ref", "file.owner")  # what decides on it
BINDING = SemanticType("node.binding", "node", "ref", "file.owner")  # what gave it its value
COMPILED = SemanticType("node.compiled", "node", "ref", "file.owner")  # a code object
TARGET = SemanticType("node.target", "node", "ref", "file.ref")  # a thing of the file in FILE_REF

# whole-graph ids, made by views from file id and node key
NODE_ID = SemanticType("node.id", "id", "key")
PARENT_ID = SemanticType("node.parent_id", "id", "ref")
CONTAINER_ID = SemanticType("node.container_id", "id", "ref")
DOMINATOR_ID = SemanticType("node.dominator_id", "id", "ref")
POST_DOMINATOR_ID = SemanticType("node.post_dominator_id", "id", "ref")
STATEMENT_ID = SemanticType("node.statement_id", "id", "ref")
SOURCE_ID = SemanticType("edge.src", "id", "ref")
TARGET_ID = SemanticType("edge.dst", "id", "ref")
SITE_ID = SemanticType("edge.site", "id", "ref")

BSTART = SemanticType("span.start", "byte", unit="bytes")
BEND = SemanticType("span.end", "byte", unit="bytes, exclusive")
LINE = SemanticType("span.line", "line", unit="1-based")

NAME = SemanticType("name", "name")
QUALIFIED = SemanticType("name.qualified", "qualified")
QUALNAME = SemanticType("name.local", "qualname")  # dotted inside its file
SYMBOL = SemanticType("symbol", "symbol", "key")  # dotted external name
CONSTRUCT = SemanticType("syntax.construct", "construct")  # ast class, with its operator
ROLE = SemanticType("syntax.role", "role")
KIND = SemanticType("graph.kind", "kind")
ORDINAL = SemanticType("ordinal", "ordinal")
TEXT = SemanticType("text", "text")
FLAG = SemanticType("flag", "flag")
EXTERNAL = SemanticType("graph.external", "external")
COUNT = SemanticType("count", "count")
WHAT = SemanticType("site.what", "what")
CERTAINTY = SemanticType("certainty", "certainty")
CONFIDENCE = SemanticType("confidence", "confidence", unit="0 to 1")
SCORE = SemanticType("score", "score", unit="0 to 1")
ORIGIN = SemanticType("origin", "origin")
EVIDENCE = SemanticType("evidence", "evidence")
DISPUTED = SemanticType("edge.disputed", "disputed")
REASON = SemanticType("reason", "reason")
CODE = SemanticType("problem.code", "code")
SEVERITY = SemanticType("problem.severity", "severity")
STAGE = SemanticType("problem.stage", "stage")
HOLDER = SemanticType("property.holder", "holder")  # node or edge
VALUE_TYPE = SemanticType("property.type", "type")
PROPERTY = SemanticType("property.key", "property")

IDS = {  # a key in a file, and its graph-wide id
    PARENT: PARENT_ID,
    CONTAINER: CONTAINER_ID,
    DOMINATOR: DOMINATOR_ID,
    POST_DOMINATOR: POST_DOMINATOR_ID,
    STATEMENT: STATEMENT_ID,
}
TYPES = {v.name: v for v in list(globals().values()) if isinstance(v, SemanticType)}
