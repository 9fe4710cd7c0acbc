"""The kinds of constraint rows: what the emission says about a file and the solver reads.

Everything is local to a file and free of paths: places, objects, names and calls are dense
integers that start at 0 in each file. Place 0 is "nothing", object 0 is the module itself, name 0
is the empty text. A place stands for a value: one per definition that reaches a use, not one per
variable. Adding a kind takes a row here, a function that emits it and a rule that reads it.
"""

import msgspec


class ConstraintKind(msgspec.Struct, frozen=True):
    """One kind: its code in the table, its operands as (role, number space), and what a row
    says."""

    code: int
    name: str
    operands: tuple[tuple[str, str], ...]  # spaces: place, object, name, call, literal
    meaning: str


def _kind(code: int, name: str, operands: str, meaning: str) -> ConstraintKind:
    pairs = [o.split(":") for o in operands.split()]
    return ConstraintKind(code, name, tuple((p[0], p[-1]) for p in pairs), meaning)


EXTENT, ALLOC, LITERAL, UNKNOWN, COPY, LOAD, STORE, CALL, ARG, DECORATED = range(10)
PARAM, RESULT, THROUGH, METHOD, BIND, IMPORTED, BASE, GLOBAL, IMPORT, STAR = range(10, 20)
EXPORT, SUPER, CONSTANT, DISPLAY, SPECIAL, KEYED, YIELD, ANNOTATE, DECLARED = range(20, 29)
METACLASS, MEMBER = 29, 30

KINDS = (
    _kind(EXTENT, "extent", "places:literal calls:literal", "how many numbers the file uses"),
    _kind(ALLOC, "alloc", "place object", "the place holds the object"),
    _kind(LITERAL, "literal", "place type:name", "the place holds a value of a builtin type"),
    _kind(UNKNOWN, "unknown", "place reason:literal", "the place holds what no rule follows"),
    _kind(COPY, "copy", "src:place dst:place", "whatever src holds, dst holds"),
    _kind(
        LOAD,
        "load",
        "base:place attribute:name result:place",
        "result = base.attribute; see `item` and `part` for elements",
    ),
    _kind(STORE, "store", "base:place attribute:name value:place", "base.attribute = value"),
    _kind(
        CALL,
        "call",
        "callee:place call result:place site:literal",
        "result = callee(arguments of call); site: its number in the file, from 1, or 0",
    ),
    _kind(
        ARG,
        "arg",
        "call position:literal name value:place",
        "place 0: a constant; position -1: keyword, STAR_KEYWORDS: **x, STAR_ARGUMENT - n: *x",
    ),
    _kind(
        DECORATED, "decorated", "call value:place result:place", "the call is a decoration of value"
    ),
    _kind(
        PARAM,
        "param",
        "function:object index:literal name place",
        "index -1: keyword only, -2: *args, -3: **kwargs; name 0: positional only",
    ),
    _kind(
        RESULT, "result", "function:object place", "the function may return what the place holds"
    ),
    _kind(
        THROUGH, "through", "function:object index:literal", "the function returns this parameter"
    ),
    _kind(METHOD, "method", "function:object class:object", "def stands in the class's body"),
    _kind(
        BIND,
        "bind",
        "scope:object name place definition:object",
        "a module's or class's name; definition: the one def or class, 0 else (see imported)",
    ),
    _kind(IMPORTED, "imported", "scope:object name place", "the name is bound by imports only"),
    _kind(BASE, "base", "class:object position:literal place", "a base class expression"),
    _kind(
        GLOBAL,
        "global",
        "place name early:literal",
        "module name, star import or builtin; early: read before the module binds it",
    ),
    _kind(IMPORT, "import", "place module:name level:literal imported:name", "imported 0: module"),
    _kind(STAR, "star", "module:name level:literal", "from module import *"),
    _kind(EXPORT, "export", "what:literal name place", "`__all__`: one of the EXPORT_ codes"),
    _kind(SUPER, "super", "receiver:place class:object result:place", "result = super() in class"),
    _kind(CONSTANT, "constant", "place type:name key:name", "a constant, and how it indexes"),
    _kind(DISPLAY, "display", "place type:name", "the place holds a new container"),
    _kind(
        SPECIAL,
        "special",
        "base:place method:name call result:place",
        "result = type(base).method(base, arguments of call): what syntax calls",
    ),
    _kind(
        KEYED,
        "keyed",
        "base:place key:place value:place mode:literal",
        "base[key] (mode GET) or base[key] = value (mode PUT)",
    ),
    _kind(YIELD, "yield", "function:object place", "the generator gives what the place holds"),
    _kind(
        ANNOTATE,
        "annotate",
        "type:place call result:place class:object",
        "result holds what the type expression describes; call: its type arguments; class: `Self`",
    ),
    _kind(DECLARED, "declared", "place value:place", "an annotation says what the place holds"),
    _kind(METACLASS, "metaclass", "class:object place", "class C(metaclass=place)"),
    _kind(
        MEMBER,
        "member",
        "class:object name row:literal",
        "a method of the class sets the attribute of its receiver, first at that node's row",
    ),
)
BY_CODE = {k.code: k for k in KINDS}
if len(BY_CODE) != len(KINDS) or any(len(k.operands) > 4 for k in KINDS):
    raise AssertionError("constraint kinds: codes are unique, at most four operands")

# objects of a file
MODULE, FUNCTION, CLASS = 1, 2, 3

# what a row of `export` says about __all__
EXPORT_ADD, EXPORT_FROM, EXPORT_REMOVE, EXPORT_DYNAMIC = range(4)

# positions of `arg` for unpacked values
STAR_KEYWORDS, STAR_ARGUMENT = -2, -10

# modes of `keyed`: items, and attributes whose name is a value (getattr, setattr)
GET, PUT, GET_ATTRIBUTE, PUT_ATTRIBUTE = range(4)

# what a site asks; stored: an attribute that is assigned to, implicit: what syntax calls unseen
SITES = ("call", "name", "attribute", "import", "base", "decorator", "stored", "implicit")
CALL_SITE, NAME_SITE, ATTRIBUTE_SITE, IMPORT_SITE, BASE_SITE, DECORATOR_SITE = range(6)
STORED_SITE, IMPLICIT_SITE = 6, 7

ANY_ITEM, SLICE, ANY_PART = "[*]", "[:]", "(*)"
RAISE = "raise"  # as the method of a `special` row: the class is made, an instance stays
_LONGEST_KEY = 40


def item(key: object) -> str:
    """Name of the element that a constant selects (`x[key]`), as in `load` and `store` rows."""
    if type(key) is str:
        return f"[{key!r}]" if len(key) <= _LONGEST_KEY and key.isprintable() else ANY_ITEM
    return f"[{key}]" if type(key) is int and 0 <= key < 64 else ANY_ITEM


def part(index: int) -> str:
    """Name of the element that unpacking gives its target of that index."""
    return f"({index})"


# why a value is not known, or not known for sure: one bit each. Of several, the lowest is reported.
REASONS = (
    "unknown name",
    "module is not in the repository",
    "name is not in the module",
    "relative import beyond the top package",
    "file could not be read",
    "import circle",
    "element of a container",
    "loop or comprehension variable",
    "result of an operator",
    "value of a with statement",
    "caught exception",
    "value of a generator",
    "captured by a pattern",
    "value of a property",
    "dynamic",
    "parameter without a value",
    "result of an external call",
    "unknown base class",
    "attribute is not found",
    "attribute is set through an unknown value",
    "value is not callable",
    "too many values",
    "too many opaque values",
    "unknown decorator",
    "overridden in a subclass",
    "instance attribute without a class-level definition",
    "namespace package has no file",
    "nothing is known to arrive here",
)
(
    UNKNOWN_NAME,
    NO_MODULE,
    NO_MEMBER,
    BEYOND_TOP,
    UNREADABLE,
    CIRCLE,
    ELEMENT,
    ITERATION,
    OPERATOR,
    WITH_VALUE,
    EXCEPTION,
    GENERATED,
    PATTERN,
    PROPERTY_VALUE,
    DYNAMIC,
    PARAMETER,
    EXTERNAL_CALL,
    UNKNOWN_BASE,
    NO_ATTRIBUTE,
    OPEN_ATTRIBUTE,
    NOT_CALLABLE,
    WIDE,
    TRUNCATED,
    UNKNOWN_DECORATOR,
    OVERRIDDEN,
    INSTANCE_ATTRIBUTE,
    NAMESPACE_PACKAGE,
    NOTHING,
) = range(len(REASONS))
