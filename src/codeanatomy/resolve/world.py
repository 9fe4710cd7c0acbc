"""The constraint rows of all files in one numbering, and what each module and class binds."""

import numpy as np
import pyarrow as pa

from codeanatomy.facts import constraints as c
from codeanatomy.facts.ids import MODULE_KEY
from codeanatomy.resolve.pairs import Ints, each, pair

FILE = 4  # column of a row that holds the file's number; 0 to 3 are the operands


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
        self.imports: dict[int, list[int]] = {}  # -> places
        for key, place in each(pair(imported[:, 0], imported[:, 1]), imported[:, 2]):
            self.imports.setdefault(key, []).append(place)
            self.definition[key] = -1
        self.bound: dict[int, list[int]] = {}  # scope -> names
        for scope, name in bind[:, :2].tolist():
            self.bound.setdefault(scope, []).append(name)


def _ints(column: pa.ChunkedArray) -> Ints:
    return np.asarray(column.to_numpy(), np.int64)
