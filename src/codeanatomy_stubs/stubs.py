"""What do the stubs of the standard library declare: kinds, members, bases, results of calls?

The stubs are typeshed's, shipped as data by typeshed-client; neither that package nor anything the
stubs describe is imported. Names are dotted, from a module on.
"""

import ast
import re
import sys
from collections.abc import Mapping
from pathlib import Path

import msgspec

from codeanatomy_stubs import types as stubs
from codeanatomy_stubs.types import NONE, SELF, UNKNOWN, Scope, Type, Types, fill, union

_SHAPELESS = {"builtins.object", "builtins.type", "typing.Any", "typing_extensions.Any"}
_INNER = {"Annotated", "ClassVar", "Final", "NotRequired", "Optional", "Required", "Union"}
_GENERIC = ("typing.Generic", "typing.Protocol")
_FORMS = {  # what typing defines by no class -> the class that it means
    "Generic": _GENERIC[0],
    "LiteralString": "builtins.str",
    "Protocol": _GENERIC[1],
    "TypedDict": "builtins.dict",
    **dict.fromkeys(("TypeGuard", "TypeIs"), "builtins.bool"),
}
_NAMES = {  # where the names of a private module are known, if not in the module without "_"
    "_blake2": "hashlib",
    "_frozen_importlib": "importlib.machinery",
    "_thread": "threading",
    **{f"_thread.{name}": "threading.Lock" for name in ("LockType", "lock")},
    "_weakrefset": "weakref",
    "types.NoneType": NONE.name,
}
_PROTOCOL = re.compile(r"^class .*\bProtocol\b", re.M)
_VERSIONS = re.compile(r"^([\w.]+): (\d+)\.(\d+)-(?:(\d+)\.(\d+))?", re.M)
Fitting = tuple[stubs.Function, stubs.Given]
_STATIC = re.compile(r"^@staticmethod\b", re.M)


class Stubs:
    """Answers about the stubs below a folder, by default the installed ones.

    Files are read, and definitions parsed, when they are first asked for.
    """

    def __init__(
        self, search: Path | None = None, version: tuple[int, int] = sys.version_info[:2]
    ) -> None:
        folder, self._version = search or stubs.installed(), version
        listing = folder / "VERSIONS"
        text = listing.read_text("utf-8") if listing.is_file() else ""
        absent = tuple(  # modules that the version has not, by typeshed's list
            f"{name}."
            for name, a, b, c, d in _VERSIONS.findall(text)
            if not (int(a), int(b)) <= version <= (int(c or 99), int(d or 99))
        )
        files = ((x, x.relative_to(folder).with_suffix("")) for x in folder.rglob("*.pyi"))
        named = {f"{'.'.join(inside.parts)}.": path for path, inside in files}
        self._files = {x: path for x, path in named.items() if not x.startswith(absent)}

    def kind(self, dotted: str) -> str:
        """module, class, function or variable (properties are variables); "" if not declared."""
        place = self._place(dotted)
        return "" if place is None else place.kind.replace("property", "variable")

    @stubs.once
    def members(self, class_: str) -> frozenset[str] | None:
        """The names that the class and its bases declare; None where it may have others."""
        found = self._as_class(self._place(class_))
        classes = [one for one in map(self._class, found.mro) if one] if found else []
        own = {x for one in classes if one.home != "builtins.object" for x in one.scope.names}
        if not (found and found.whole) or own & {"__getattr__", "__getattribute__"}:
            return None
        return frozenset(own.union(*(one.scope.names for one in classes)))

    def value(self, dotted: str) -> Types:
        """The declared type of a variable, attribute or property; () when unknown."""
        place = self._place(dotted)
        if place is None or place.kind not in ("variable", "property"):
            return ()
        node, owner = stubs.statement(place.texts[0]), self._class(place.receiver)
        declared = getattr(node, "annotation", getattr(node, "returns", None))
        if declared is None and owner and "enum.Enum" in owner.mro:
            return (Type(self._name(owner.home)),)
        found = self._settle(fill(self._types(declared, place.scope), place.bound))
        set_to = getattr(node, "value", None)
        return found or (self._settle(stubs.constant(set_to)) if set_to else ())

    def returns(self, dotted: str, passed: stubs.Passed) -> Types:
        """The declared types of a call's result, by what is passed (the receiver aside); () when
        unknown.

        Of overloads it is the first that fits. One that takes only some values there (a literal,
        None, a bound) may not be meant: the next that fits counts, too. If none fits, because the
        call has stars, all count. Name a method by the receiver's class, also when it is
        inherited: `Self` and type variables are read from there.
        """
        return self._returned(dotted, passed) or ()

    @stubs.once
    def _returned(self, dotted: str, passed: stubs.Passed) -> Types | None:
        place = self._place(dotted)
        if place and place.kind in ("variable", "property"):
            place = self._place(f"{dotted}.__call__")
        if place and place.kind == "function":
            return self._result(place, passed)
        if (made := self._as_class(place)) is None:
            return None
        name, maker = self._name(made.home), self._attribute(made, "__new__")
        if maker and maker.kind == "function" and maker.home != "builtins.object.__new__":
            found = self._result(maker, passed)
            if {one.name for one in found} != {name}:
                return found
        return (Type(name),)

    def _result(self, place: stubs.Place, passed: stubs.Passed) -> Types:
        """What the definitions give that fit the call."""
        found: list[Type] = []
        drop = int(bool(place.receiver) and not _STATIC.search(place.texts[0]))
        for node, given in self._fitting(place, passed, drop):
            matched: dict[str, Types] = {}
            for key, parameter in given.items():
                if isinstance(key, int) and isinstance(parameter.annotation, ast.Name):
                    for name in stubs.variables([self._types(parameter.annotation, place.scope)]):
                        matched[name] = (*matched.get(name, ()), Type(f"${key}"))
            declared = fill(self._types(node.returns, place.scope), place.bound)
            found += fill(declared, matched)
        return self._settle(union(found))

    def _fitting(self, place: stubs.Place, passed: stubs.Passed, drop: int) -> list[Fitting]:
        """The definitions that may be meant, with the parameter of each argument."""
        nodes = [x for x in map(stubs.statement, place.texts) if isinstance(x, stubs.Function)]
        found = []
        for node in nodes:
            if (given := stubs.parameters(node, passed, drop)) is not None:
                found.append((node, given))
                if not any(self._partial(p.annotation, place.scope) for p in given.values()):
                    break
        return found or [(node, {}) for node in nodes]

    @stubs.once
    def _partial(self, node: ast.expr | None, at: Scope) -> bool | None:
        """Whether only some arguments have this type: None, a literal, what has a bound."""
        if node is None or isinstance(node, ast.Constant):
            return node is not None and node.value is None
        names = [one.id for one in ast.walk(node) if isinstance(one, ast.Name)]
        for place in (self._lookup(name, at) for name in names):
            text = place.texts[0] if place and place.kind == "variable" else ""
            if "Literal[" in text or "bound=" in text or (place and place.form == "Literal"):
                return True
            if place and " | " in text and self._partial(place.meant(), place.scope):
                return True
        return False

    def _place(self, dotted: str, inside: bool = False) -> stubs.Place | None:
        """Where the name leads; inside the stubs also through what a module imports for itself."""
        if dotted.startswith(NONE.name):
            dotted = "types.NoneType" + dotted.removeprefix(NONE.name)
        return self._find(dotted, inside)

    @stubs.once
    def _find(self, dotted: str, inside: bool) -> stubs.Place | None:
        parent, _, last = dotted.rpartition(".")
        scope = self._module(parent) if parent else None
        if scope and (found := self._global(scope, last, inside)):
            return found
        if own := self._module(dotted):
            return stubs.Place("module", dotted, own)
        owner = self._place(parent, inside) if parent else None
        if above := self._as_class(owner):
            return self._attribute(above, last)
        if owner and owner.kind == "module":
            if owner.home != parent:
                return self._place(f"{owner.home}.{last}", inside)
            return self._place(f"types.ModuleType.{last}") if last.startswith("__") else None
        of_value = self.value(parent) if owner else ()
        found = self._place(f"{of_value[0].name}.{last}") if len(of_value) == 1 else None
        if found and found.receiver:
            given = {f"$T{i}": a for i, a in enumerate(of_value[0].arguments)}
            bound = {n: fill(t, given) for n, t in found.bound.items()}
            return msgspec.structs.replace(found, bound=bound)
        return None

    def _global(self, scope: Scope, name: str, inside: bool) -> stubs.Place | None:
        dotted, entry, found = f"{scope.dotted}.{name}", scope.names.get(name), None
        if entry is None:
            for star in scope.stars:
                source = self._module(star)
                listed = source.listed if source else None
                taken = not name.startswith("_") if listed is None else name in listed
                if found is None and source and taken:
                    found = self._place(f"{star}.{name}", listed is not None)
        elif entry.kind == "import":
            shown = inside or entry.exported or name in (scope.listed or ())
            return self._place(entry.texts[0], True) if shown and entry.texts[0] != dotted else None
        elif not (
            entry.target and ((found := self._lookup(entry.target, scope)) or self._module(dotted))
        ):
            return stubs.Place(entry.kind, dotted, scope, tuple(entry.texts))
        return found

    def _attribute(self, receiver: stubs.Class, name: str) -> stubs.Place | None:
        own = Type(self._name(receiver.home), tuple(receiver.own.values()))
        for home, bound in receiver.mro.items():
            declaring = self._class(home)
            if declaring is None or (entry := declaring.scope.names.get(name)) is None:
                continue
            if entry.target and (found := self._lookup(entry.target, declaring.scope)):
                return found
            scope, texts, bound = declaring.scope, tuple(entry.texts), {**bound, SELF.name: (own,)}
            return stubs.Place(entry.kind, f"{home}.{name}", scope, texts, receiver.home, bound)
        return None

    def _lookup(self, dotted: str, scope: Scope) -> stubs.Place | None:
        """What the name means where it is written."""
        at: Scope | None = scope
        while at:
            found = dotted.partition(".")[0] in at.names or at.stars
            if found and (place := self._place(f"{at.dotted}.{dotted}", True)):
                return place
            at = at.outer
        return self._place(f"builtins.{dotted}", True)

    def _types(self, node: ast.expr | None, at: Scope, base: bool = False) -> Types:
        """The union an annotation or a base means; "" is unknown, "~x" a type variable."""
        items: list[ast.expr] = []
        match node:
            case ast.Constant(value=None):
                return (NONE,)
            case ast.Constant(value=str(text)):
                return self._types(ast.parse(text, mode="eval").body, at)
            case ast.BinOp(left=left, right=right):
                first = self._types(left, at)
                # in X | Any, Any is a rare None
                return first if UNKNOWN in first else union((*first, *self._types(right, at)))
            case ast.Subscript(value=ast.Name() | ast.Attribute() as head, slice=index):
                items = index.elts if isinstance(index, ast.Tuple) else [index]
            case ast.Name() | ast.Attribute() as head:
                pass
            case _:
                return (UNKNOWN,)
        place = self._lookup(stubs.spelled(head), at)
        form = place.form if place else ""
        if form == "Literal":
            enums = (i.value if isinstance(i, ast.Attribute) else i for i in items)
            return union(one for i in enums for one in stubs.constant(i) or self._types(i, at))
        if form in _INNER:
            items = items[:1] if form == "Annotated" else items
            return union(one for item in items for one in self._types(item, at))
        if place is None or (place.kind != "class" and form not in _FORMS):
            return (place and self._meaning(place.home)) or (UNKNOWN,)
        name = _FORMS.get(form) or (place.home if base else self._name(place.home))
        items = [] if form in ("TypeGuard", "TypeIs") else items
        told = (i for i in items if not (isinstance(i, ast.Constant) and i.value is ...))
        arguments = tuple(self._types(i, at) for i in told)
        shapeless = name in _SHAPELESS and arguments in ((), ((UNKNOWN,),))
        vague = shapeless and not (base and form != "Any")
        return (UNKNOWN if vague else Type(name, arguments),)

    @stubs.once
    def _meaning(self, home: str) -> Types | None:
        """What a variable means in an annotation: a type variable, an alias, Self."""
        place = self._place(home, True)
        node = place.meant() if place else None
        if place and place.form == "Self":
            return (SELF,)
        if isinstance(node, ast.Call) and stubs.spelled(node.func).endswith("TypeVar"):
            return (Type("~" + home),)
        known = node and not isinstance(node, ast.Constant)
        return self._types(node, place.scope) if place and known else None

    def _settle(self, types: Types) -> Types:
        """The union as told to callers: free type variables by their bound, unknown as ()."""
        found: list[Type] = []
        for one in types:
            if one.name.startswith("~"):
                found += self._bound(one.name[1:]) or (UNKNOWN,)
            else:
                arguments = tuple(self._settle(a) for a in one.arguments)
                found.append(Type(one.name, arguments if any(arguments) else ()))
        return tuple(one for one in union(found) if one != UNKNOWN)

    def _bound(self, variable: str) -> Types:
        """What a type variable is at least; protocols say too little about it."""
        place = self._place(variable, True)
        node = place.meant() if place else None
        if not (place and isinstance(node, ast.Call)):
            return ()
        told = [*node.args[1:], *(k.value for k in node.keywords if k.arg == "bound")]
        found = union(one for item in told for one in self._types(item, place.scope))
        shown = [self._place(one.name) for one in found]
        plain = all(one and not _PROTOCOL.search(one.texts[0]) for one in shown)
        return self._settle(found) if plain else ()

    def _name(self, home: str) -> str:
        """The public name of what a private module defines, else the name it has there."""
        module, _, name = home.rpartition(".")
        above, _, last = module.rpartition(".")
        if last.startswith("_") and home not in _NAMES:
            bare = _NAMES.get(module, f"{above}.{last.lstrip('_')}".lstrip("."))
            for public in (f"{bare}.{name}", f"{above}.{name}"):
                if (found := self._place(public)) and found.home == home:
                    return public
        return _NAMES.get(home, home)

    def _as_class(self, place: stubs.Place | None) -> stubs.Class | None:
        return self._class(place.home) if place and place.kind == "class" else None

    @stubs.once
    def _class(self, home: str) -> stubs.Class | None:
        """The class with its bases read and linearised: depth first, each at its last mention."""
        place = self._place(home, True)
        if place is None or place.kind != "class":
            return None
        node, scope = stubs.body_of(place.texts[0], home, place.scope)
        above: list[tuple[stubs.Class, tuple[Types, ...]]] = []
        mentioned: dict[bool, list[str]] = {True: [], False: []}
        whole = True
        for base in node.bases:
            for one in self._types(base, place.scope, base=True):
                read = self._as_class(self._place(one.name, True))
                whole = whole and (read is not None or one.name in _GENERIC)
                mentioned[one.name in _GENERIC] += stubs.variables(one.arguments)
                if read and read.home == "builtins.tuple":
                    above.append((read, (union(e for a in one.arguments for e in a),)))
                elif read:
                    above.append((read, one.arguments))
        top = None if above or home == "builtins.object" else self._class("builtins.object")
        above += [(top, ())] if top else []
        names = dict.fromkeys(mentioned[True] or mentioned[False])
        own = {name: (Type(f"$T{i}"),) for i, name in enumerate(names)}
        said: dict[str, Mapping[str, Types]] = {}
        for known, arguments in above:
            filled = [fill(a, own) for a in arguments] + [Types()] * len(known.own)
            given = {f"$T{i}": filled[i] for i in range(len(known.own))}
            for inherited, bound in known.mro.items():
                said.setdefault(inherited, {n: fill(types, given) for n, types in bound.items()})
        order = dict.fromkeys(reversed([inherited for one, _ in above for inherited in one.mro]))
        mro = {home: own, **{inherited: said[inherited] for inherited in reversed(order)}}
        whole = whole and all(one.whole for one, _ in above)
        return stubs.Class(home, scope, mro, whole)

    @stubs.once
    def _module(self, dotted: str) -> Scope | None:
        above = dotted.rpartition(".")[0]
        for name, package in ((f"{dotted}.__init__.", dotted), (f"{dotted}.", above)):
            if path := self._files.get(name):
                return Scope(path.read_text("utf-8"), dotted, package, None, self._version)
        return None
