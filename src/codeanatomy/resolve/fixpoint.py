"""What do the rules read and grow? The state of one solve."""

from collections.abc import Callable
from functools import cache

import numpy as np
import pyarrow as pa

from codeanatomy.facts import constraints as c
from codeanatomy.facts.ids import distinct, grouped
from codeanatomy.resolve import points as p
from codeanatomy.resolve.lookup import Lookup
from codeanatomy.resolve.pairs import Arguments, Flags, Ints, each, mapped, pair
from codeanatomy.resolve.world import FILE, MODULE_NAMES, Modules, World
from codeanatomy_stubs.stubs import Stubs
from codeanatomy_stubs.types import Type

WAITS = -(1 << 62)  # no place and no object
VARARG = -2  # index of *args; **kwargs is one below
POSITIONAL, NAMED, INTO = range(3)  # what `spread` feeds: parameters, named ones, a container
IMPLICIT_CLASS_METHODS = ("__new__", "__init_subclass__", "__class_getitem__")

Rule = Callable[["Fixpoint", Ints, Ints], None]  # rows, and an object for each
Declared = tuple[tuple[int, ...], tuple[Type, ...]]
Find = Callable[[int, int], int | None]  # see Lookup.find
Link = tuple[int, int, int, int]  # call, result, receiver, shift


class Fixpoint:
    """Everything that the rules read and grow."""

    def __init__(self, tables: dict[str, pa.Table], files: pa.Table) -> None:
        self.stubs = stubs = Stubs()
        self.world = world = World(tables, files)
        self.points = points = p.Points(world.places, world.kinds)
        self.modules = Modules(world, points)
        self.lookup = Lookup(self.modules, stubs)
        self.tables, self.elements = self.lookup.tables, self.lookup.elements
        rows = world.rows
        for name in ("super", "load", "store", "special", "keyed", "annotate"):
            self.tables[name].add(rows[name][:, : len(c.SPACES[name])])
        self.tables["by_key"].add(rows["keyed"][:, [1, 0, 2, 3]])
        self.tables["call"].add(rows["call"][:, :4] * (1, 1, 1, 0))
        self.waiting: list[tuple[str, Ints]] = []  # rule, rows with objects of classes unordered
        self.receivers: list[int] = []
        self.overloads: list[int] = []  # decorations that bind no name
        # of external things and shapes of calls: objects given, and types to make others of
        self.declared: dict[tuple[int, int], Declared] = {}
        self.callbacks: dict[tuple[int, int], None] = {}  # (site, place of what it calls unseen)
        self._once: set[tuple[object, ...]] = set()
        # each place is made once per argument
        self.element: Callable[[int, int], int] = cache(self._element)
        self.any_result: Callable[[int], int] = cache(self._any_result)
        self._read_functions()
        self._read_calls()
        self._start()

    def _read_functions(self) -> None:
        rows, count = self.world.rows, len(self.world.kinds)
        param = rows["param"]
        positional = param[param[:, 1] >= 0]
        positional = positional[np.lexsort((positional[:, 1], positional[:, 0]))]
        self.parameter, self.parameter_name = np.append(positional[:, [3, 2]].T, [[0], [0]], axis=1)
        self.parameter_start = np.searchsorted(positional[:, 0], np.arange(count))
        self.parameter_count = np.bincount(positional[:, 0], minlength=count)
        named = param[param[:, 1] >= -1]
        # places of parameters by (function, name) as one number; none is asked for without a name
        self.keyword: dict[int, int] = dict(each(pair(named[:, 0], named[:, 2]), named[:, 3]))
        self.variadic = np.zeros((count, 2), np.int64)  # objects of *args and **kwargs
        for function, index, _, place, _ in param[param[:, 1] <= VARARG].tolist():
            made = self.container("tuple" if index == VARARG else "dict", place)
            self.variadic[function, VARARG - index] = made
        # one place per function holds what it returns
        returned = rows["result"]
        self.result = np.zeros(count, np.int64)
        several = np.bincount(returned[:, 0], minlength=count) > 1
        self.result[several] = [self.points.place() for _ in range(np.count_nonzero(several))]
        many = several[returned[:, 0]]
        self.points.copy_all(returned[many, 1], self.result[returned[many, 0]])
        self.result[returned[~many, 0]] = returned[~many, 1]
        places = np.zeros((3, self.world.places), np.int64)
        self.returned_by, self.parameter_of, self.parameter_index = places
        self.returned_by[returned[:, 1]] = returned[:, 0]
        self.parameter_of[positional[:, 3]] = positional[:, 0]
        self.parameter_index[positional[:, 3]] = positional[:, 1]
        # functions that return what a call of theirs makes of their own parameter: they may turn
        # out to give it back, and then the calls seen before count as well
        call_result = np.zeros(self.world.calls, np.int64)
        call_result[rows["call"][:, 1]] = rows["call"][:, 2]
        caller = self.parameter_of[rows["arg"][:, 3]]
        passes = (caller > 0) & (self.returned_by[call_result[rows["arg"][:, 0]]] == caller)
        self.links: dict[int, list[Link]] = {x: [] for x in distinct(caller[passes]).tolist()}
        self.through = grouped(rows["through"][:, :2].tolist())
        for function, place in rows["yield"][:, :2].tolist():
            self.points.copy(place, self.lookup.yields[function])
        for function in self.lookup.yields:  # its call gives a generator
            result = self.points.place()
            self.points.copy(int(self.result[function]), result)  # what an annotation says
            self.points.hold(result, self.points.object(p.GENERATOR, function))
            self.result[function] = result
        self.may_return_parameter = np.zeros(count, bool)
        self.may_return_parameter[[*self.through, *self.links]] = True
        self.method_of = np.zeros(count, np.int64)
        self.method_of[rows["method"][:, 0]] = rows["method"][:, 1]
        # whose receiver matters: its first parameter is not fed by its class, or it is given back
        self.keeps_receiver = self.method_of == 0
        self.keeps_receiver[[f for f, at in self.through.items() if 0 in at]] = True

    def _read_calls(self) -> None:
        rows, calls = self.world.rows, self.world.calls
        sites = np.full(calls, -1, np.int64)
        known = rows["call"][rows["call"][:, 3] > 0]
        sites[known[:, 1]] = self.world.site_start[known[:, FILE]] + known[:, 3] - 1
        self.arguments = Arguments(rows["arg"], sites)
        self.decorated = np.zeros((calls + 1, 2), np.int64)  # value, result; the last row is empty
        self.decorated[rows["decorated"][:, 0]] = rows["decorated"][:, 1:3]
        decorations = rows["call"][self.decorates(rows["call"][:, 1])]
        # places that are called as decorators; the last one stands for those made later
        self.is_decorator = np.zeros(self.world.places + 1, bool)
        self.is_decorator[decorations[:, 0]] = True
        for callee, number, *_ in decorations.tolist():
            self.callbacks[self.arguments.site[number], callee] = None

    def _start(self) -> None:
        """What holds before any rule: definitions, literals, unknown values, imports, globals."""
        points, modules, texts = self.points, self.modules, self.world.texts
        rows = self.world.rows
        points.hold_all(rows["alloc"][:, 0], rows["alloc"][:, 1])
        points.copy_all(rows["copy"][:, 0], rows["copy"][:, 1])
        literal, display, constant = rows["literal"], rows["display"], rows["constant"]
        points.hold_all(literal[:, 0], mapped(lambda x: modules.literal(texts[x]), literal[:, 1]))
        for place, type_ in display[:, :2].tolist():
            points.hold(place, points.object(p.CONTAINER, modules.type(texts[type_]), place))

        def known(key: int) -> int:
            return points.object(p.CONSTANT, modules.type(texts[key >> 32]), key & 0xFFFFFFFF)

        points.hold_all(constant[:, 0], mapped(known, pair(constant[:, 1], constant[:, 2])))
        points.copy_all(rows["declared"][:, 1], rows["declared"][:, 0])
        unknown = rows["unknown"]
        points.marks[unknown[:, 0]] |= (1 << unknown[:, 1]).astype(np.int32)
        for place, _, _, _, file in rows["import"].tolist():
            target, name = modules.targets.get(place, (0, 0))
            if name:
                self._start_import(place, target, name, file)
            elif target:
                points.hold(place, target)
        for place, name, early, _, file in rows["global"].tolist():
            if not self.lookup.take(place, name, *modules.global_sources(file + 1, name, early)):
                points.marks[place] |= 1 << c.UNKNOWN_NAME

    def _start_import(self, place: int, target: int, name: int, file: int) -> None:
        """The place of an import takes a name from a module."""
        points, modules, world = self.points, self.modules, self.world
        if target <= len(world.modules) and not world.read[target - 1]:
            points.marks[place] |= 1 << c.UNREADABLE
            return
        points.copy(self.lookup.module_member(target, name), place)
        if target == file + 1:
            points.hold(place, modules.submodule(target, name))
        known = modules.symbols(target, name)
        if not known and world.texts[name] in MODULE_NAMES:
            points.hold(place, modules.literal("str"))
        elif not known:
            circle = target << 32 | name in world.definition
            points.marks[place] |= 1 << (c.CIRCLE if circle else c.NO_MEMBER)

    # rules' helpers

    def found(
        self, table: str, rows: Ints, objects: Ints, pairs: Ints, find: Find | None = None
    ) -> tuple[Ints, Ints, Ints]:
        """`find` (or `lookup.find`) of the (object, name) pair beside each row, with the row and
        its object; without rows that wait, since the class has no order yet."""
        if find is None:
            rows, objects, pairs = self.closed(table, rows, objects, pairs)
        keys, inverse = np.unique(pairs, return_inverse=True)
        find = find or self.lookup.find
        places = [find(key >> 32, key & 0xFFFFFFFF) for key in keys.tolist()]
        found = np.array([WAITS if x is None else x for x in places], np.int64)[inverse]
        waits = found == WAITS
        self.wait(table, rows[waits], objects[waits])
        return found[~waits], rows[~waits], objects[~waits]

    def closed(self, table: str, rows: Ints, objects: Ints, *more: Ints) -> tuple[Ints, ...]:
        """Without rows whose object may be of an inheriting class, until all of those are known:
        what these override would be missed."""
        columns: tuple[Ints, ...] = (rows, objects, *more)
        if not self.lookup.below:
            open_ = p.among(self.points.kind[objects], (*p.CONES, p.SUPER))
            self.wait(table, rows[open_], objects[open_])
            columns = tuple(x[~open_] for x in columns)
        return columns

    def wait(self, table: str, rows: Ints, objects: Ints) -> None:
        """Rows that wait for the orders of their objects' classes."""
        if len(rows):
            self.waiting.append((table, np.column_stack((rows, objects))))

    def decorates(self, calls: Ints) -> Flags:
        """Which of the calls are decorations."""
        return self.decorated[:, 0].take(calls, mode="clip") > 0

    def once(self, *key: object) -> bool:
        """True the first time that it is asked for the key."""
        new = key not in self._once
        self._once.add(key)
        return new

    def call(self, callee: int, result: int, *arguments: int, site: int = -1) -> None:
        """A call that no syntax shows; at a site it is one of the things that the site calls."""
        number = self.arguments.add([[i, 0, x] for i, x in enumerate(arguments) if x], site)
        self.tables["call"].add_one(callee, number, result, 0)
        if site >= 0:
            self.callbacks[site, callee] = None

    def special(self, base: int, method: str, result: int, site: int = -1) -> None:
        """A call of a special method that no syntax shows."""
        number = self.arguments.add([], site)
        self.tables["special"].add_one(base, self.world.name(method), number, result)

    def _element(self, base: int, site: int) -> int:
        """The place of what iteration over the value gives, at a site (-1: none)."""
        iterator, place = self.points.place(), self.points.place()
        self.special(base, "__iter__", iterator, site)
        self.special(iterator, "__next__", place, site)
        return place

    def _any_result(self, class_: int) -> int:
        """The place of what any public method of the class may return, of its own kind: `x.a().b()`
        stays followed, all else would be anything."""
        place = self.points.place()
        for above in self.lookup.order.get(class_, ()):
            for name in self.world.bound.get(above, ()):
                function = self.world.definition[above << 32 | name]
                if function > 0 and self.world.texts[name][:1] != "_":
                    self.tables["fluent"].add_one(int(self.result[function]), class_, place)
        self.points.marks[place] |= 1 << c.DYNAMIC
        return place

    def container(self, type_: str, place: int) -> int:
        """The container of a builtin type that belongs to the place, which holds it."""
        made = self.points.object(p.CONTAINER, self.modules.type(type_), place)
        self.points.hold(place, made)
        return made

    def seed(self) -> None:
        """Gives each method's first parameter an instance (class) of its class or one below."""
        points, world = self.points, self.world
        bind, names = world.rows["bind"], [world.name(x) for x in IMPLICIT_CLASS_METHODS]
        implicit = frozenset(bind[np.isin(bind[:, 1], names), 3].tolist())
        for function, class_ in world.rows["method"][:, :2].tolist():
            static = (p.STATIC_METHOD, function, 0) in points.derived
            if static or not self.parameter_count[function]:
                continue
            of_class = (p.CLASS_METHOD, function, 0) in points.derived or function in implicit
            place = int(self.parameter[self.parameter_start[function]])
            points.hold(place, points.object(p.CLS if of_class else p.SELF, class_))
            self.receivers.append(place)

    # functions that give back their own parameter: each call of one gives its own argument back,
    # so that what a decorator or a fluent function gives is not all that it was ever given

    def return_parameters(self, rows: Ints, functions: Ints, receivers: Ints, shifts: Ints) -> None:
        """A function that returns its own parameter gives each call its own argument back."""
        chosen = self.may_return_parameter[functions] & (rows[:, 2] > 0)
        todo: list[tuple[int, int, Link]] = []
        calls = each(rows, functions, receivers, shifts, where=chosen)
        for (_, number, result, _), function, receiver, shift in calls:
            link = (number, result, receiver, shift)
            if function in self.links:
                self.links[function].append(link)
            todo += [(function, index, link) for index in self.through.get(function, ())]
        self.give(todo)

    def give(self, todo: list[tuple[int, int, Link]]) -> None:
        """Gives calls of functions (function, parameter, call) their own arguments back."""
        while todo:
            function, index, (number, result, receiver, shift) = todo.pop()
            name = self.parameter_name[self.parameter_start[function] + index]
            if value := self.arguments.at(number, index - shift, name):
                todo += self.given(value, result)
            elif index < shift:
                self.points.hold(result, receiver)
            else:  # not passed, or inside `*args`
                self.points.marks[result] |= 1 << c.PARAMETER

    def given(self, value: int, result: int) -> list[tuple[int, int, Link]]:
        """The result of a call is that argument of it. Calls whose results this decides, where a
        function returns the result and the argument is its parameter: it gives back that."""
        known = max(value, result) < len(self.parameter_of)  # places of the files, not of rules
        outer = int(self.parameter_of[value]) if known else 0
        position = int(self.parameter_index[value]) if known else 0
        receiver = not position and not self.keeps_receiver[outer]  # its calls know nothing of it
        if not outer or receiver or self.returned_by[result] != outer:
            self.points.copy(value, result)
            return []
        given = self.through.setdefault(outer, [])
        if position in given:
            return []
        given.append(position)
        return [(outer, position, link) for link in self.links.get(outer, ())]
