"""What are the parts of the statements of a batch, and which rows decide where to go on?"""

from collections import defaultdict

import numpy as np

from codeanatomy.extract.forest import COMPREHENSIONS, LOAD, Flags, Forest, Ints, kinds, roles
from codeanatomy.extract.scopes import Scopes
from codeanatomy.extract.walker import CONSTRUCTS, ROLES

_FIELDS = tuple(role.rpartition(".")[2] for role in ROLES)
_STATEMENTS = roles(".body", ".orelse", ".finalbody", ".handlers", ".cases")
_WITHIN = roles("IfExp.body", "IfExp.orelse", "Lambda.body", ".cases")  # of a statement
_OPERANDS = roles(
    *(".test", ".msg", ".iter", ".ifs", ".elt", ".context_expr", ".subject", ".guard"),
    *("BoolOp.values", "DictComp.key", "DictComp.value", ".decorator_list"),
)
_COMPARED = roles("Compare.left", "Compare.comparators")
_NEGATED = np.array([construct == "UnaryOp.Not" for construct in CONSTRUCTS])
_BRANCHING = kinds("BoolOp", "IfExp") | COMPREHENSIONS | _NEGATED
_OWNERS = _BRANCHING | kinds(
    *("Module", "ClassDef", "FunctionDef", "AsyncFunctionDef", "Lambda", "If", "While", "For"),
    *("AsyncFor", "Try", "TryStar", "ExceptHandler", "With", "AsyncWith", "Match", "match_case"),
    *("Assert", "comprehension", "MatchAs", "MatchOr"),
)
_RAISING = kinds(
    *("Attribute", "Call", "Subscript", "BinOp", "Await", "Yield", "YieldFrom"),
    *("FormattedValue", "alias", "Starred", "Raise"),
)
_NAME, _CONSTANT = kinds("Name"), kinds("Constant")


class Parts:
    """Rows of a batch by what the flow asks of them.

    `anchors` are rows that are evaluated as wholes: statements, handlers, cases, and operands that
    may be left out; `statements` are statements and handlers alone. `branches` holds, by anchor,
    the outermost rows in it that go different ways; `truth` are the constants among the tests;
    `raises` and `binds` tell of an anchor whether something in it may raise, and whether it binds a
    name; `ends` is the last row below each row (or the row itself).
    """

    def __init__(self, forest: Forest, scopes: Scopes) -> None:
        self.kinds = forest.columns.kinds
        self.definitions: list[int] = forest.definitions.tolist()
        kind, role, parent = forest.kind, forest.role, forest.parent
        chained = np.zeros(forest.size + 1, np.int32)  # one more for the module's parent -1
        np.add.at(chained, parent, roles("Compare.comparators")[role])
        chain: Flags = chained[:-1] > 1
        negated = _NEGATED[kind[parent]] & roles("UnaryOp.operand")[role]
        anchored = _STATEMENTS[role] | _OPERANDS[role] | negated
        anchored |= _COMPARED[role] & chain[parent]
        self.anchors: Ints = np.flatnonzero(anchored)
        self.statements: Ints = np.flatnonzero((_STATEMENTS & ~_WITHIN)[role])
        self.chains = set(np.flatnonzero(chain).tolist())
        every = np.arange(forest.size)
        self.ends: Ints = every.copy()
        inner = every[parent >= 0]
        self.ends[parent[inner]] = inner  # ascending: the last child stays
        while not np.array_equal(further := self.ends[self.ends], self.ends):
            self.ends = further
        self._parts: defaultdict[int, list[tuple[str, int]]] = defaultdict(list)
        held = np.flatnonzero(_OWNERS[kind[parent]] | chain[parent])
        held = held[parent[held] >= 0]
        for row, owner, field in zip(
            held.tolist(), parent[held].tolist(), role[held].tolist(), strict=True
        ):
            self._parts[owner].append((_FIELDS[field], row))
        self.branches = self._branches(forest, _BRANCHING[kind] | chain, anchored)
        constants = zip(forest.rows(_CONSTANT).tolist(), forest.columns.values, strict=True)
        self.truth = {row: bool(value) for row, value in constants if anchored[row]}
        raising = _RAISING[kind] | (_NAME[kind] & (forest.context == LOAD))
        self.raises = self._any(forest, np.flatnonzero(raising))
        self.binds = self._any(forest, scopes.binders)

    def of(self, row: int, *fields: str) -> list[int]:
        """The children in these fields, in source order."""
        return [child for field, child in self.items(row) if field in fields]

    def items(self, row: int) -> list[tuple[str, int]]:
        """Field and row of each child, in source order."""
        return self._parts.get(row, [])

    def last(self, among: Ints, rows: Ints) -> Ints:
        """Of the anchors or statements, the one that each of the rows follows most closely: the
        innermost around it, which may be itself."""
        found: Ints = among[np.searchsorted(among, rows, "right") - 1]
        return found

    def irrefutable(self, pattern: int) -> bool:
        """Whether a pattern matches everything."""
        construct, inner = CONSTRUCTS[self.kinds[pattern]], self.of(pattern, "pattern", "patterns")
        if construct == "MatchAs":
            return not inner or self.irrefutable(inner[0])
        return construct == "MatchOr" and self.irrefutable(inner[-1])

    def _any(self, forest: Forest, rows: Ints) -> list[bool]:
        """By anchor (and any other row), whether one of the rows stands in it."""
        found = np.zeros(forest.size, np.bool_)
        if len(rows) and len(self.anchors):
            found[self.last(self.anchors, rows)] = True
        result: list[bool] = found.tolist()
        return result

    def _branches(self, forest: Forest, branching: Flags, anchored: Flags) -> dict[int, list[int]]:
        found: defaultdict[int, list[int]] = defaultdict(list)
        parent = forest.columns.parents
        for row in np.flatnonzero(branching).tolist():
            holder = row
            while not anchored[holder]:
                holder = parent[holder]
                if branching[holder]:
                    break
            else:
                found[holder].append(row)
        return found
