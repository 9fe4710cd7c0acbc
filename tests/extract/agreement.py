"""Which definitions reach each use of a name, by emission's SSA and by the flow's def_use rows.

Two analyses of the same code that share no line. Tokens go by the rows of the walker: a use is the
row of a name that is read, a definition that of a name, parameter, import, `def`, `class`, handler
or pattern that binds it.
"""

import ast
from collections import defaultdict
from collections.abc import Callable, Iterator
from unittest import mock

import numpy as np

from codeanatomy.extract import emission
from codeanatomy.extract.emission import annotations, expressions, scopes, state, statements
from codeanatomy.extract.from_ast import WALK_DEPTH, AstCollector
from codeanatomy.extract.parse import deep, parse
from codeanatomy.facts import constraints as c

Reach = dict[int, set[int]]  # definitions by use


class Observed(state.Emission):
    """An emission whose definitions each have a place of their own, though two may hold the same
    value, and that remembers which token each one is."""

    def __init__(self, visit: dict[type[ast.AST], Callable[..., int]], tree: ast.Module) -> None:
        super().__init__(defaultdict(lambda: self._visit), tree)
        self._visitors = visit
        self._around: list[ast.AST] = []  # nodes that are visited now
        self._tokens: dict[tuple[ast.AST, str], Iterator[int]] = {}
        self.token: dict[int, int] = {}  # place of a definition -> its row
        self.loads: dict[int, tuple[int, scopes.Scope, str]] = {}  # by row of a name that is read
        self.handled: set[int] = set()  # places that handlers start from
        self.meeting = False
        self._known = 0

    def _visit(self, e: state.Emission, node: ast.AST) -> int:
        self._around.append(node)
        place = self._visitors[type(node)](e, node)
        self._around.pop()
        if isinstance(node, ast.Name):
            assert node.row not in self.loads
            self.loads[node.row] = place, self.scope, node.id
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            self._parameters()
        return place

    def define(self, name: str, place: int, *, fresh: bool = False) -> None:
        if self._around:
            node = self._around[-1]
            if (node, name) not in self._tokens:
                self._tokens[node, name] = iter([row for text, row in bound(node) if text == name])
            row = next(self._tokens[node, name])
        else:  # a parameter that inner functions assign to
            row = self.token[place]
        super().define(name, self.own(row, place), fresh=fresh)

    def _parameters(self) -> None:
        """Tokens of the parameters of the functions that were queued meanwhile."""
        for scope, node in self.queue[self._known :]:
            of = node.args
            for arg in (*of.posonlyargs, *of.args, *of.kwonlyargs, of.vararg, of.kwarg):
                if arg is not None:
                    self.token[scope.definitions[arg.arg][0]] = arg.row
        self._known = len(self.queue)

    def own(self, row: int, place: int) -> int:
        """A place for this definition alone."""
        own = self.place()
        self.row((c.COPY, place, own, 0, 0))
        self.token[own] = row
        return own

    def joined(self, places: list[int]) -> int:
        if self.meeting or not isinstance(self._around[-1], ast.Try | ast.TryStar):
            return super().joined(places)
        place = self.place()
        self.handled.add(place)
        for source in dict.fromkeys(places):
            self.row((c.COPY, source, place, 0, 0))
        return place


def bound(node: ast.AST) -> Iterator[tuple[str, int]]:
    """Names and rows of the tokens that a node itself binds, not a statement inside."""
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
    seen: list[Observed] = []

    def open_(visit: dict[type[ast.AST], Callable[..., int]], tree: ast.Module) -> Observed:
        seen.append(Observed(visit, tree))
        return seen[0]

    def met(e: Observed, name: str, a: int, b: int) -> int:
        e.meeting = True
        place = annotations.met(e, name, a, b)
        e.meeting = False
        return place

    def parts(e: Observed, target: ast.expr, place: int) -> Iterator[tuple[ast.expr, int]]:
        """What a comprehension binds, which is no definition of a scope."""
        for part, held in statements.parts(e, target, place):
            yield part, e.own(part.row, held) if isinstance(part, ast.Name) else held

    with (
        mock.patch.object(state, "Emission", open_),
        mock.patch.object(statements, "met", met),
        mock.patch.object(expressions, "parts", parts),
        deep(WALK_DEPTH),
    ):
        emission.emit(tree)
    return seen[0]


class Reads:
    """What emission says of one module."""

    def __init__(self, e: Observed) -> None:
        self.e = e
        self.sources: defaultdict[int, list[int]] = defaultdict(list)
        kinds, a, b, _, _ = np.array(e.rows).reshape(-1, 5).T
        copies = kinds == c.COPY
        for source, target in zip(a[copies].tolist(), b[copies].tolist(), strict=True):
            self.sources[target].append(source)
        every = {*e.scopes.values(), *(scope for scope, _ in e.queue)}
        self.whole = {place for scope in every for place in scope.variables.values()}

    def definitions(self, use: int, without: frozenset[int] | set[int] = frozenset(), narrowed=True) -> set[int]:
        place, scope, name = self.e.loads[use]
        found, seen, todo = set(), set(), [place]
        while todo:
            place = todo.pop()
            if place in seen or place in without:
                continue
            seen.add(place)
            if place in self.e.token:
                found.add(self.e.token[place])
            elif (name, place) in scope.narrowed:
                todo += [scope.narrowed[name, place]] if narrowed else []
            else:
                todo += self.sources[place]
        return found
