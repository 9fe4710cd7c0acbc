"""Do emission's SSA and the flow's def_use rows tell the same definitions of each use of a name?

The two are analyses of the same code that share no line. A use goes by the row of the name that is
read, a definition by that of the name, parameter, import, `def`, `class`, handler or pattern that
binds. Where they differ, one of these rules must say why. What emission misses:

- forgotten: the flow has one copy of a `finally` and of the end of a `with`; the definition enters
  it with an exception, `return` or other jump, and leaves it as if nothing had been.
- jumped: `break` or `continue` leaves a `try`; emission goes there without what `finally` does.
- looped: a `:=` in the body of a loop; emission sees the loop's other definitions ahead.
- unknown: the loop around the definition begins where the name has no value yet; emission takes
  what a part of the body binds for all that reaches the rest of the body.
- starred: the flow goes on after an `except*` of the scope though no handler took anything.
- revived: statements follow a jump somewhere in the scope; either goes on after some of them.

What emission has too many of:

- handled: handlers and `finally` start from every definition made in the `try`.
- whole: SSA has no value there, as of names that others assign to, or that are deleted or not yet
  bound; it takes all definitions of the scope.
- mixed: some are handled, some whole.
- deleted: the name is deleted in a `try`; handlers and `finally` start as if it were not.
- jumped, revived: as above.
- dead: a definition that nothing leads to.

And uses that are not compared: `outer` ones belong to a scope around, so that flow tells nothing;
nothing leads to `idle` ones; those with as many bindings as the flow tells are `many`.
"""

import ast
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple
from unittest import mock

import numpy as np

from codeanatomy.extract import emission
from codeanatomy.extract.emission import annotations, expressions, scopes, state, statements
from codeanatomy.extract.flow import Flow, ways
from codeanatomy.extract.flow.blocks import BREAK, CONTINUE, NEXT, NOMATCH, RETURN, Blocks
from codeanatomy.extract.flow.parts import Parts
from codeanatomy.extract.forest import DEL, LOAD, Forest, kinds, roles
from codeanatomy.extract.from_ast import WALK_DEPTH, AstCollector
from codeanatomy.extract.parse import deep, parse
from codeanatomy.extract.scopes import Scopes
from codeanatomy.facts import constraints as c

MISSED = ("forgotten", "jumped", "looped", "unknown", "starred", "revived")
EXTRA = ("jumped", "handled", "whole", "mixed", "deleted", "revived", "dead")
NOT_COMPARED = ("outer", "idle", "many")
NONE: frozenset[int] = frozenset()
_LOOPS = ast.For | ast.AsyncFor | ast.While


class Finding(NamedTuple):
    """A use, what is true of it, and the lines of the definitions that only one analysis has."""

    line: int
    name: str
    what: str
    lines: tuple[int, ...] = ()


# emission


class Observed(state.Emission):
    """An emission that gives each definition a place of its own, though its value may have one, and
    remembers whose places are whose."""

    def __init__(self, visit: dict[type[ast.AST], Callable[..., int]], tree: ast.Module) -> None:
        super().__init__(defaultdict(lambda: self._visit), tree)
        self._visitors = visit
        self._around: list[ast.AST] = []  # nodes that are visited now
        self._binders: dict[tuple[ast.AST, str], Iterator[int]] = {}
        self._known = 0  # functions of the queue whose parameters have tokens
        self.token: dict[int, int] = {}  # place of a definition -> row of what binds
        self.loads: dict[int, tuple[int, scopes.Scope]] = {}  # row of a use -> place of the value
        self.started: set[int] = set()  # places of what handlers and `finally` start from
        self.revived: set[scopes.Scope] = set()  # where code follows that nothing leads to
        self.meeting = False  # two ways meet
        self.late: dict[int, set[str]] = {}  # row of a loop -> names that have no value before it

    def _visit(self, e: state.Emission, node: ast.AST) -> int:
        if isinstance(node, _LOOPS):
            self.late[node.row] = {*node.binds} - self.scope.env.keys()
        self._around.append(node)
        place = self._visitors[type(node)](e, node)
        self._around.pop()
        if isinstance(node, ast.Name):
            assert node.row not in self.loads, "a name is evaluated twice"
            self.loads[node.row] = place, self.scope
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            self._parameters()
        return place

    def block(self, statements: list[ast.stmt]) -> None:
        for node in statements:
            if self.scope.env is state.DEAD:
                self.revived.add(self.scope)
            super().block([node])

    def _parameters(self) -> None:
        for scope, node in self.queue[self._known :]:
            of = node.args
            for arg in (*of.posonlyargs, *of.args, *of.kwonlyargs, of.vararg, of.kwarg):
                if arg is not None:
                    self.token[scope.definitions[arg.arg][0]] = arg.row
        self._known = len(self.queue)

    def define(self, name: str, place: int, *, fresh: bool = False) -> None:
        if self._around:
            key = self._around[-1], name
            if key not in self._binders:
                self._binders[key] = iter([row for text, row in binders(key[0]) if text == name])
            row = next(self._binders[key])
        else:  # a parameter that functions inside assign to
            row = self.token[place]
        super().define(name, self.own(row, place), fresh=fresh)

    def own(self, row: int, place: int) -> int:
        """A place for this definition alone."""
        own = self.place()
        self.row((c.COPY, place, own, 0, 0))
        self.token[own] = row
        return own

    def joined(self, places: list[int], *, anew: bool = False) -> int:
        starts = isinstance(self._around[-1], ast.Try | ast.TryStar) and not self.meeting
        place = super().joined(places, anew=anew or starts)
        if starts:
            self.started.add(place)
        return place


def binders(node: ast.AST) -> Iterator[tuple[str, int]]:
    """Names that the node itself binds, not a statement inside, and the rows that bind them."""
    targets: list[ast.expr | None] = []
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            yield node.name, node.row
        case ast.Import() | ast.ImportFrom():
            for alias in node.names:
                yield alias.asname or alias.name.partition(".")[0], alias.row
        case ast.Try() | ast.TryStar():
            for handler in node.handlers:
                if handler.name:
                    yield handler.name, handler.row
        case ast.Match():
            for case in node.cases:
                for part in ast.walk(case.pattern):
                    name = getattr(part, "rest", getattr(part, "name", None))
                    if isinstance(name, str):
                        yield name, part.row
        case ast.With() | ast.AsyncWith():
            targets = [item.optional_vars for item in node.items]
        case ast.Assign():
            targets = [*node.targets]
        case _:
            targets = [getattr(node, "target", None)]
    for target in targets:
        for leaf in scopes.leaves(target) if target else ():
            if isinstance(leaf, ast.Name):
                yield leaf.id, leaf.row


def observed(tree: ast.Module) -> Observed:
    """The emission of a tree whose nodes carry their rows."""
    made: list[Observed] = []

    def emission_of(visit: dict[type[ast.AST], Callable[..., int]], tree: ast.Module) -> Observed:
        made.append(Observed(visit, tree))
        return made[0]

    def met(e: Observed, name: str, a: int, b: int) -> int:
        e.meeting = True
        place = annotations.met(e, name, a, b)
        e.meeting = False
        return place

    def parts(e: Observed, target: ast.expr, place: int) -> Iterator[tuple[ast.expr, int]]:
        """Names of comprehensions are no definitions of a scope."""
        for part, held in statements.parts(e, target, place):
            yield part, e.own(part.row, held) if isinstance(part, ast.Name) else held

    with (
        mock.patch.object(state, "Emission", emission_of),
        mock.patch.object(statements, "met", met),
        mock.patch.object(expressions, "parts", parts),
        deep(WALK_DEPTH),
    ):
        emission.emit(tree)
    return made[0]


class Ssa:
    """The definitions that emission's places lead back to."""

    def __init__(self, e: Observed) -> None:
        self.e = e
        self._sources: defaultdict[int, list[int]] = defaultdict(list)
        kind, source, target, _, _ = np.array(e.rows).reshape(-1, state.ROW_WIDTH).T
        rows = np.flatnonzero(kind == c.COPY)
        for a, b in zip(source[rows].tolist(), target[rows].tolist(), strict=True):
            self._sources[b].append(a)
        every = {*e.scopes.values(), *(scope for scope, _ in e.queue)}
        self.whole = {place for scope in every for place in scope.variables.values()}

    def reaching(self, use: int, name: str, without: Iterable[int] = ()) -> set[int]:
        """Rows of the definitions that the place of a use holds, as seen without some places. What
        a test told of a name is the value that it looked at."""
        place, scope = self.e.loads[use]
        found: set[int] = set()
        todo, seen = [place], {*without}
        while todo:
            place = todo.pop()
            if place in seen:
                continue
            seen.add(place)
            if place in self.e.token:
                found.add(self.e.token[place])
            elif (name, place) in scope.narrowed:
                todo.append(scope.narrowed[name, place])
            else:
                todo += self._sources[place]
        return found


# flow


class Reaching:
    """The definitions that the flow's def_use rows tell."""

    def __init__(self, forest: Forest, scopes: Scopes) -> None:
        self.forest, self._scopes = forest, scopes
        flow = Flow(forest, scopes)
        rows = dict(zip(forest.key.tolist(), range(forest.size), strict=True))
        self.told: defaultdict[int, set[int]] = defaultdict(set)
        table = flow.tables()["def_use"]
        for use, binding in zip(*(table[x].to_pylist() for x in ("node", "binding")), strict=True):
            self.told[rows[use]].add(rows[binding])
        self._items, _ = flow.items()
        alive, binds = self._items.row, self._items.binds
        self.uses, self.definitions = {*alive[~binds].tolist()}, {*alive[binds].tolist()}

    def local(self) -> Iterator[tuple[int, str, bool]]:
        """Uses of names of the file, and whether each is the own name of what is run there."""
        forest, scopes = self.forest, self._scopes
        read = (forest.context[scopes.uses] == LOAD) & (scopes.found >= 0)
        uses = scopes.uses[read]
        owner = forest.definition[scopes.scope[scopes.found[read]]]
        own = forest.definition[forest.scope[uses]] == owner
        names = forest.names.all()
        for use, text, mine in zip(uses.tolist(), forest.text[uses].tolist(), own, strict=True):
            yield use, names[text], bool(mine)

    def around(self, row: int) -> Iterator[int]:
        """The row and those around it, innermost first."""
        while row >= 0:
            yield row
            row = int(self.forest.parent[row])

    def remembered(self, use: int) -> set[int]:
        """What reaches the use on ways that pass every `finally` and end of a `with` because all
        before is done, or every one because of a `break` or `continue`; but for a `finally` that
        the use stands in."""
        forest, items = self.forest, self._items
        parts = Parts(forest, self._scopes)
        blocks = Blocks(parts)
        edges = np.unique(np.array(blocks.edges), axis=0)
        begins = {mark // 2: block for mark, block in blocks.marks}
        finals, managers = roles(".finalbody")[forest.role], kinds("With", "AsyncWith")
        owners = {*forest.parent[finals].tolist()}
        inside = {int(forest.parent[row]) for row in self.around(use) if finals[row]}
        closing = [begins[parts.of(row, "finalbody")[0]] for row in owners - inside]
        closing += [
            b for row, b in blocks.points if row < forest.size and managers[forest.kind[row]]
        ]
        src, dst, way = edges.T
        jumps = np.isin(way, [BREAK, CONTINUE])
        enters = np.isin(dst, closing)
        leaves = np.isin(src, src[jumps | (way == RETURN)]) & np.isin(src, src[way == NEXT])
        [item] = np.flatnonzero((items.row == use) & ~items.binds)
        found: set[int] = set()
        for passes in (jumps, way < NOMATCH):
            src, dst, _ = edges[~(enters | leaves) | passes].T
            idom = ways.dominators(src, dst, np.array(blocks.first[:-1]), blocks.count)
            if idom[items.block[item]] >= 0:
                entry = np.repeat(blocks.first[:-1], np.diff(blocks.first))
                alive = np.stack([src, dst])[:, idom[src] >= 0]
                binding, of, _ = ways.reaching(items, alive, entry)
                found.update(items.row[binding[of == item]].tolist())
        return found


# both


def differences(source: bytes) -> tuple[int, list[Finding]]:
    """How many uses of names were looked at, and what is to be said of those that differ."""
    read = parse(source)
    collector = AstCollector({})
    assert read.tree is not None
    assert collector.add(0, read)
    forest = collector.forest()
    with deep(WALK_DEPTH):
        flow = Reaching(forest, Scopes(forest))
    ssa = Ssa(observed(read.tree))
    count, found = 0, []

    def say(use: int, name: str, what: str, rows: Iterable[int] = ()) -> None:
        lines = sorted({int(forest.line[row]) for row in rows})
        found.append(Finding(int(forest.line[use]), name, what, tuple(lines)))

    for use, name, own in flow.local():
        count += 1
        told = flow.told[use]
        if use not in flow.uses:
            say(use, name, "idle")
        elif len(told) == ways.MOST:
            say(use, name, "many")
        else:
            reaching = ssa.reaching(use, name)
            for what, rows in _missed(flow, ssa.e, use, name, told - reaching).items():
                say(use, name, what, rows)
            if not own:
                say(use, name, "outer")
                continue
            for what, rows in _extra(flow, ssa, use, name, reaching - told).items():
                say(use, name, what, rows)
    return count, found


def _missed(
    flow: Reaching, e: Observed, use: int, name: str, rows: set[int]
) -> dict[str, set[int]]:
    """Definitions that emission misses, by the rule that explains them."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    if not rows:
        return found
    forest, remembered = flow.forest, flow.remembered(use)
    final, walrus = roles(".finalbody"), roles("NamedExpr.target")
    stars = kinds("TryStar")[forest.kind]
    for row in rows:
        around = [*flow.around(row)]
        if row not in remembered:
            found["forgotten"].add(row)
        elif any(final[forest.role[r]] for r in around):
            found["jumped"].add(row)
        elif walrus[forest.role[row]] and not e.late.keys().isdisjoint(around):
            found["looped"].add(row)
        elif any(name in e.late.get(r, ()) for r in around):
            found["unknown"].add(row)
        elif (stars & (forest.scope == forest.scope[use])).any():
            found["starred"].add(row)
        elif e.loads[use][1] in e.revived:
            found["revived"].add(row)
        else:
            found["missed"].add(row)
    return found


def _extra(flow: Reaching, ssa: Ssa, use: int, name: str, rows: set[int]) -> dict[str, set[int]]:
    """Definitions that only emission has, by the rule that explains them."""
    found: defaultdict[str, set[int]] = defaultdict(set)
    if not rows:
        return found
    forest = flow.forest
    started, whole = ssa.e.started, ssa.whole
    unstarted, narrow = (ssa.reaching(use, name, x) for x in (started, whole))
    neither = ssa.reaching(use, name, started | whole)
    same = (forest.text == forest.text[use]) & (forest.scope == forest.scope[use])
    deleted = np.flatnonzero(same & (forest.context == DEL)).tolist()
    here = forest.scope == forest.scope[use]
    leaps = np.flatnonzero(here & kinds("Break", "Continue")[forest.kind]).tolist()
    final = {*forest.parent[roles(".finalbody")[forest.role]].tolist()}
    tried = kinds("Try", "TryStar")
    for row in rows:
        if row not in flow.definitions:
            found["dead"].add(row)
        elif row not in narrow:
            found["whole"].add(row)
        elif row not in unstarted:
            found["handled"].add(row)
        elif row not in neither:
            found["mixed"].add(row)
        elif any(tried[forest.kind[r]] for place in deleted for r in flow.around(place)):
            found["deleted"].add(row)
        elif any(r in final for place in leaps for r in flow.around(place)):
            found["jumped"].add(row)
        elif ssa.e.loads[use][1] in ssa.e.revived:
            found["revived"].add(row)
        else:
            found["extra"].add(row)
    return found


def counts(sources: Iterable[bytes]) -> Counter[str]:
    """How many uses of all files there are, and of how many what is to be said."""
    total: Counter[str] = Counter()
    for source in sources:
        uses, found = differences(source)
        total["uses"] += uses
        total.update(finding.what for finding in found)
    return total
