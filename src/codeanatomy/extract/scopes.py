"""What each name means in its file, by Python's scope rules.

A binding is a (scope, name) pair. Names declared `global` are bindings of the module, `nonlocal`
ones of the enclosing function that binds them; `:=` in a comprehension binds in the scope around
it. A name is looked up in its own scope, then outwards, passing over class scopes; a `global`
declaration met on the way sends it to the module. Private names are mangled before comparing.
"""

import numpy as np
import numpy.typing as npt

from codeanatomy.extract.forest import COMPREHENSIONS, FUNCTIONS, STORE, Forest, Ints, kinds, roles
from codeanatomy.facts.ids import LOCAL, hash_text, hash_texts, mix

# what binds a name; the order has no meaning
OTHER, PARAMETER, DEFINITION, IMPORT, DELETION = range(5)
# what a binding declares
VARIABLE, NAMED, IMPORTED = range(3)

_CLASS = kinds("ClassDef")
_GENERIC = kinds("TypeVar", "ParamSpec", "TypeVarTuple")
_NAME = kinds("Name")
FUNCTION_LIKE = FUNCTIONS | COMPREHENSIONS
_BINDERS = (
    (kinds("FunctionDef", "AsyncFunctionDef", "ClassDef"), DEFINITION),
    (kinds("arg"), PARAMETER),
    (kinds("alias"), IMPORT),
    (kinds("ExceptHandler", "MatchAs", "MatchStar", "MatchMapping") | _GENERIC, OTHER),
)
_BASE = 1 << 32  # of pairs as numbers: scope * _BASE + code of the name
_TYPE_PARAMETERS = hash_text("type_params")


class Scopes:
    """Bindings of a batch, one per (scope, name), and the lookup of names in them.

    `scope`, `first` (row of the first binding token), `declares` and `key` (of the parameter,
    definition or variable; 0 for imports) are columns over the bindings; `binders` are the rows
    that bind a name, `binding` what each one binds.
    """

    def __init__(self, forest: Forest) -> None:
        self.forest = forest
        self._names = forest.names.all()
        self.code = forest.bound.astype(np.int64)  # to compare by: private names as mangled
        private = np.array([_is_private(name) for name in self._names] + [False], np.bool_)
        for row in np.flatnonzero(private[forest.bound]).tolist():
            name = self._names[forest.bound[row]]
            self.code[row] = self._mangled(name, int(forest.scope[row]))
        self.module = forest.first_row[forest.file]
        self._declare()
        self.binders, kind = self._events()
        self.uses = forest.rows(_NAME)
        self._bind(self.binders, kind)
        self.found = self.lookup(forest.scope[self.uses].astype(np.int64), self.uses)

    def lookup(self, scopes: Ints, rows: Ints) -> Ints:
        """For the names of the rows, looked up from the scopes: the binding's number, or -1."""
        forest = self.forest
        codes = self.code[rows]
        found = np.full(len(rows), -1, np.int64)
        active = np.arange(len(rows))
        scope = scopes.astype(np.int64)
        first = True
        near = np.ones(len(rows), np.bool_)  # own, or straight from type parameters: sees classes
        while len(active):
            passed = _CLASS[forest.kind[scope]] & ~near
            sent = _among(self._global, scope * _BASE + codes[active]) & ~passed
            scope = np.where(sent, self.module[scope], scope)
            pair = scope * _BASE + codes[active]
            place, hit = np.searchsorted(self.pairs, pair), _among(self.pairs, pair) & ~passed
            found[active[hit]] = place[hit]
            up = forest.outer[scope].astype(np.int64)
            on = ~hit & (up >= 0)
            near = (_GENERIC[forest.kind[scope]] & first)[on]
            active, scope, first = active[on], up[on], False
        return found

    def _mangled(self, name: str, scope: int) -> int:
        """The code to compare by of a name in a scope: private ones get the class's prefix."""
        forest = self.forest
        while scope >= 0 and not _CLASS[forest.kind[scope]]:
            scope = int(forest.outer[scope])
        if scope >= 0 and _is_private(name):
            prefix = self._names[forest.text[scope]].lstrip("_")
            name = f"_{prefix}{name}" if prefix else name
        return forest.names.code(name)

    def _declare(self) -> None:
        """The pairs that `global` and `nonlocal` statements name, sorted."""
        forest = self.forest
        is_global = kinds("Global")[forest.kind]
        pairs: dict[bool, list[int]] = {True: [], False: []}
        for row, names in forest.columns.declared:
            scope = int(forest.scope[row])
            codes = [self._mangled(name, scope) for name in names]
            pairs[bool(is_global[row])] += [scope * _BASE + code for code in codes]
        self._global = np.array(sorted(pairs[True]), np.int64)
        self._nonlocal = np.array(sorted(pairs[False]), np.int64)

    def _events(self) -> tuple[Ints, npt.NDArray[np.int8]]:
        """Rows that bind a name, in source order, and what binds it."""
        forest = self.forest
        kind = np.full(forest.size, -1, np.int8)
        stores = forest.context >= STORE
        kind[stores & _NAME[forest.kind]] = OTHER
        kind[(forest.context > STORE) & _NAME[forest.kind]] = DELETION
        kind[forest.columns.undeclared] = -1
        for mask, binder in _BINDERS:
            kind[mask[forest.kind]] = binder
        kind[self.code < 0] = -1
        rows = np.flatnonzero(kind >= 0)
        return rows, kind[rows]

    def _bind(self, rows: Ints, kind: npt.NDArray[np.int8]) -> None:
        forest = self.forest
        scope = forest.scope[rows].astype(np.int64)
        walrus = roles("NamedExpr.target")[forest.role[rows]]
        while (inner := walrus & COMPREHENSIONS[forest.kind[scope]]).any():
            scope[inner] = forest.outer[scope[inner]]
        codes = self.code[rows]
        sent = _among(self._global, scope * _BASE + codes)
        scope = np.where(sent, self.module[scope], scope)
        pairs = scope * _BASE + codes
        lent = np.flatnonzero(_among(self._nonlocal, pairs))
        if len(lent):
            self.pairs = np.unique(np.delete(pairs, lent))
            target = self.lookup(forest.outer[scope[lent]].astype(np.int64), rows[lent])
            outer = self.pairs[target] // _BASE
            good = (target >= 0) & FUNCTION_LIKE[forest.kind[outer]]
            pairs[lent[good]] = outer[good] * _BASE + codes[lent[good]]
        self.pairs, first, self.binding = np.unique(pairs, return_index=True, return_inverse=True)
        group: Ints = self.binding
        self.first = rows[first]
        self.scope = self.pairs // _BASE
        counts = np.bincount(group * 5 + kind, minlength=5 * len(self.pairs)).reshape(-1, 5)
        total = counts[:, :DELETION].sum(axis=1)
        # what `global` sends to a module is a variable of it
        plain = np.bincount(group[sent], minlength=len(self.pairs)) == 0
        single = plain & (total == 1) & (counts[:, PARAMETER] + counts[:, DEFINITION] == 1)
        imported = plain & (total > 0) & (counts[:, IMPORT] == total)
        self.declares = np.where(single, NAMED, np.where(imported, IMPORTED, VARIABLE))
        at = np.where(_GENERIC[forest.kind[self.scope]], forest.parent[self.scope], self.scope)
        home = forest.key[at]
        home = np.where(at != self.scope, mix(home, _TYPE_PARAMETERS), home)
        names, place = np.unique(forest.bound[self.first], return_inverse=True)
        hashes = hash_texts([self._names[code] for code in names.tolist()])[place]
        keys = np.where(self.declares == VARIABLE, mix(mix(home, LOCAL), hashes), 0)
        named = np.flatnonzero((kind == PARAMETER) | (kind == DEFINITION))
        named = named[single[group[named]]]
        keys[group[named]] = forest.key[rows[named]]
        self.key: Ints = keys


def _is_private(name: str) -> bool:
    return name.startswith("__") and not name.endswith("__") and "." not in name


def _among(ordered: Ints, values: Ints) -> npt.NDArray[np.bool_]:
    """Which values occur in the sorted array, which lacks -1."""
    place = np.searchsorted(ordered, values)
    result: npt.NDArray[np.bool_] = np.append(ordered, -1)[place] == values
    return result
