"""What values describe the stubs: types, where a name leads, classes, a call's parameters? Which
names does the text of a stub bind, seen without parsing it?

Text is cut into statements where a line starts without indentation, and nothing is parsed: of
the 145 modules that Django names, cutting takes 15 ms where parsing takes 1 s. Conditions are taken
as they hold for one version of Python on Linux; of what may be either way, all counts.
"""

import ast
import functools
import importlib.util
import operator
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar, TypeVarTuple

import msgspec

S = TypeVar("S")
V = TypeVar("V")
K = TypeVarTuple("K")

_COMPARE = {">=": operator.ge, "<": operator.lt, "==": operator.eq, "!=": operator.ne}
_COMPARISON = re.compile(r"sys\.(version_info|platform) (>=|<|==|!=) (.+)")
_CUT = re.compile(r"^(?=[^\s#)\]}])", re.MULTILINE)
_CLAUSE = re.compile(r"(?:if|elif|else|try|except|finally)\b *(.*?): *(?:#.*)?\n")
_CLAUSES = re.compile(r"^(?=(?:elif|else|except|finally)\b)", re.MULTILINE)
_IMPORT = re.compile(r"(?:from (\.*)([\w.]*) )?import (.+)", re.DOTALL)
_IMPORTED = re.compile(r"#.*|([\w.]+|\*)(?: as (\w+))?")
_DEFINITION = re.compile(r"^(?:async )?(def|class) (\w+)", re.MULTILINE)
_TARGET = re.compile(
    r"\w+(?:: (?:\w+\.)?(?:TypeAlias|Final))? = "
    r"(?!None\b|True\b|False\b)([A-Za-z_][\w.]*) *(?:#.*)?$",
    re.MULTILINE,
)
_PROPERTY = re.compile(r"^@(?:[\w.]*property|[\w.]*DynamicClassAttribute|_magic_enum_attr)\b", re.M)
_VARIABLE = re.compile(r"(\w+)(?::| =)")
_BODY = re.compile(r": *(?:\.\.\.|pass)? *(?:#.*)?$", re.MULTILINE)
_LONG = re.compile(r'"""[\s\S]*?"""')  # its lines may start anywhere
_INDENT = re.compile(r"^ {4}", re.MULTILINE)
Function = ast.FunctionDef | ast.AsyncFunctionDef
Passed = tuple[int, frozenset[str]]  # what a call passes: how many by position, and keywords
Given = dict[int | str, ast.arg]  # the parameter of each argument, by position or keyword


class Name(msgspec.Struct):
    """What a scope binds a name to."""

    kind: str  # class, function, property, variable or import
    texts: list[str]  # of each definition; of an import what it names
    target: str = ""  # the name that a variable only repeats
    exported: bool = True


class Scope:
    """The names that a module or class body binds, its definitions still text."""

    def __init__(
        self, text: str, dotted: str, package: str, outer: "Scope | None", version: tuple[int, int]
    ) -> None:
        self.dotted, self.package, self.outer, self.version = dotted, package, outer, version
        self.names: dict[str, Name] = {}
        self.stars: list[str] = []
        self.listed: set[str] | None = None  # in __all__
        for chunk in self._statements(_LONG.sub('""', text)):
            if found := _IMPORT.match(chunk):
                self._import(*found.groups(""))
            elif found := _DEFINITION.search(chunk):
                kind = "class" if found[1] == "class" else "function"
                if chunk.startswith("@") and _PROPERTY.search(chunk):
                    kind = "property"
                known = self.names.setdefault(found[2], Name(kind, []))
                known.texts += [chunk] if kind in (known.kind, "function") else []
            elif chunk.startswith("__all__") and "=" in chunk:
                self.listed = (self.listed or set()) | set(re.findall(r'"(\w+)"', chunk))
            elif found := _VARIABLE.match(chunk):
                repeated = _TARGET.match(chunk)
                name = Name("variable", [chunk], repeated[1] if repeated else "")
                self.names.setdefault(found[1], name)

    def _import(self, dots: str, source: str, names: str) -> None:
        """Binds what `from source import names` binds; without a source, `import names`."""
        if dots:
            parts = self.package.split(".")
            above = parts[: len(parts) + 1 - len(dots)]
            source = ".".join([*above, source] if source else above)
        for name, alias in (found.groups("") for found in _IMPORTED.finditer(names)):
            if name == "*":
                self.stars.append(source)
            elif name:
                top = name.partition(".")[0]
                target = (source and source + ".") + (name if alias else top)
                self.names.setdefault(alias or top, Name("import", [target], "", alias == name))

    def _statements(self, text: str) -> Iterator[str]:
        """The statements of a body, those of a branch taken in its place."""
        found, before = [""], ""
        for chunk in _CUT.split(text):
            if chunk.startswith("@"):
                before += chunk
            elif _CLAUSES.match(chunk):
                found[-1] += chunk
            else:
                found.append(before + chunk)
                before = ""
        for chunk in found:
            compound = chunk.startswith(("if ", "try:"))
            for clause in _CLAUSES.split(chunk) if compound else ():
                head = _CLAUSE.match(clause)
                if head and self._holds(head[1]):
                    yield from self._statements(_INDENT.sub("", clause[head.end() :]))
                    if chunk.startswith("if "):
                        break
            if not compound:
                yield chunk

    def _holds(self, test: str) -> bool:
        """Whether the condition holds; one that is not about version or platform does."""
        for word, decides in ((" or ", any), (" and ", all)):
            if word in test:
                return decides(map(self._holds, test.split(word)))
        if (found := _COMPARISON.fullmatch(test)) is None:
            return not test.startswith("not ")
        ours = self.version if found[1] == "version_info" else "linux"
        return bool(_COMPARE[found[2]](ours, ast.literal_eval(found[3])))


def body_of(text: str, dotted: str, outer: Scope) -> tuple[ast.ClassDef, Scope]:
    """The header of a class as an empty class, and the scope of its body."""
    start = _DEFINITION.search(text)
    end = _BODY.search(text, start.start()) if start else None
    node = statement(text[start.start() : end.start()] + ": ...") if start and end else None
    if not (isinstance(node, ast.ClassDef) and end):
        raise ValueError(f"{dotted} is no class")
    return node, Scope(_INDENT.sub("", text[end.end() :]), dotted, "", outer, outer.version)


@functools.lru_cache(1 << 14)
def statement(text: str) -> ast.stmt:
    """The one statement of the text, parsed."""
    return ast.parse(text).body[0]


def spelled(node: ast.expr) -> str:
    """The text of a name or of attributes of one; "" for all else."""
    if isinstance(node, ast.Attribute):
        return f"{spelled(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def once(method: Callable[[S, *K], V | None]) -> Callable[[S, *K], V | None]:
    """The method, answering each question once; asked again while it does, it says None."""

    kept = f"~{method.__name__}"

    @functools.wraps(method)
    def ask(self: S, *asked: *K) -> V | None:
        known: dict[object, V | None] = self.__dict__.setdefault(kept, {})
        if asked not in known:
            known[asked] = None
            known[asked] = method(self, *asked)
        return known[asked]

    return ask


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


def parameters(node: Function, passed: Passed, drop: int) -> Given | None:
    """The parameter of each argument; None when the call does not fit."""
    rules, (positional, keywords) = node.args, passed
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
        raise ModuleNotFoundError("the stubs are not installed; run: pip install typeshed-client")
    return Path(found.submodule_search_locations[0]) / "typeshed"
