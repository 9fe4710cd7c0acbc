"""What does a report for Pysa say? One index, and three JSON files for each module."""

import re
from collections.abc import Iterator, Mapping, Sequence
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
_IMPORTED = dict.fromkeys(("posixpath", "ntpath", "genericpath"), "os.path")  # what others import
_OBJECT = {(EXTERNAL_FILE, external_key(f"builtins.object.{name}")) for name in vars(object)}
_READ = {"name", "name_location", "defining_class", "overridden_base_method", "bases"}
_DIRECT = ("call_targets", "property_getters", "property_setters")

Json = dict[str, Any]  # what the program wrote; another shape than ours raises one of SHAPE
Thing = tuple[int, int]  # file, and place of its name
Things = tuple[Thing, ...]  # one thing: in the repository, or outside by all names it may go by
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
        self._numbers = {m["module_name"]: number for number, m in self._modules.items()}
        paths = {n: m["source_path"].get("FileSystem") for n, m in self._modules.items()}
        self._texts = {number: texts[path] for number, path in paths.items() if path in texts}
        self._definitions: dict[int, dict[str, dict[str, Json]]] = {}
        self._known: dict[tuple[int | str, ...], Things] = {}

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
            for thing in self._things(c["class"]) if around <= _INSTANCES else ():
                yield thing, confidence, text

    def _calls(self, module: int) -> Iterator[Found]:
        for graph in self._part("call_graphs", module)["call_graphs"].values():
            for key, kinds in graph.items():
                location, _, made_up = key.partition("|")
                for called in kinds.values() if made_up in _RUNS else ():
                    found = {*self._called(called)} - {()}
                    confidence = _confidence(len(found), "unresolved" in called)
                    for things in found:
                        yield from ((location, "call", thing, confidence, "") for thing in things)

    def _called(self, called: Json) -> Iterator[Things]:
        """Functions; where an instance is made the `__init__` and `__new__` of the repository, the
        class where it has no such `__init__` (outside: the one that has the `__new__`)."""
        made, new = called.get("init_targets", ()), called.get("new_targets", ())
        yield from (self._function(one) for kind in _DIRECT for one in called.get(kind, ()))
        yield from filter(_inside, map(self._function, (*made, *new)))
        if not any(map(_inside, map(self._function, made))):
            classes = [one["receiver_class"] for one in made if "receiver_class" in one]
            owners = (self._one(_target(one)).get("defining_class") for one in new)
            outside = [one for one in owners if one and one["class_name"] != "object"]
            yield from map(self._things, classes or outside)

    def _function(self, one: Json) -> Things:
        return self._things(_target(one), one.get("receiver_class"))

    def _inherited(self, module: int) -> Iterator[Found]:
        """What methods override, and the bases of classes."""
        held = self._of(module)
        for one in held["function_definitions"].values():
            base = one.get("overridden_base_method") if "name_location" in one else None
            for thing in self._things(base) if base else ():
                if thing not in _OBJECT:
                    yield one["name_location"], "override", thing, POSSIBLE, ""
        for one in held["class_definitions"].values():
            names = [base["class_name"] for base in one.get("bases", ())]
            for base in one.get("bases", ()) if "name_location" in one else ():
                # found again by its name; outside, where it is defined is not what it is named by
                things = self._things(base) if names.count(base["class_name"]) == 1 else ()
                if _inside(things):
                    yield one["name_location"], "base", things[0], POSSIBLE, base["class_name"]

    def _things(self, reference: Json, receiver: Json | None = None) -> Things:
        """What a class or function is; nothing for one of the repository that is written nowhere.
        A method outside goes by the class of its receiver, where that is outside, too."""
        key = (*reference.values(), *(receiver or {}).values())
        if key not in self._known:
            one, text = self._one(reference), self._texts.get(reference["module_id"])
            owner = one.get("defining_class")
            if owner and receiver and receiver["module_id"] not in self._texts:
                owner = receiver
            names = [owner["class_name"], one["name"]] if owner else [one["name"]]
            homes = [] if text else self._homes((owner or reference)["module_name"], names[0])
            things = [(EXTERNAL_FILE, external_key(".".join((home, *names)))) for home in homes]
            if text and (place := one.get("name_location")):
                things = [(text.file_id, text.places([place])[0][0])]
            self._known[key] = tuple(things)
        return self._known[key]

    def _homes(self, module: str, name: str) -> list[str]:
        """Modules that something outside may be imported from: where it is defined, and a public
        module or package around that which has nothing else of that name."""
        homes, package = [_IMPORTED.get(module, module)], module.rpartition(".")[0]
        if module.startswith("_"):
            homes.append(module[1:])
        parts = self._of(self._numbers[package]).values() if package in self._numbers else ()
        if package and not any(one["name"] == name for part in parts for one in part.values()):
            homes.append(package)
        return homes

    def _one(self, reference: Json) -> Json:
        """The definition that is meant."""
        part = "function_definitions" if "function_id" in reference else "class_definitions"
        number = reference.get("function_id") or str(reference["class_id"])
        return self._of(reference["module_id"])[part][number]

    def _of(self, module: int) -> dict[str, dict[str, Json]]:
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


def _inside(things: Things) -> bool:
    return any(file != EXTERNAL_FILE for file, _ in things)


def _target(one: Json) -> Json:
    """The only value, whatever it is called: a function, or that or what overrides it."""
    [target] = one["target"].values()
    found: Json = target
    return found


def _confidence(count: int, doubt: bool) -> float:
    return POSSIBLE / sqrt(max(count, 1)) / (2 if doubt else 1)
