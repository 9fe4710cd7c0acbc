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
EXPORT, SUPER = range(20, 22)

KINDS = (
    _kind(EXTENT, "extent", "places:literal calls:literal", "how many numbers the file uses"),
    _kind(ALLOC, "alloc", "place object", "the place holds the object"),
    _kind(LITERAL, "literal", "place type:name", "the place holds a value of a builtin type"),
    _kind(UNKNOWN, "unknown", "place reason:literal", "the place holds what no rule follows"),
    _kind(COPY, "copy", "src:place dst:place", "whatever src holds, dst holds"),
    _kind(LOAD, "load", "base:place attribute:name result:place", "result = base.attribute"),
    _kind(STORE, "store", "base:place attribute:name value:place", "base.attribute = value"),
    _kind(CALL, "call", "callee:place call result:place", "result = callee(arguments of call)"),
    _kind(ARG, "arg", "call position:literal name value:place", "position -1: keyword `name`"),
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
)
BY_CODE = {k.code: k for k in KINDS}
if len(BY_CODE) != len(KINDS) or any(len(k.operands) > 4 for k in KINDS):
    raise AssertionError("constraint kinds: codes are unique, at most four operands")

# objects of a file
MODULE, FUNCTION, CLASS = 1, 2, 3

# what a row of `export` says about __all__
EXPORT_ADD, EXPORT_FROM, EXPORT_REMOVE, EXPORT_DYNAMIC = range(4)

# what a site asks
SITES = ("call", "name", "attribute", "import", "base", "decorator")
CALL_SITE, NAME_SITE, ATTRIBUTE_SITE, IMPORT_SITE, BASE_SITE, DECORATOR_SITE = range(6)

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
