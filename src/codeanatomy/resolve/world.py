"""The constraint rows of all files in one numbering, and what modules, imports, star imports and
builtins mean: answered before the fixpoint.

Two answers per imported name: the places it takes its value from, and the *symbols* it stands for:
definitions, modules, variables (scope and name) or external things, followed through re-exports.
"""

import builtins
from collections.abc import Callable
from functools import cache
from itertools import accumulate

import numpy as np
import pyarrow as pa

from codeanatomy.facts import constraints as c
from codeanatomy.facts.ids import LOCAL, MODULE_KEY, grouped, hash_texts, mix
from codeanatomy.resolve.pairs import Ints, each, pair
from codeanatomy.resolve.points import EXTERNAL, LITERAL, NAMESPACE, Points

FILE = 4  # column of a row that holds the file's number; 0 to 3 are the operands
_PARTS = "annotations builtins cached dict doc file loader name package path spec"
MODULE_NAMES = frozenset(f"__{x}__" for x in _PARTS.split())
BUILTINS = frozenset(dir(builtins))
# types of values that no builtin name means
UNNAMED = {"ellipsis": "types.EllipsisType", "generator": "types.GeneratorType"}

Symbol = tuple[int, int]  # (object, 0), or (scope object, name) of a variable


class World:
    """Files, names, objects, rows per kind; numbers are global and start at 1 (0: none).

    Objects 1 to `len(modules)` are the modules, in the order of the files.
    """

    def __init__(self, tables: dict[str, pa.Table], files: pa.Table) -> None:
        self.file_ids = _ints(files["file_id"])
        self.modules: list[str] = files["module"].to_pylist()
        self.packages: list[bool] = files["package"].to_pylist()
        self._order = np.argsort(self.file_ids, kind="stable")
        names = tables["constraint_name"]
        column = names["text"].dictionary_encode().unify_dictionaries().combine_chunks()
        self.texts: list[str] = column.dictionary.to_pylist() or [""]
        self._name_codes: Ints = column.indices.to_numpy(zero_copy_only=False).astype(np.int64)
        self.name_of = {text: i for i, text in enumerate(self.texts)}
        _, self._name_start = self._by_file(names)
        self._read_objects(tables["constraint_object"])
        self._read_rows(tables["constraint"])
        sites = tables["constraint_site"]
        self.site_file, self.site_start = self._by_file(sites)
        self.site_key, self.site_what = _ints(sites["node"]), _ints(sites["what"])
        self.site_place = self._global("place", _ints(sites["place"]), self.site_file)
        self.site_name = self._global("name", _ints(sites["name"]), self.site_file)
        self._read_bindings()

    def _by_file(self, table: pa.Table) -> tuple[Ints, Ints]:
        """The number of each row's file, and each file's first row: its rows follow each other."""
        ids = _ints(table["file_id"])
        first = np.flatnonzero(np.diff(ids, prepend=-1))
        file = self._order[np.searchsorted(self.file_ids, ids[first], sorter=self._order)]
        starts = np.zeros(len(self.modules), np.int64)
        starts[file] = first
        return np.repeat(file, np.diff(first, append=len(ids))), starts

    def name(self, text: str) -> int:
        """Number of a name; a new one where no file uses it."""
        number = self.name_of.get(text)
        if number is None:
            number = self.name_of[text] = len(self.texts)
            self.texts.append(text)
        return number

    def variables(self, scopes: Ints, names: Ints) -> Ints:
        """Node keys of the variables of these objects."""
        texts, inverse = np.unique(names, return_inverse=True)
        hashes = hash_texts(self.texts[x] for x in texts.tolist())
        return mix(mix(self.keys[scopes], LOCAL), hashes[inverse])

    def _global(self, space: str, values: Ints, file: Ints) -> Ints:
        """The numbers of these things of files among those of all files."""
        if space == "name":
            return self._name_codes.take(self._name_start[file] + values)
        if space == "object":
            return self._object_number.take(self._object_start[file] + values)
        if space == "place":
            return np.where(values > 0, self._bases[file, 0] + values, 0)
        return self._bases[file, 1] + values if space == "call" else values

    def _read_objects(self, table: pa.Table) -> None:
        count = len(self.modules)
        file, self._object_start = self._by_file(table)
        kind = _ints(table["kind"])
        inner = kind != c.MODULE  # a file's module, local object 0, comes first
        self._object_number = np.where(inner, count + np.cumsum(inner), file + 1)
        total = count + int(inner.sum()) + 1
        self.kinds, self.keys, self.object_file = np.zeros((3, total), np.int64)
        self.kinds[1 : count + 1] = c.MODULE
        self.keys[1 : count + 1] = MODULE_KEY
        self.object_file[1 : count + 1] = np.arange(count)
        self.kinds[self._object_number] = kind
        self.keys[self._object_number] = _ints(table["node"])
        self.object_file[self._object_number] = file
        self.read = np.zeros(count, bool)
        self.read[file] = True

    def _read_rows(self, table: pa.Table) -> None:
        kind = _ints(table["kind"])
        file, _ = self._by_file(table)
        order = np.argsort(kind.astype(np.uint8), kind="stable")
        raw = np.empty((len(order), FILE + 1), np.int64)
        for column, values in enumerate((*(table[x].to_numpy() for x in "abcd"), file)):
            raw[:, column] = values[order]
        kind = kind[order]
        extent = raw[kind == c.EXTENT]
        sizes = np.zeros((len(self.modules), 2), np.int64)
        sizes[extent[:, FILE]] = extent[:, :2]
        self._bases = np.cumsum(sizes, axis=0) - sizes  # of the places and calls of each file
        self.places, self.calls = (int(x) + 1 for x in sizes.sum(axis=0))
        self.rows: dict[str, Ints] = {}
        for code, (name, spaces) in enumerate(c.SPACES.items()):
            low, high = np.searchsorted(kind, (code, code + 1))
            part = raw[low:high]
            for column, space in enumerate(spaces):
                part[:, column] = self._global(space, part[:, column], part[:, FILE])
            self.rows[name] = part

    def _read_bindings(self) -> None:
        """What names of modules and classes are bound to, by (scope object, name) as one number."""
        bind, imported = self.rows["bind"], self.rows["imported"]
        keys = pair(bind[:, 0], bind[:, 1])
        self.bound_place: dict[int, int] = dict(each(keys, bind[:, 2]))
        # definition: its object; variable: 0; only imports: -1 (see imports). Local object 0, the
        # module of the file, stands for "no single definition"
        single = np.where(self.kinds[bind[:, 3]] == c.MODULE, 0, bind[:, 3])
        self.definition: dict[int, int] = dict(each(keys, single))
        self.imports = grouped(each(pair(imported[:, 0], imported[:, 1]), imported[:, 2]))  # places
        self.definition |= dict.fromkeys(self.imports, -1)
        self.bound = grouped(bind[:, :2].tolist())  # scope -> names


def _ints(column: pa.ChunkedArray) -> Ints:
    return np.asarray(column.to_numpy(), np.int64)


class Modules:
    """Modules by name, what they export, and where their names come from."""

    def __init__(self, world: World, points: Points) -> None:
        self.world, self.points = world, points
        self.object_of = {name: i + 1 for i, name in enumerate(world.modules)}
        # each is found once per argument
        self.dotted: Callable[[int], str] = cache(self._dotted)
        self.type: Callable[[str], int] = cache(self._type)
        self.symbols: Callable[[int, int], tuple[Symbol, ...]] = cache(self._symbols)
        self.builtin: Callable[[int], int] = cache(self._builtin)
        for name in world.modules:
            for parent in accumulate(name.split(".")[:-1], "{}.{}".format):
                if parent not in self.object_of:
                    self.object_of[parent] = points.object(NAMESPACE, 0, world.name(parent))
        self.stars: dict[int, list[int]] = {}  # module -> modules and external ones
        self.targets: dict[int, tuple[int, int]] = {}  # import place -> (module or external, name)
        for module, level, *_, file in world.rows["star"].tolist():
            meant = self._meant(file, module, level, world.name(""))
            if isinstance(meant, tuple) and meant[0] != file + 1:
                self.stars.setdefault(file + 1, []).append(meant[0])
        for place, module, level, name, file in world.rows["import"].tolist():
            meant = self._meant(file, module, level, name)
            if isinstance(meant, tuple):
                self.targets[place] = meant
            else:
                points.marks[place] |= 1 << meant
        self.exports: dict[int, list[tuple[int, int]]] = {}  # what `__all__` says
        for what, name, _, _, file in world.rows["export"].tolist():
            self.exports.setdefault(file + 1, []).append((what, name))

    # names of things outside

    def external(self, dotted: str) -> int:
        """The external thing with that dotted name."""
        return self.points.object(EXTERNAL, 0, self.world.name(dotted))

    def literal(self, type_name: str) -> int:
        """The object for values of a builtin type."""
        return self.points.object(LITERAL, self.type(type_name))

    def _type(self, name: str) -> int:
        """The external class of values whose type has this name."""
        return self.external(UNNAMED.get(name) or f"builtins.{name}")

    def _dotted(self, object_: int) -> str:
        """Dotted name of an external thing (or namespace package)."""
        parent, name = self.points.a_of[object_], self.world.texts[self.points.b_of[object_]]
        return f"{self.dotted(parent)}.{name}" if parent else name

    # modules

    def submodule(self, module: int, name: int) -> int:
        """The module inside the package, or 0."""
        modules = self.world.modules
        dotted = modules[module - 1] if module <= len(modules) else self.dotted(module)
        return self.object_of.get(f"{dotted}.{self.world.texts[name]}", 0)

    def _meant(self, file: int, module: int, level: int, name: int) -> tuple[int, int] | int:
        """The module or external thing that an import means, and what it takes from it; or why it
        means none."""
        dotted, text = self.world.texts[module], self.world.texts[name]
        if level:
            parts = self.world.modules[file].split(".")
            keeps = len(parts) - level + self.world.packages[file]
            if keeps < 0 or (keeps == 0 and dotted and dotted not in self.object_of):
                return c.BEYOND_TOP
            dotted = ".".join([*parts[:keeps], *([dotted] if dotted else [])])
        if not dotted:  # `from . import m` beside files that are in no package
            beside = self.object_of.get(text, 0)
            return (beside, 0) if beside else c.BEYOND_TOP
        if target := self.object_of.get(dotted, 0):
            return target, name if text else 0
        top = self.object_of.get(dotted.split(".", 1)[0], 0)
        if 0 < top <= len(self.world.modules) and self.world.packages[top - 1]:
            return c.NO_MODULE  # inside one of the repository's own packages
        return self.external(f"{dotted}.{text}" if text else dotted), 0

    def exported(self, module: int, name: int) -> bool:
        """Whether `from module import *` takes the name, if the module has it."""
        text = self.world.texts[name]
        if module not in self.exports:
            return not text.startswith("_")
        public = False
        for what, operand in self.exports[module]:
            if what == c.EXPORT_ADD:
                public |= operand == name
            elif what == c.EXPORT_REMOVE:
                public &= operand != name
            else:  # what no text says, or another module's list: what that lacks, no star brings
                public |= not text.startswith("_")
        return public

    def star_sources(self, module: int, name: int) -> tuple[list[int], list[int]]:
        """Modules whose own binding of the name the module's star imports take over; or else the
        external things that they may."""
        found: list[int] = []
        outside: list[int] = []
        seen, todo = set(), [module]
        while todo:
            target = todo.pop()
            own = target == module
            if target in seen or not (own or self.exported(target, name)):
                continue
            seen.add(target)
            bound = target << 32 | name in self.world.definition
            if not own and (bound or self.submodule(target, name)):
                found.append(target)
            else:
                stars = self.stars.get(target, ())
                outside += [x for x in stars if self.points.kind_of[x] == EXTERNAL]
                todo += [x for x in reversed(stars) if self.points.kind_of[x] != EXTERNAL]
        return found, [] if found else [self.member(x, name) for x in dict.fromkeys(outside)]

    # symbols

    def _symbols(self, module: int, name: int) -> tuple[Symbol, ...]:
        """What the name of the module stands for, through re-exports; empty: no such name."""
        found: list[Symbol] = []
        seen: set[Symbol] = set()
        todo = [(module, name)]
        while todo:
            at = todo.pop()
            new, (scope, text) = at not in seen, at
            seen.add(at)
            definition = self.world.definition.get(scope << 32 | text)
            if definition is None or not new:
                if submodule := self.submodule(scope, text):
                    found.append((submodule, 0))
                elif new:
                    sources, outside = self.star_sources(scope, text)
                    todo += [(source, text) for source in reversed(sources)]
                    found += [(x, 0) for x in outside]
            elif definition > 0:
                found.append((definition, 0))
            elif definition == 0:
                found.append(at)
            else:
                for place in reversed(self.world.imports[scope << 32 | text]):
                    target, member = self.targets.get(place, (0, 0))
                    if target and member:
                        todo.append((target, member))
                    elif target:
                        found.append((target, 0))
        return tuple(dict.fromkeys(found))

    def member(self, external: int, name: int) -> int:
        """The external thing `external.name`."""
        return self.points.object(EXTERNAL, external, name)

    def global_sources(self, module: int, name: int, early: int) -> tuple[list[int], list[int]]:
        """Where a name comes from that no scope of the module's text binds (early: not yet): the
        modules that may bind it, or else the external things that it may be."""
        builtin = self.builtin(name)
        if module << 32 | name in self.world.definition:
            return ([], [builtin]) if early and builtin else ([module], [])
        sources, outside = self.star_sources(module, name)
        return sources, [builtin] if builtin and not sources else outside

    def _builtin(self, name: int) -> int:
        """The builtin with that name, or 0."""
        text = self.world.texts[name]
        known = text in BUILTINS or text in MODULE_NAMES
        return self.external(f"builtins.{text}") if known else 0
