"""In what order is a definition evaluated? Blocks of points, and the edges between blocks.

A point is a row of the tree that stands in the control flow: a simple statement, a test or other
operand that is not always evaluated, what a loop, `with` or `match` takes, a handler. Where
something may leave, the points before and after are in blocks of their own.

A block is placed only after every forward edge into it exists. So the order of blocks is a
topological order of the forward edges, and an edge goes back exactly where its target is no later.

Exceptions: inside `try` and `with`, a block in which something may raise has an edge to what takes
it, and ends there: with its last point, or before that one binds a name (then it stands in the next
block, too), so that handlers do not see the binding. Elsewhere an exception is no edge, but `raise`
and a failed `assert` are. A `finally` body stands once: it is entered in every way, and left in the
same ways.
"""

from collections.abc import Callable
from functools import partial

from codeanatomy.extract.flow.parts import Parts
from codeanatomy.extract.forest import COMPREHENSIONS, FUNCTIONS
from codeanatomy.extract.walker import CONSTRUCTS

(NEXT, TRUE, FALSE, LOOP, DONE, MATCH, NOMATCH) = range(7)
(BREAK, CONTINUE, RETURN, SWALLOW, RAISE, EXCEPTION, ESCAPE) = range(7, 14)
WAYS = (
    *("next", "true", "false", "loop", "done", "match", "nomatch"),
    *("break", "continue", "return", "swallow", "raise", "exception", "escape"),
)
_JUMPS = (BREAK, CONTINUE, RETURN)
_THROWN = {EXCEPTION, RAISE, NOMATCH}
_OUT = 0  # label of a definition's exit
_NOWHERE = -1

Edge = tuple[int, int, int]  # source, target, way


class Blocks:
    """The blocks of a batch; those of definition i are `first[i]` to `first[i + 1]`.

    `points` are (code, block) in order of evaluation: the code is a row, or counts from the number
    of rows: the entries of all definitions, then their exits. `marks` are (2 * row, or one more if
    after it; block): from there on, rows of the same definition belong to that block, to the next
    mark. `lands` says where a statement or case binds its names.
    """

    def __init__(self, parts: Parts) -> None:
        self.points: list[tuple[int, int]] = []
        self.marks: list[tuple[int, int]] = []
        self.edges: list[Edge] = []
        self.lands: dict[int, int] = {}
        self.first: list[int] = []
        self.count = 0
        self._parts = parts
        self._kinds = parts.kinds
        for number, row in enumerate(parts.definitions):
            self.first.append(self.count)
            self._definition(number, row)
        self.first.append(self.count)

    def _definition(self, number: int, row: int) -> None:
        entry = len(self._kinds) + number
        self._placed: list[int] = []  # block of each label; _NOWHERE before it is placed
        self._ways: list[int] = []  # bit set of the ways of the edges to each label
        self._block = _NOWHERE  # the current one; _NOWHERE after a jump
        self._raising = False  # whether something in it may raise
        self._taker = _NOWHERE  # label of what takes an exception
        # what a jump meets on its way out, by its way: the label that it goes to
        self._frames: list[dict[int, int]] = []
        before = len(self.edges)
        self._label()
        self._place(self._label())
        self.points.append((entry, self._block))
        body = self._parts.of(row, "body")
        if CONSTRUCTS[self._kinds[row]] == "Lambda":
            self._value(body[0])
        else:
            self._body(body)
        self._goto(_OUT)
        self._place(_OUT)
        self.points.append((entry + len(self._parts.definitions), self._block))
        placed = self._placed
        self.edges[before:] = [(s, placed[d], way) for s, d, way in self.edges[before:]]

    # blocks

    def _label(self) -> int:
        self._placed.append(_NOWHERE)
        self._ways.append(0)
        return len(self._placed) - 1

    def _place(self, label: int) -> None:
        """The label's block begins here."""
        self._raising = False
        self._placed[label] = self._block = self.count
        self.count += 1

    def _edge(self, label: int, way: int) -> None:
        self._ways[label] |= 1 << way
        self.edges.append((self._block, label, way))

    def _throw(self) -> None:
        """The edge of an exception that nobody wrote."""
        if self._raising and self._taker >= 0:
            self._edge(self._taker, EXCEPTION)

    def _goto(self, label: int, way: int = NEXT) -> None:
        if self._block >= 0:
            self._throw()
            self._edge(label, way)
            self._block = _NOWHERE

    def _branch(self, yes: int, no: int, ways: tuple[int, int] = (TRUE, FALSE)) -> None:
        self._raising = True
        if yes == no:
            self._goto(yes)
            return
        self._throw()
        self._edge(yes, ways[0])
        self._edge(no, ways[1])
        self._block = _NOWHERE

    def _enter(self, no: int, ways: tuple[int, int] = (TRUE, FALSE)) -> None:
        """Goes on in a new block, or at the label."""
        inside = self._label()
        self._branch(inside, no, ways)
        self._place(inside)

    def _hold(self, row: int, no: int) -> None:
        """Goes on in a new block where the test holds, else at the label."""
        inside = self._label()
        self._test(row, inside, no)
        self._place(inside)

    def _fresh(self, way: int = NEXT) -> int:
        """Label of a new block that follows the current one."""
        label = self._label()
        self._goto(label, way)
        self._place(label)
        return label

    def _join(self, label: int) -> None:
        """Goes on at the label, if anything leads there."""
        self._goto(label)
        if self._ways[label]:
            self._place(label)
        else:
            self._block = _NOWHERE

    def _at(self, row: int, *, after: bool = False) -> None:
        self.marks.append((2 * row + after, self._block))

    def _point(self, row: int) -> None:
        if not FUNCTIONS[self._kinds[row]]:  # a function stands for the entry of its own flow
            self.points.append((row, self._block))

    def _leave(self, way: int) -> None:
        """One edge out of the block, to the first thing around that a jump of this kind meets."""
        self._throw()
        for frame in reversed(self._frames):
            if way in frame:
                self._edge(frame[way], way)
                return
        self._edge(_OUT, way)

    # expressions

    def _inner(self, row: int) -> None:
        """Branches inside a statement or operand, each followed by what comes after it."""
        for branching in self._parts.branches.get(row, ()):
            if COMPREHENSIONS[self._kinds[branching]]:
                self._comprehension(branching)
            else:
                end = self._label()
                self._test(branching, end, end)
                self._place(end)
            self._at(self._parts.ends.item(branching), after=True)

    def _value(self, row: int, *, cut: bool = True) -> None:
        """An operand whose value is used; `cut`: an exception in it ends the block."""
        self._at(row)
        self._inner(row)
        self._raising = True
        self._point(row)
        if cut and self._taker >= 0:
            self._fresh()

    def _test(self, row: int, yes: int, no: int) -> None:
        """An operand that decides where to go on."""
        self._at(row)
        construct = CONSTRUCTS[self._kinds[row]]
        known = self._parts.truth.get(row)
        if construct in ("BoolOp.And", "BoolOp.Or"):
            *others, final = self._parts.of(row, "values")
            for operand in others:
                after = self._label()
                ways = (after, no) if construct == "BoolOp.And" else (yes, after)
                self._test(operand, *ways)
                self._place(after)
            self._test(final, yes, no)
        elif construct == "UnaryOp.Not":
            self._test(row + 1, no, yes)
        elif construct == "IfExp":
            sides = self._label(), self._label()
            self._test(self._parts.of(row, "test")[0], *sides)
            for label, side in zip(sides, self._parts.of(row, "body", "orelse"), strict=True):
                self._place(label)
                self._test(side, yes, no)
        elif known is not None:
            self._point(row)
            self._goto(yes if known else no)
        else:
            if row in self._parts.chains:  # stops at the first comparison that fails
                first, *others, final = self._parts.of(row, "left", "comparators")
                self._value(first)
                for operand in others:
                    self._value(operand, cut=False)
                    self._enter(no)
                self._value(final)
            else:
                self._inner(row)
            self._point(row)
            self._branch(yes, no)

    def _comprehension(self, row: int) -> None:
        """Loops in line; of a generator, too, as if it were used up where it is made."""
        end = back = self._label()
        for number, loop in enumerate(self._parts.of(row, "generators")):
            [target], [iterable] = self._parts.of(loop, "target"), self._parts.of(loop, "iter")
            self._value(iterable)
            head = self._fresh()
            self._point(loop)
            self._enter(back if number else end, (LOOP, DONE))
            self._at(target)
            for test in self._parts.of(loop, "ifs"):
                self._hold(test, head)
            back = head
        for element in self._parts.of(row, "elt", "key", "value"):
            self._value(element)
        self._goto(back)
        self._place(end)

    # statements

    def _body(self, rows: list[int]) -> None:
        for row in rows:
            if self._block < 0:
                self._place(self._label())  # nothing leads here
            self._at(row)
            _STATEMENTS.get(CONSTRUCTS[self._kinds[row]], Blocks._simple)(self, row)

    def _simple(self, row: int, *, cut: bool = True) -> None:
        self._inner(row)
        parts = self._parts
        self._raising |= row in parts.branches or parts.raises[row]
        self._point(row)
        if cut and self._raising and self._taker >= 0:
            self._fresh()
            if parts.binds[row]:
                self._point(row)
        self.lands[row] = self._block

    def _function(self, row: int) -> None:
        for decorator in self._parts.of(row, "decorator_list"):
            self._value(decorator)
        self._inner(row)
        self.lands[row] = self._block

    def _jump(self, row: int, *, way: int) -> None:
        self._simple(row, cut=False)
        self._leave(way)
        self._block = _NOWHERE

    def _raise(self, row: int) -> None:
        self._simple(row, cut=False)
        self._goto(max(self._taker, _OUT), RAISE)

    def _assert(self, row: int) -> None:
        holds, fails = self._label(), self._label()
        self._test(self._parts.of(row, "test")[0], holds, fails)
        self._place(fails)
        for message in self._parts.of(row, "msg"):
            self._value(message)
        self._point(row)
        self._goto(max(self._taker, _OUT), RAISE)
        self._join(holds)

    def _if(self, row: int) -> None:
        of = self._parts.of
        others, end = of(row, "orelse"), self._label()
        no = self._label() if others else end
        self._hold(of(row, "test")[0], no)
        self._body(of(row, "body"))
        self._goto(end)
        if others:
            self._place(no)
            self._body(others)
        self._join(end)

    def _loop(self, row: int) -> None:
        of = self._parts.of
        iterables, others = of(row, "iter"), of(row, "orelse")
        for iterable in iterables:
            self._value(iterable)
        head, end = self._fresh(), self._label()
        after = self._label() if others else end
        if iterables:
            self._point(row)
            self._enter(after, (LOOP, DONE))
        else:
            self._hold(of(row, "test")[0], after)
        self._frames.append({BREAK: end, CONTINUE: head})
        for target in of(row, "target"):
            self._at(target)
        self._body(of(row, "body"))
        self._goto(head)
        self._frames.pop()
        if others:
            self._place(after)
            self._body(others)
        self._join(end)

    def _try(self, row: int) -> None:
        around = self._taker
        handlers, last = self._parts.of(row, "handlers"), self._parts.of(row, "finalbody")
        end = self._label()
        final = self._label() if last else end
        self._point(row)
        self._fresh()  # before the taker changes: what raised above goes where it went
        if last:
            self._frames.append(dict.fromkeys(_JUMPS, final))
            self._taker = final
        outside = self._taker  # takes the exceptions of handlers and else
        if handlers:
            self._taker = self._label()
        taker = self._taker
        self._body(self._parts.of(row, "body"))
        others = self._parts.of(row, "orelse")
        if others:
            self._fresh()
            self._taker = outside
            self._body(others)
        self._goto(final)
        self._taker = outside
        if handlers:
            self._place(taker)
            self._handlers(row, handlers, final)
        if last:
            self._close(row, final, around)
        else:
            self._join(end)

    def _handlers(self, row: int, handlers: list[int], final: int) -> None:
        star = CONSTRUCTS[self._kinds[row]] == "TryStar"
        lost = (self._taker, NOMATCH) if self._taker >= 0 else (_OUT, ESCAPE)
        for handler in handlers:
            if self._block < 0:
                self._place(self._label())  # nothing leads here: one before it takes everything
            self._at(handler)
            self._inner(handler)
            self._point(handler)
            after, missed = _NOWHERE, lost
            if self._parts.of(handler, "type"):
                if star or handler != handlers[-1]:
                    after = self._label()
                    missed = after, NOMATCH
                self._enter(missed[0], (MATCH, missed[1]))
            self.lands[handler] = self._block
            self._body(self._parts.of(handler, "body"))
            self._goto(after if star else final)
            if after >= 0:
                self._place(after)
        if star:  # what no handler took is raised again
            self._point(row)
            self._edge(final, NEXT)
            self._edge(*lost)
            self._block = _NOWHERE

    def _close(self, row: int, entry: int, around: int) -> None:
        """The one copy of what runs on every way out of a `try` or `with`."""
        self._frames.pop()
        self._taker = around
        final = self._parts.of(row, "finalbody")
        if not (final or self._ways[entry]):
            return
        ways = {way for way in range(len(WAYS)) if self._ways[entry] >> way & 1}
        self._place(entry)
        if final:
            self._body(final)
        else:
            self._point(row)
            self._raising = True
        if self._block < 0:
            return  # it returned or raised itself: all ways end here
        last, jumps, thrown = self._block, ways.intersection(_JUMPS), bool(ways & _THROWN)
        for way in sorted(jumps):
            self._leave(way)
            self._block = last
        if thrown and around >= 0:
            self._raising = True
        elif thrown:
            self._edge(_OUT, ESCAPE)
        if NEXT in ways:
            if jumps or (thrown and around < 0):
                self._fresh()
        elif thrown and not final:
            self._fresh(SWALLOW)
        else:
            if not jumps:
                self._throw()
            self._block = _NOWHERE

    def _with(self, row: int) -> None:
        opened = []
        for field, part in self._parts.items(row):
            if field == "context_expr":
                self._value(part)
                entry = self._label()
                opened.append((entry, self._taker))
                self._fresh()
                self._frames.append(dict.fromkeys(_JUMPS, entry))
                self._taker = entry
            elif field == "optional_vars":
                self._at(part)
        self._body(self._parts.of(row, "body"))
        for entry, around in reversed(opened):
            self._goto(entry)
            self._close(row, entry, around)

    def _match(self, row: int) -> None:
        self._value(self._parts.of(row, "subject")[0])
        end = self._label()
        for case in self._parts.of(row, "cases"):
            self._at(case)
            self._point(case)
            after = self._label()
            if not self._parts.irrefutable(self._parts.of(case, "pattern")[0]):
                self._enter(after, (MATCH, NOMATCH))
            self.lands[case] = self._block
            for guard in self._parts.of(case, "guard"):
                self._hold(guard, after)
            self._body(self._parts.of(case, "body"))
            self._goto(end)
            if not self._ways[after]:
                break
            self._place(after)
        self._join(end)


_STATEMENTS: dict[str, Callable[[Blocks, int], None]] = {
    **dict.fromkeys(("For", "AsyncFor", "While"), Blocks._loop),
    **dict.fromkeys(("FunctionDef", "AsyncFunctionDef"), Blocks._function),
    **dict.fromkeys(("Try", "TryStar"), Blocks._try),
    **dict.fromkeys(("With", "AsyncWith"), Blocks._with),
    "Return": partial(Blocks._jump, way=RETURN),
    "Break": partial(Blocks._jump, way=BREAK),
    "Continue": partial(Blocks._jump, way=CONTINUE),
    "Raise": Blocks._raise,
    "Assert": Blocks._assert,
    "If": Blocks._if,
    "Match": Blocks._match,
}
