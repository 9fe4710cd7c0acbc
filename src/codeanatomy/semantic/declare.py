"""The declarations: what a graph contains, each thing in one short frozen value."""

import msgspec

from codeanatomy.facts.types import SemanticType

PARSED = 0.999  # trust in what the parser says: what could fail is our reading of it
EXACT_SPAN, CONTAINMENT, OVERLAP = "exact span", "span containment", "span overlap"
EVERY = ("*",)  # left side of a relation that holds for every table with the columns it needs


class Property(msgspec.Struct, frozen=True):
    """A property of nodes or edges: its key, the column it is read from, and when it is written."""

    key: str
    column: str
    unless: tuple[str | bool | int, ...] = ()  # values that are not worth a row (nulls never are)


class Entity(msgspec.Struct, frozen=True, kw_only=True):
    """Things that become nodes; ids, names, spans and properties follow from the table."""

    name: str
    table: str
    kind: str | None = None  # None: from the table of constructs
    properties: tuple[Property, ...] = ()
    external: bool = False
    evidence: str = ""  # for tables that do not carry their witness


class Where(msgspec.Struct, frozen=True):
    """A filter of a relation: the column of this type has one of these values."""

    meaning: SemanticType
    values: tuple[str, ...]


class Relation(msgspec.Struct, frozen=True, kw_only=True):
    """Edges of one kind: which typed columns of left (and right) are the ends."""

    name: str
    kind: str
    left: tuple[str, ...]
    src: SemanticType
    dst: SemanticType
    right: str | None = None
    on: SemanticType | None = None  # required left key when several would do
    by: str = ""  # required way of joining, as CONTAINMENT; "": the surest
    site: SemanticType | None = None  # where the evidence stands; None: src
    where: tuple[Where, ...] = ()
    ordinal: bool = False  # the left table's ordinal tells edges of a pair apart
    origin: str | None = None  # None: from the column of that type
    adds: str = ""  # evidence that the relation adds to its rows' own
    trust: float = PARSED  # share of certain edges that hold, measured: (right + 1) / (seen + 2)
    fused: bool = False  # its edges may be those of other relations of the kind: then they are one
    properties: tuple[Property, ...] = ()


class View(msgspec.Struct, frozen=True, kw_only=True):
    """A derived view: SQL over tables and views; struct gives its columns their meaning."""

    name: str
    sql: str
    struct: type[msgspec.Struct]
    diagnostic: bool = False


class Output(msgspec.Struct, frozen=True, kw_only=True):
    """A final table: its struct, what feeds it, and the columns it is sorted by (by type)."""

    name: str
    struct: type[msgspec.Struct]
    feeds: str  # entities, relations, properties, trouble, disputes, or a table's or view's name
    sort: tuple[SemanticType, ...] = ()


class Model(msgspec.Struct, frozen=True, kw_only=True):
    """Everything declared, by name."""

    entities: dict[str, Entity]
    relations: dict[str, Relation]
    views: dict[str, View]
    outputs: dict[str, Output]
    constants: str  # table from syntax constructs to (kind, name)
    files: str  # table that says which module a file is
