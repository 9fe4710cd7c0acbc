"""What does a report for Pysa say? One index, and three JSON files for each module."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from math import sqrt
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from codeanatomy.extract.decoding import Offsets
from codeanatomy.facts.ids import EXTERNAL_FILE, external_key

SHAPE = (OSError, msgspec.DecodeError, LookupError, TypeError, ValueError, AttributeError)
FORMAT = 1
POSSIBLE = 0.9  # confidence in a single answer, as the solver's where it is not certain
TEXT_LIMIT = 300  # characters of a type
_INSTANCES = {"Optional", "TypeVariableBound", "TypeVariableConstraint"}  # not type[X], Awaitable
_PLACEHOLDER = re.compile(r"@\d+")  # a number of this run, in a type that was not solved
_RUNS = {"", *(f"artificial-call|{x}" for x in ("binary", "comparison", "subscript-get-item"))}
_IMPORTED = {"posixpath": "os.path", "ntpath": "os.path"}  # what others import it by
_OBJECT = {(EXTERNAL_FILE, external_key(f"builtins.object.{name}")) for name in vars(object)}
_READ = {"name", "name_location", "defining_class", "overridden_base_method", "bases"}
_DIRECT = ("call_targets", "property_getters", "property_setters")

Json = dict[str, Any]  # what the program wrote; another shape than ours raises one of SHAPE
Thing = tuple[int, int]  # file, and place of its name
Found = tuple[str, str, Thing, float, str]  # location, and the columns of `Typing` behind its span
Row = tuple[int | float | str, ...]


class Text(msgspec.Struct, frozen=True, eq=False):
    """A file as the checker reads it, in UTF-8 without a byte order mark: where its lines start and
    where its bytes stand in the file's own content (None: `shift` bytes further)."""

    file_id: int
    starts: Offsets
    origin: Offsets | None
    shift: int

    def places(self, locations: Sequence[str]) -> list[list[int]]:
        """First byte and end of each `line:column-line:column`; columns count bytes, from 1."""
        numbers = " ".join(locations).replace(":", " ").replace("-", " ").split()
        lines, columns = np.array(numbers, np.int64).reshape(-1, 2).T
        at = self.starts[lines] + columns - 1
        at = at + self.shift if self.origin is None else self.origin[at]
        return at.reshape(-1, 2).tolist()


class Reader:
    """Turns a report into rows of `Typing`; `texts` are the files of the repository by path."""

    def __init__(self, folder: Path, texts: Mapping[str, Text]) -> None:
        self._folder = folder
        index = self._read("pyrefly.pysa.json")
        if index["format_version"] != FORMAT:
            raise ValueError(f"format {index['format_version']}")
        self._modules: dict[int, Json] = {m["module_id"]: m for m in index["modules"].values()}
        paths = {n: m["source_path"].get("FileSystem") for n, m in self._modules.items()}
        self._texts = {number: texts[path] for number, path in paths.items() if path in texts}
        self._definitions: dict[int, Json] = {}
        self._things: dict[tuple[int, str], Thing | None] = {}

    def rows(self) -> Iterator[list[Row]]:
        """Sorted rows of each file, by its id; of a thing that a place has twice the surer one."""
        for module, text in sorted(self._texts.items(), key=lambda held: held[1].file_id):
            found = [*self._types(module), *self._calls(module), *self._inherited(module)]
            places = text.places([location for location, *_ in found])
            rows: list[Row] = [
                (text.file_id, *place, what, *thing, round(confidence, 3), words)
                for place, (_, what, thing, confidence, words) in zip(places, found, strict=True)
            ]
            once = {row[:-2]: row for row in sorted(rows)}
            yield list(once.values())

    def _types(self, module: int) -> Iterator[Found]:
        for held in self._part("type_of_expressions", module)["functions"].values():
            meant = [[*self._classes(one)] for one in held["type_table"]]
            for location, number in held["locations"].items():
                for thing, confidence, text in meant[number]:
                    yield location, "type", thing, confidence, text

    def _classes(self, one: Json) -> Iterator[tuple[Thing, float, str]]:
        """The classes of which a value of the type may be."""
        named = one.get("class_names", {"classes": ()})
        modifiers = [frozenset(c.get("modifiers", ())) for c in named["classes"]]
        count = len(modifiers) + any("Optional" in m for m in modifiers)
        confidence = _confidence(count, not named.get("is_exhaustive"))
        text = _PLACEHOLDER.sub("@", one["string"])[:TEXT_LIMIT]
        for c, around in zip(named["classes"], modifiers, strict=True):
            if around <= _INSTANCES and (thing := self._thing(c["class"])):
                yield thing, confidence, text

    def _calls(self, module: int) -> Iterator[Found]:
        for graph in self._part("call_graphs", module)["call_graphs"].values():
            for key, kinds in graph.items():
                location, _, made_up = key.partition("|")
                for called in kinds.values() if made_up in _RUNS else ():
                    things = set(self._called(called))
                    confidence = _confidence(len(things), "unresolved" in called)
                    yield from ((location, "call", thing, confidence, "") for thing in things)

    def _called(self, called: Json) -> Iterator[Thing]:
        """Functions; where an instance is made the `__init__` and `__new__` of the repository, the
        class where it has no such `__init__`."""
        yield from chain.from_iterable(self._functions(called, kind) for kind in _DIRECT)
        inside = (EXTERNAL_FILE).__ne__
        made = [t for t in self._functions(called, "init_targets") if inside(t[0])]
        yield from made
        yield from (t for t in self._functions(called, "new_targets") if inside(t[0]))
        for one in () if made else called.get("init_targets", ()):
            if "receiver_class" in one and (thing := self._thing(one["receiver_class"])):
                yield thing

    def _functions(self, called: Json, kind: str) -> Iterator[Thing]:
        for one in called.get(kind, ()):
            for target in one["target"].values():
                if thing := self._thing(target):
                    yield thing

    def _inherited(self, module: int) -> Iterator[Found]:
        """What methods override, and the bases of classes."""
        held = self._of(module)
        for one in held["function_definitions"].values():
            base = one.get("overridden_base_method") if "name_location" in one else None
            if base and (thing := self._thing(base)) and thing not in _OBJECT:
                yield one["name_location"], "override", thing, POSSIBLE, ""
        for one in held["class_definitions"].values():
            names = [base["class_name"] for base in one.get("bases", ())]
            for base in one.get("bases", ()) if "name_location" in one else ():
                # found again by its name; outside, where it is defined is not what it is named by
                thing = self._thing(base) if names.count(base["class_name"]) == 1 else None
                if thing and thing[0] != EXTERNAL_FILE:
                    yield one["name_location"], "base", thing, POSSIBLE, base["class_name"]

    def _thing(self, reference: Json) -> Thing | None:
        """Where a class or function is; None for one of the repository that is written nowhere."""
        module = reference["module_id"]
        key = (module, reference.get("function_id") or str(reference["class_id"]))
        if key not in self._things:
            part = "function_definitions" if "function_id" in reference else "class_definitions"
            one = self._of(module)[part][key[1]]
            owner = one.get("defining_class", {}).get("class_name", "")
            home = _IMPORTED.get(reference["module_name"], reference["module_name"])
            symbol = ".".join(filter(None, (home, owner, one["name"])))
            thing: Thing | None = (EXTERNAL_FILE, external_key(symbol))
            if text := self._texts.get(module):
                location = one.get("name_location")
                thing = (text.file_id, text.places([location])[0][0]) if location else None
            self._things[key] = thing
        return self._things[key]

    def _of(self, module: int) -> Json:
        """The definitions of a module, without what is not read of them."""
        if module not in self._definitions:
            held = self._part("definitions", module)
            self._definitions[module] = {
                part: {n: {k: one[k] for k in _READ & one.keys()} for n, one in held[part].items()}
                for part in ("function_definitions", "class_definitions")
            }
        return self._definitions[module]

    def _part(self, kind: str, module: int) -> Json:
        return self._read(f"{kind}/{self._modules[module]['info_filename']}")

    def _read(self, name: str) -> Json:
        return msgspec.json.decode((self._folder / name).read_bytes(), type=Json)


def _confidence(count: int, doubt: bool) -> float:
    return POSSIBLE / sqrt(max(count, 1)) / (2 if doubt else 1)
