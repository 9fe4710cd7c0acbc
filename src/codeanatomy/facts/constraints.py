"""The kinds of constraint rows: what the emission says about a file and the solver reads.

Everything is local to a file and free of paths: places, objects, names and calls are dense
integers that start at 0 in each file. Place 0 is "nothing", object 0 is the module itself, name 0
is the empty text. A place stands for a value: one per definition that reaches a use, not one per
variable. Adding a kind takes a row here, a function that emits it and a rule that reads it.
"""

EXTENT, ALLOC, LITERAL, UNKNOWN, COPY, LOAD, STORE, CALL, ARG, DECORATED = range(10)
PARAM, RESULT, THROUGH, METHOD, BIND, IMPORTED, BASE, GLOBAL, IMPORT, STAR = range(10, 20)
EXPORT, SUPER, CONSTANT, DISPLAY, SPECIAL, KEYED, YIELD, ANNOTATE, DECLARED = range(20, 29)
METACLASS, MEMBER = 29, 30

# name | at most four operands as role:space, or role alone where both are one word | meaning
# spaces: place, object, name, call, literal
_KINDS = """\
extent | places:literal calls:literal | how many numbers the file uses
alloc | place object | the place holds the object
literal | place type:name | the place holds a value of a builtin type
unknown | place reason:literal | the place holds what no rule follows
copy | src:place dst:place | whatever src holds, dst holds
load | base:place attribute:name result:place | result = base.attribute, an `item` or a `part`
store | base:place attribute:name value:place | base.attribute = value
call | callee:place call result:place site:literal | result = callee(...); site: its number, or 0
arg | call position:literal name value:place | place 0: a constant; position -1: keyword, \
STAR_KEYWORDS: **x, STAR_ARGUMENT - n: *x
decorated | call value:place result:place | the call is a decoration of value
param | function:object index:literal name place | index -1: keyword only, -2: *args, -3: \
**kwargs; name 0: positional only
result | function:object place | the function may return what the place holds
through | function:object index:literal | the function returns this parameter
method | function:object class:object | def stands in the class's body
bind | scope:object name place definition:object | a module's or class's name; definition: the one \
def or class, 0 else (see imported)
imported | scope:object name place | the name is bound by imports only
base | class:object position:literal place | a base class expression
global | place name early:literal | of the module, by *, or builtin; early: before it is bound
import | place module:name level:literal imported:name | imported 0: module
star | module:name level:literal | from module import *
export | what:literal name place | `__all__`: one of the EXPORT_ codes
super | receiver:place class:object result:place | result = super() in class
constant | place type:name key:name | a constant, and how it indexes
display | place type:name | the place holds a new container
special | base:place method:name call result:place | result = type(base).method(base, arguments of \
call): what syntax calls
keyed | base:place key:place value:place mode:literal | base[key] (GET) or base[key] = value (PUT)
yield | function:object place | the generator gives what the place holds
annotate | type:place call result:place class:object | result holds what the type expression \
describes; call: its type arguments; class: `Self`
declared | place value:place | an annotation says what the place holds
metaclass | class:object place | class C(metaclass=place)
member | class:object name row:literal | a method sets it on its receiver, first at that node's row
"""
KINDS = tuple(line.split(" | ") for line in _KINDS.splitlines())  # in the order of the codes
SPACES = {n: tuple(o.rpartition(":")[2] for o in operands.split()) for n, operands, _ in KINDS}

# objects of a file
MODULE, FUNCTION, CLASS = 1, 2, 3

# what a row of `export` says about __all__
EXPORT_ADD, EXPORT_FROM, EXPORT_REMOVE, EXPORT_DYNAMIC = range(4)

# positions of `arg` for unpacked values
STAR_KEYWORDS, STAR_ARGUMENT = -2, -10

# modes of `keyed`: items, attributes and modules whose name is a value (getattr, import_module)
GET, PUT, GET_ATTRIBUTE, PUT_ATTRIBUTE, GET_MODULE, GET_TOP = range(6)

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
    "caught exception",
    "value of a generator",
    "captured by a pattern",
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
UNKNOWN_NAME, NO_MODULE, NO_MEMBER, BEYOND_TOP, UNREADABLE, CIRCLE, ELEMENT = range(7)
ITERATION, OPERATOR, EXCEPTION, GENERATED, PATTERN, DYNAMIC, PARAMETER = range(7, 14)
EXTERNAL_CALL, UNKNOWN_BASE, NO_ATTRIBUTE, OPEN_ATTRIBUTE, NOT_CALLABLE, WIDE = range(14, 20)
TRUNCATED, UNKNOWN_DECORATOR, OVERRIDDEN, INSTANCE_ATTRIBUTE = range(20, 24)
NAMESPACE_PACKAGE, NOTHING = range(24, 26)
