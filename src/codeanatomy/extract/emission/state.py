"""What does the emission remember while it walks one module? Places and the rows so far."""

import ast
from collections import defaultdict
from collections.abc import Callable
from itertools import count

import msgspec

from codeanatomy.extract.emission.scopes import OWN, SINGLE, Function, Scope, owner_of, scopes
from codeanatomy.facts import constraints as c

# the special method behind an operator; of binary ones without the underscores
_OPERATORS = """\
Add=add Sub=sub Mult=mul MatMult=matmul Div=truediv Mod=mod Pow=pow LShift=lshift RShift=rshift
BitOr=or BitXor=xor BitAnd=and FloorDiv=floordiv Invert=__invert__ UAdd=__pos__ USub=__neg__
Eq=__eq__ NotEq=__ne__ Lt=__lt__ LtE=__le__ Gt=__gt__ GtE=__ge__
"""
_METHODS = dict(line.split("=") for line in _OPERATORS.split())
OPERATORS: dict[type[ast.AST], str] = {getattr(ast, x): name for x, name in _METHODS.items()}

DIGIT = len("[0]")
SITE_WIDTH, ROW_WIDTH, OBJECT_WIDTH = 4, 5, 2
Row = tuple[int, int, int, int, int]


class Emitted(msgspec.Struct, frozen=True):
    """The rows of one file as packed 32-bit integers: constraints by 5 (kind and four operands),
    sites by 4 (what, node's row, place, name), objects by 2 (kind, node's row), and the names'
    texts."""

    rows: bytes
    sites: bytes
    objects: bytes
    names: list[str]


DEAD: dict[str, int] = {}  # env of code that cannot be reached; never written


class Emission:
    """Rows of one module, and the scope that is walked now."""

    def __init__(self, visit: dict[type[ast.AST], Callable[..., int]], tree: ast.Module) -> None:
        self.visit = visit  # gives the place of an expression; statements have none
        self.rows: list[int] = []
        self.sites: list[int] = []
        self.objects: list[int] = []
        self.row: Callable[[Row], None] = self.rows.extend
        self.site: Callable[[tuple[int, int, int, int]], None] = self.sites.extend
        self.place: Callable[[], int] = count(1).__next__
        self.call: Callable[[], int] = count(1).__next__
        self.names: defaultdict[str, int] = defaultdict()
        self.names.default_factory = self.names.__len__
        self.names[""]  # name 0
        self.literals: dict[str, int] = {}
        self.constants: set[int] = set()  # places of literals that nobody would call or look into
        self.unknowns: dict[int, int] = {}
        self.displays: dict[int, dict[int, int]] = {}  # of a dict's constant keys: their values
        self.elements: set[int] = set()  # names of elements, and of attributes read unseen
        # place of a type, and the class around -> place of what it describes
        self.described: dict[tuple[int, Scope | None], int] = {}
        self.parts: dict[int, list[int]] = {}  # place made by `joined` -> what it joins
        self.globals: dict[tuple[str, int], int] = {}
        self.queue: list[tuple[Scope, Function | ast.Lambda]] = []
        self.scopes = scopes(tree)
        self.mentions: dict[tuple[Scope | None, str], list[int]] = {}
        self.ignored: list[int] = []
        self.module = self.scope = self.scopes[tree]

    def children(self, node: ast.AST) -> None:
        """Walks the expressions inside."""
        for child in ast.iter_child_nodes(node):
            self.visit[type(child)](self, child)

    def block(self, statements: list[ast.stmt]) -> None:
        """Walks statements; code after a jump starts from nothing known."""
        visit, scope = self.visit, self.scope
        for node in statements:
            if scope.env is DEAD:
                scope.env, scope.paths = {}, {}
            visit[type(node)](self, node)

    def new_object(self, kind: int, row: int) -> int:
        """Number of a new object of the file."""
        self.objects += (kind, row)
        return len(self.objects) // OBJECT_WIDTH - 1

    def sited(self, row: int, place: int, name: str, what: int = c.CALL_SITE) -> int:
        """Number of a new site, which rows of calls may name."""
        self.site((what, row, place, self.names[name]))
        return len(self.sites) // SITE_WIDTH

    def made(self, kind: int, first: int, second: int = 0, third: int = 0) -> int:
        """A new place, of which a row of the kind says what it holds."""
        place = self.place()
        self.row((kind, place, first, second, third))
        return place

    def literal(self, type_: str) -> int:
        """The file's place for values of a builtin type."""
        if type_ not in self.literals:
            place = self.literals[type_] = self.made(c.LITERAL, self.names[type_])
            self.constants.add(place)
        return self.literals[type_]

    def constant(self, value: object, key: str = "") -> int:
        """The file's place for a constant; short texts and small numbers are told apart."""
        type_, key = type(value).__name__, key or c.item(value)
        if key == c.ANY_ITEM:
            return self.literals.get(type_) or self.literal(type_)
        place = self.literals.get(key)
        if place is None:
            place = self.literals[key] = self.made(c.CONSTANT, self.names[type_], self.names[key])
            # names, also of modules, and digits may be looked up by who gets them
            name = isinstance(value, str) and value.replace(".", "").isidentifier()
            if not name and (isinstance(value, str) or len(key) != DIGIT):
                self.constants.add(place)
        return place

    def beginning(self, text: str) -> int:
        """The file's place for names that begin like this and are put together while it runs."""
        return self.constant(text, f"[{text!r}*]") if text.isidentifier() else self.literal("str")

    def load(self, base: int, name: str, row: int = -1) -> int:
        """The place of an attribute or element of the value; `row` of the attribute's node."""
        path = base, self.names[name]
        paths = self.scope.paths
        place = paths.get(path)
        if place is None:
            place = paths[path] = self.place()
            self.row((c.LOAD, base, path[1], place, row))
            if row < 0:
                self.elements.add(path[1])
        elif row >= 0:
            self.site((c.ATTRIBUTE_SITE, row, base, path[1]))
        return place

    def special(self, row: int, base: int, method: str, *arguments: int) -> int:
        """The place of what a special method gives that syntax calls on the type of the value."""
        number, result, name = self.call(), self.place(), self.names[method]
        self.row((c.SPECIAL, base, name, number, result))
        for position, argument in enumerate(arguments):
            if argument and argument not in self.constants:
                self.row((c.ARG, number, position, 0, argument))
        if row >= 0:
            self.site((c.IMPLICIT_SITE, row, base, name))
        return result

    def iterate(self, row: int, base: int, prefix: str = "") -> int:
        """The place of what a loop over the value gives; `prefix` is "a" for asynchronous ones."""
        if base in self.constants:
            return self.unknown(c.ITERATION)
        iterator = self.special(row, base, f"__{prefix}iter__")
        return self.special(row, iterator, f"__{prefix}next__")

    def builtin(self, name: str) -> bool:
        """Whether the name, as the current scope sees it, is the builtin's own."""
        return name not in self.scope.env and owner_of(self.module, self.scope, name) == (None, 0)

    def unknown(self, reason: int) -> int:
        """The file's place for values that no rule follows, for that reason."""
        if reason not in self.unknowns:
            self.unknowns[reason] = self.made(c.UNKNOWN, reason)
        return self.unknowns[reason]

    def joined(self, places: list[int], *, anew: bool = False) -> int:
        """A place that holds what any of the places holds; if not `anew`, a single one itself."""
        distinct = list(dict.fromkeys(places))
        if len(distinct) == 1 and not anew:
            return distinct[0]
        place = self.place()
        self.parts[place] = distinct
        for source in distinct:
            self.row((c.COPY, source, place, 0, 0))
        return place

    # names

    def variable(self, scope: Scope, name: str) -> int:
        """The place that gets every definition of the scope's name."""
        if name not in scope.variables:
            scope.variables[name] = self.place()
        return scope.variables[name]

    def define(self, name: str, place: int, *, fresh: bool = False) -> None:
        """Binds a name of the current scope; `fresh`: the place is this def's or import's own."""
        scope = self.scope
        if name in scope.globals or name in scope.nonlocals:
            own = name in scope.globals
            owner = self.module if own else owner_of(self.module, scope, name)[0]
            if owner is not None and (own or owner.kind == c.FUNCTION):
                self.row((c.COPY, place, self.variable(owner, name), 0, 0))
            return
        scope.env[name] = place
        if name in scope.shared:  # any call may change it
            scope.env[name] = self.variable(scope, name)
        if scope.kind == c.FUNCTION:
            scope.definitions.setdefault(name, []).append(place)
        elif fresh and name not in scope.variables and scope.bound[name] in SINGLE:
            scope.variables[name] = place
        else:
            self.row((c.COPY, place, self.variable(scope, name), 0, 0))
        for log in scope.logs:
            log.setdefault(name, []).append(scope.env[name])

    def outer(self, name: str) -> int:
        """The place of a name that has no value in the current env."""
        scope = self.scope
        place = scope.cache.get(name)
        if place is None:
            owner, place = owner_of(self.module, scope, name)
            early = 0
            if owner is scope and scope.kind == c.MODULE:
                owner, early = None, 1
            if owner is not None:
                place = self.variable(owner, name)
            elif not place and name == "__class__" and scope.owner_class is not None:
                place = self.made(c.ALLOC, scope.owner_class.object)
            elif not (place := place or self.globals.get((name, early), 0)):
                place = self.globals[name, early] = self.made(c.GLOBAL, self.names[name], early)
            scope.cache[name] = place
        return place

    def mention(self, name: str) -> list[int]:
        """The list that collects the rows of tokens of this name, as the current scope sees it."""
        scope = self.scope
        in_class = scope.kind == c.CLASS and name in scope.bound
        own = in_class and name in scope.env
        owner, place = (scope, 0) if own else owner_of(self.module, scope, name)
        if place or (owner is not None and owner.bound[name] in OWN):
            uses = self.ignored
        else:
            uses = self.mentions.setdefault((owner, name), [])
        if not in_class:
            scope.uses[name] = uses
        return uses
