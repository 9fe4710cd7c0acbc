"""What do the rules read and grow? The state of one solve."""

import numpy as np
import pyarrow as pa

from codeanatomy.facts import constraints as c
from codeanatomy.resolve import points as p
from codeanatomy.resolve.builtin_types import CALL_GIVES, MODULE_NAMES
from codeanatomy.resolve.link import Modules
from codeanatomy.resolve.lookup import Lookup
from codeanatomy.resolve.mro import Classes
from codeanatomy.resolve.pairs import Ints, Rows, distinct, pair
from codeanatomy.resolve.points import Points
from codeanatomy.resolve.world import Bindings, World

INIT = 1  # flag of a call row: it runs for its effect on the new instance only
IMPLICIT_CLASS_METHODS = ("__new__", "__init_subclass__", "__class_getitem__")

Link = tuple[int, int, int, int]  # call, result, receiver, shift


class Fixpoint:
    """Everything that the rules read and grow."""

    def __init__(self, tables: dict[str, pa.Table], files: pa.Table) -> None:
        self.world = world = World(tables, files)
        self.points = points = Points(world.places, world.kinds)
        self.bindings = Bindings(world)
        self.modules = Modules(world, points, self.bindings)
        self.classes = Classes(points, np.flatnonzero(world.kinds == c.CLASS), world.rows["base"])
        self.modules.link_stars()
        self.modules.link_targets()
        self.modules.link_exports()
        self.lookup = Lookup(world, points, self.modules, self.classes, self.bindings)
        rows = world.rows
        self.tables = {
            "super": Rows(3),
            "load": Rows(3),
            "store": Rows(3),
            "bound_copy": Rows(4),
            "call": Rows(4),
            "wrap": Rows(3),
        }
        self.tables["super"].add(rows["super"][:, :3])
        self.tables["load"].add(rows["load"][:, :3])
        self.tables["store"].add(rows["store"][:, :3])
        calls = rows["call"].copy()
        calls[:, 3] = 0
        self.tables["call"].add(calls[:, :4])  # callee, call, result, flag
        self.waiting: list[tuple[str, Ints]] = []  # (rule, row and object) of classes without order
        self.property_places: list[int] = []
        self.receivers: list[int] = []
        self.instance_calls: set[tuple[int, int, int]] = set()
        self._read_functions()
        self._read_calls()
        self._start()

    def _read_functions(self) -> None:
        rows, count = self.world.rows, len(self.world.kinds)
        param = rows["param"]
        positional = param[param[:, 1] >= 0]
        positional = positional[np.lexsort((positional[:, 1], positional[:, 0]))]
        self.parameter = np.append(positional[:, 3], 0)
        self.parameter_start = np.searchsorted(positional[:, 0], np.arange(count))
        self.parameter_count = np.bincount(positional[:, 0], minlength=count)
        texts = np.array([bool(t) for t in self.world.texts])
        named = param[(param[:, 1] >= -1) & texts[param[:, 2]]]
        keys = pair(named[:, 0], named[:, 2])
        order = np.argsort(keys, kind="stable")
        self.keyword_key = np.append(keys[order], 1 << 62)
        self.keyword_place = np.append(named[order, 3], 0)
        self._read_results(rows["result"], count)
        self.through: dict[int, list[int]] = {}
        for function, index in rows["through"][:, :2].tolist():
            self.through.setdefault(function, []).append(index)
        self.may_return_parameter = np.zeros(count, bool)
        self.may_return_parameter[[*self.through, *self.links]] = True
        self.method_of = np.zeros(count, np.int64)
        self.method_of[rows["method"][:, 0]] = rows["method"][:, 1]
        # whose receiver matters: its first parameter is not fed by its class, or it is given back
        self.keeps_receiver = self.method_of == 0
        self.keeps_receiver[[f for f, at in self.through.items() if 0 in at]] = True

    def _read_results(self, returned: Ints, count: int) -> None:
        """One place per function holds what it returns; and which call results are returned."""
        self.result = np.zeros(count, np.int64)
        several = np.bincount(returned[:, 0], minlength=count) > 1
        for function in np.flatnonzero(several).tolist():
            self.result[function] = self.points.place()
        many = several[returned[:, 0]]
        self.points.copy_all(returned[many, 1], self.result[returned[many, 0]])
        self.result[returned[~many, 0]] = returned[~many, 1]
        rows, places = self.world.rows, self.world.places
        self.returned_by, self.parameter_of, self.parameter_index = np.zeros((3, places), np.int64)
        self.returned_by[returned[:, 1]] = returned[:, 0]
        positional = rows["param"][rows["param"][:, 1] >= 0]
        self.parameter_of[positional[:, 3]] = positional[:, 0]
        self.parameter_index[positional[:, 3]] = positional[:, 1]
        # functions that return what a call of theirs makes of their own parameter: they may turn
        # out to give it back, and then the calls seen before count as well
        call_result = np.zeros(self.world.calls, np.int64)
        call_result[rows["call"][:, 1]] = rows["call"][:, 2]
        caller = self.parameter_of[rows["arg"][:, 3]]
        passes = (caller > 0) & (self.returned_by[call_result[rows["arg"][:, 0]]] == caller)
        self.links: dict[int, list[Link]] = {x: [] for x in distinct(caller[passes]).tolist()}

    def _read_calls(self) -> None:
        rows, calls = self.world.rows, self.world.calls
        arguments = rows["arg"]
        self.arguments = arguments[np.argsort(arguments[:, 0], kind="stable")]
        self.argument_start = np.searchsorted(self.arguments[:, 0], np.arange(calls + 1))
        self.decorated = np.zeros((calls, 2), np.int64)  # value, result
        self.decorated[rows["decorated"][:, 0]] = rows["decorated"][:, 1:3]
        is_decoration = self.decorated[rows["call"][:, 1], 0] > 0
        decorators = np.zeros(self.world.places, bool)
        decorators[rows["call"][is_decoration, 0]] = True
        self.is_decorator = decorators  # places that are called as decorators
        self.gives = CALL_GIVES
        self._given: dict[int, int] = {}

    def given(self, external: int) -> int:
        """The literal that a call of the external thing gives; 0: not known."""
        found = self._given.get(external)
        if found is None:
            type_name = self.gives.get(self.modules.dotted(external))
            found = self._given[external] = self.modules.literal(type_name) if type_name else 0
        return found

    def _start(self) -> None:
        """What holds before any rule: definitions, literals, unknown values, imports, globals."""
        rows, points, texts = self.world.rows, self.points, self.world.texts
        points.hold_all(rows["alloc"][:, 0], rows["alloc"][:, 1])
        points.copy_all(rows["copy"][:, 0], rows["copy"][:, 1])
        literal = rows["literal"]
        objects = {x: self.modules.literal(texts[x]) for x in np.unique(literal[:, 1]).tolist()}
        points.hold_all(
            literal[:, 0], np.array([objects[x] for x in literal[:, 1].tolist()], np.int64)
        )
        unknown = rows["unknown"]
        points.marks[unknown[:, 0]] |= (1 << unknown[:, 1]).astype(np.int32)
        for place, reason in self.modules.missing.items():
            points.marks[place] |= 1 << reason
        self._start_imports()
        self._start_globals()

    def _start_imports(self) -> None:
        points, modules, world = self.points, self.modules, self.world
        for place, _, _, _, file in world.rows["import"].tolist():
            target, name = modules.targets.get(place, (0, 0))
            if not target:
                continue
            if not name:
                points.hold(place, target)
                continue
            if 0 < target <= len(world.modules) and not world.read[target - 1]:
                points.marks[place] |= 1 << c.UNREADABLE
                continue
            points.copy(self.lookup.module_member(target, name), place)
            if target == file + 1:
                points.hold(place, modules.submodule(target, name))
            if not modules.symbols(target, name):
                if world.texts[name] in MODULE_NAMES:
                    points.hold(place, modules.literal("str"))
                else:
                    circle = target << 32 | name in self.bindings.definition
                    points.marks[place] |= 1 << (c.CIRCLE if circle else c.NO_MEMBER)

    def _start_globals(self) -> None:
        points, modules = self.points, self.modules
        for place, name, early, _, file in self.world.rows["global"].tolist():
            module, builtin = file + 1, modules.builtin(name)
            own = module << 32 | name in self.bindings.definition
            if own and not (early and builtin):
                points.copy(self.lookup.module_member(module, name), place)
                continue
            sources, outside = ([], []) if own else modules.star_sources(module, name)
            for source in sources:
                points.copy(self.lookup.module_member(source, name), place)
            if sources:
                continue
            for external in [builtin] if builtin else [modules.member(x, name) for x in outside]:
                points.hold(place, external)
            if not builtin and not outside:
                points.marks[place] |= 1 << c.UNKNOWN_NAME

    # rules' helpers

    def kinds(self, objects: Ints) -> Ints:
        """Kind of each object."""
        result: Ints = self.points.kind[objects]
        return result

    def found(self, objects: Ints, names: Ints) -> Ints:
        """`lookup.find` of each pair; WAITS where the class has no order yet."""
        keys, inverse = np.unique(pair(objects, names), return_inverse=True)
        find = self.lookup.find
        places = np.empty(len(keys), np.int64)
        for i, key in enumerate(keys.tolist()):
            place = find(key >> 32, key & 0xFFFFFFFF)
            places[i] = WAITS if place is None else place
        self.flush()
        result: Ints = places[inverse]
        return result

    def flush(self) -> None:
        """Hands the bound copies that lookups asked for to their rule."""
        if self.lookup.bound_copies:
            self.tables["bound_copy"].add(np.array(self.lookup.bound_copies, np.int64))
            self.lookup.bound_copies.clear()

    def seed(self) -> None:
        """Gives each method's first parameter an instance (class) of its class or one below."""
        points, world = self.points, self.world
        bind, names = world.rows["bind"], [world.name(x) for x in IMPLICIT_CLASS_METHODS]
        implicit = frozenset(bind[np.isin(bind[:, 1], names), 3].tolist())
        self.receivers = []
        for function, class_ in world.rows["method"][:, :2].tolist():
            if not self.parameter_count[function] or points.known(p.STATIC_METHOD, function):
                continue
            of_class = points.known(p.CLASS_METHOD, function) or function in implicit
            place = int(self.parameter[self.parameter_start[function]])
            points.hold(place, points.object(p.CLS if of_class else p.SELF, class_))
            self.receivers.append(place)


WAITS = int(np.iinfo(np.int64).min)
