"""What values describe the stubs: types, where a name leads, classes, a call's parameters?"""

import ast
import importlib.util
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import msgspec

from codeanatomy.facts.errors import UsageError
from codeanatomy.sources.stub_text import Scope, spelled, statement

Function = ast.FunctionDef | ast.AsyncFunctionDef
Given = dict[int | str, ast.arg]  # the parameter of each argument, by position or keyword


class Type(msgspec.Struct, frozen=True):
    """A class with its type arguments, each a union of types; an empty union is unknown.

    Two kinds of names stand for what only a call knows: `$0` is the type of argument 0, `$T0` the
    receiver's first type argument. Arguments of builtins.tuple are its elements in their order, or
    one union of all elements.
    """

    name: str
    arguments: tuple[tuple["Type", ...], ...] = ()


Types = tuple[Type, ...]  # a union; before it is told, a name "~x" is the type variable x

NONE, UNKNOWN, SELF = Type("builtins.NoneType"), Type(""), Type("~Self")


def fill(types: Iterable[Type], table: Mapping[str, Types]) -> Types:
    """The union with the names of the table replaced."""
    found: list[Type] = []
    for one in types:
        if one.name in table:
            found += table[one.name] or (UNKNOWN,)
        else:
            found.append(Type(one.name, tuple(fill(a, table) for a in one.arguments)))
    return union(found)


def union(types: Iterable[Type]) -> Types:
    """Each type once; None and what is unknown only where nothing else is known."""
    found = tuple(dict.fromkeys(types))
    rest = tuple(one for one in found if one not in (NONE, UNKNOWN))
    return rest or ((NONE,) if found == (NONE,) else (UNKNOWN,))


def variables(unions: Iterable[Types]) -> Iterator[str]:
    """The type variables in their order, with repetitions."""
    for one in (one for types in unions for one in types):
        yield from [one.name] if one.name.startswith("~") else variables(one.arguments)


def constant(node: ast.expr) -> Types:
    """The type of a literal; () for all else."""
    match node:
        case ast.Constant(value=value) | ast.UnaryOp(operand=ast.Constant(value=value)):
            return () if value is ... else (Type("builtins." + type(value).__name__),)
    return ()


class Place(msgspec.Struct, frozen=True):
    """Where a dotted name leads: what stands there, and the class through which it was asked."""

    kind: str
    home: str  # its name where it is defined
    scope: Scope
    texts: tuple[str, ...] = ()
    receiver: str = ""
    bound: Mapping[str, Types] = {}

    @property
    def form(self) -> str:
        """The name of what typing defines, "" for all else."""
        module, _, name = self.home.rpartition(".")
        return name if module in ("typing", "typing_extensions") else ""

    def meant(self) -> ast.expr | None:
        """What a variable is set to, where that is a type and not a value."""
        node = statement(self.texts[0]) if self.kind == "variable" else None
        if isinstance(node, ast.AnnAssign) and spelled(node.annotation).endswith("TypeAlias"):
            return node.value
        return node.value if isinstance(node, ast.Assign) else None


class Class(msgspec.Struct, frozen=True):
    """A class with its linearisation: homes, and what each one's type variables are here."""

    home: str
    scope: Scope
    mro: dict[str, Mapping[str, Types]]
    whole: bool  # every base is known

    @property
    def own(self) -> Mapping[str, Types]:
        """Its type variables in their order, and how its own type arguments are called."""
        return self.mro[self.home]


def parameters(
    node: Function, positional: int, keywords: frozenset[str], drop: int
) -> Given | None:
    """The parameter of each argument; None when the call does not fit."""
    rules = node.args
    plain = [*rules.posonlyargs, *rules.args][drop:]
    named = {p.arg: p for p in (*rules.args, *rules.kwonlyargs) if p not in plain[:positional]}
    needed = plain[: max(len(plain) - len(rules.defaults), 0)]
    needed += [p for p, d in zip(rules.kwonlyargs, rules.kw_defaults, strict=True) if d is None]
    rest = [rules.vararg] * max(positional - len(plain), 0)
    taken = dict(enumerate([*plain[:positional], *rest])) | {
        name: named.get(name, rules.kwarg) for name in sorted(keywords)
    }
    found = {key: p for key, p in taken.items() if p}
    return found if len(found) == len(taken) and all(p in found.values() for p in needed) else None


def installed() -> Path:
    """The folder of the stubs of typeshed-client, found without importing it."""
    found = importlib.util.find_spec("typeshed_client")
    if found is None or not found.submodule_search_locations:
        raise UsageError("the stubs are not installed; run: pip install typeshed-client")
    return Path(found.submodule_search_locations[0]) / "typeshed"


def absent(folder: Path, version: tuple[int, int]) -> set[str]:
    """Modules that the version has not, by typeshed's list if the folder has it."""
    listing = folder / "VERSIONS"
    text = listing.read_text("utf-8") if listing.is_file() else ""
    lines = re.findall(r"^([\w.]+): (\d+)\.(\d+)-(?:(\d+)\.(\d+))?", text, re.MULTILINE)
    return {
        name
        for name, a, b, c, d in lines
        if not (int(a), int(b)) <= version <= (int(c or 99), int(d or 99))
    }
