"""Which names does the text of a stub bind, seen without parsing it?

Text is cut into statements where a line starts without indentation, and nothing is parsed: of
the 145 modules that Django names, cutting takes 15 ms where parsing takes 1 s. Conditions are taken
as they hold for one version of Python on Linux; of what may be either way, all counts.
"""

import ast
import functools
import operator
import re
from collections.abc import Callable, Iterator
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

    def public(self, name: str) -> bool:
        """Whether a star import of this module takes the name, if it is there."""
        return not name.startswith("_") if self.listed is None else name in self.listed

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
            branches = chunk.startswith("if ")
            for clause in _CLAUSES.split(chunk) if branches or chunk.startswith("try:") else ():
                head = _CLAUSE.match(clause)
                if head and (not branches or self._holds(head[1])):
                    yield from self._statements(_INDENT.sub("", clause[head.end() :]))
                    if branches:
                        break
            if not branches and not chunk.startswith("try:"):
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

    @functools.wraps(method)
    def ask(self: S, *asked: *K) -> V | None:
        known: dict[object, V | None] = self.__dict__.setdefault(f"~{method.__name__}", {})
        if asked not in known:
            known[asked] = None
            known[asked] = method(self, *asked)
        return known[asked]

    return ask
