"""The trees of a batch as arrays: what each row is, where it stands, whose it is, and its key.

Keys are path-free and local to the file. A named thing's is the hash of its construct and local
qualified name. An unnamed thing's mixes its owner's key (the innermost definition whose subtree it
stands in), its construct and its number among that owner's own things of the construct, in source
order.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from codeanatomy.extract.decoding import Offsets
from codeanatomy.extract.walker import CONSTRUCTS, ROLES, TEXT, Columns
from codeanatomy.facts.ids import BODY, MODULE_KEY, hash_text, hash_texts, mix

Ints = npt.NDArray[np.int64]
Codes = npt.NDArray[np.int32]
Flags = npt.NDArray[np.bool_]

CONTEXTS = ("", "load", "store", "del")
LOAD, STORE, DEL = 1, 2, 3


class Text(msgspec.Struct, frozen=True):
    """What is kept of a file until its batch is done."""

    ordinal: int
    utf8: bytes
    origin: Offsets | None
    lines: Offsets
    positions: npt.NDArray[np.int32]  # (line, column, end line, end column) of each row


class Names:
    """Interned names: a code per distinct name, in order of arrival."""

    def __init__(self) -> None:
        self._codes: defaultdict[str | None, int] = defaultdict()
        self._codes.default_factory = self._codes.__len__
        self._words: pa.Array = pa.array([], pa.string())

    def code(self, name: str | None) -> int:
        """The name's code; -1 for None."""
        return -1 if name is None else self._codes[name]

    def codes(self, names: Iterable[str | None]) -> Codes:
        """Codes of many names."""
        codes = np.fromiter(map(self._codes.__getitem__, names), np.int32)
        if None in self._codes:
            codes[codes == self._codes[None]] = -1
        return codes

    def all(self) -> list[str]:
        """The names by code; '' at the code that stands for None inside."""
        return [name or "" for name in self._codes]

    def words(self) -> pa.Array:
        """`all` as a column."""
        if len(self._words) != len(self._codes):
            self._words = pa.array(self.all(), pa.string())
        return self._words

    def lengths(self) -> Ints:
        """UTF-8 bytes of each name, and one 0 more for the code -1."""
        lengths: Ints = pc.binary_length(self.words()).to_numpy()
        return np.append(lengths, 0)


def kinds(*names: str) -> Flags:
    """Which constructs are of these ast classes, by the number of the construct."""
    return np.array([c.partition(".")[0] in names for c in CONSTRUCTS])


def roles(*names: str) -> Flags:
    """Which roles have these names (`Call.args`, or `.args` for any class), by number."""
    return np.array([r in names or "." + r.partition(".")[2] in names for r in ROLES])


FUNCTIONS = kinds("FunctionDef", "AsyncFunctionDef", "Lambda")
DEFINITIONS = FUNCTIONS | kinds("Module", "ClassDef")
COMPREHENSIONS = kinds("ListComp", "SetComp", "DictComp", "GeneratorExp")
_TARGETS = kinds("Name", "Attribute", "Subscript", "Starred", "List", "Tuple")
_BODIES = kinds("Module", "ClassDef")  # definitions whose body is a METHOD of its own
_IN_BODY = roles("Module.body", "ClassDef.body")
_NAMING = kinds(*(set(TEXT) - {"Attribute", "keyword", "alias", "ImportFrom"}))
_SPANNED = kinds("comprehension", "match_case")


def ordinals(groups: npt.NDArray[np.integer]) -> Codes:
    """For each row, how many earlier rows have the same group (non-negative, below 2**31)."""
    number = np.arange(len(groups))
    packed = np.sort((groups.astype(np.int64) << 32) | number)
    new = np.diff(packed >> 32, prepend=-1) != 0
    result = np.empty(len(groups), np.int32)
    result[packed & 0xFFFFFFFF] = number - np.maximum.accumulate(np.where(new, number, 0))
    return result


def _qualnames(scopes: Sequence[int], names: Sequence[str | None]) -> list[str]:
    """Local qualified names of the definitions of one batch, in source order.

    `scopes[i]` is the index of the definition whose scope holds definition i (before it in the
    list), or -1 for a module. A lambda has no name: it is numbered in its scope. A second thing of
    the same qualified name gets `#2`.
    """
    found: list[str] = []
    seen: dict[str, int] = {}
    lambdas: dict[int, int] = {}
    for scope, name in zip(scopes, names, strict=True):
        if scope < 0:
            seen = {}
            found.append("")
            continue
        if name is None:
            lambdas[scope] = lambdas.get(scope, 0) + 1
            name = f"<lambda{lambdas[scope]}>"
        outer = found[scope]
        qualname = f"{outer}.{name}" if outer else name
        number = seen[qualname] = seen.get(qualname, 0) + 1
        found.append(qualname if number == 1 else f"{qualname}#{number}")
    return found


def _joined(parts: Sequence[npt.NDArray[np.integer]]) -> Ints:
    return np.concatenate([np.zeros(0, np.int64), *parts])


class Forest:
    """Arrays over all rows of a batch; a row is a node of a tree, in source order.

    `start`, `end`, `lines` and `base` (where each file's text starts) count bytes of `source`, the
    texts of all files one after the other with a byte between; `places` turns such an offset into
    one of the file's content. Scopes are rows, too: of a module, class, function or comprehension;
    the scope of type parameters is the row of the first of them.
    """

    def __init__(self, columns: Columns, texts: Sequence[Text], broken: Flags) -> None:
        """From the columns, the files, and in which files bindings may be hidden."""
        self.columns = columns
        self.texts = texts
        self.broken = broken
        self.names = Names()
        self.no_name = self.names.code("")
        self.kind = np.frombuffer(columns.kinds, np.uint8)
        self.role = np.frombuffer(columns.roles, np.uint8)
        self.parent: Codes = np.array(columns.parents, np.int32)
        self.size = len(self.kind)
        counts = [len(text.positions) for text in texts]
        self.file: Codes = np.repeat(np.arange(len(texts), dtype=np.int32), counts)
        self.first_row: Ints = np.cumsum([0, *counts])[:-1]
        self.source = b"".join(text.utf8 + b"\n" for text in texts)
        self.base: Ints = np.cumsum([0, *(len(text.utf8) + 1 for text in texts)])
        self.lines = _joined([b + t.lines for b, t in zip(self.base, texts, strict=False)])
        self.first_line = np.searchsorted(self.lines, self.base)  # of each file, in `lines`
        self.places = _joined(
            [np.arange(len(t.utf8) + 1) if t.origin is None else t.origin for t in texts]
        )
        self.ordinal: Codes = np.array([t.ordinal for t in texts], np.int32)
        self.text: Codes = np.full(self.size, -1, np.int32)
        self.text[kinds(*TEXT)[self.kind]] = self.names.codes(columns.texts)
        self.bound = self._bound()
        self._locate()
        self._own()
        self._identify()
        self.context = _TARGETS[self.kind].astype(np.uint8)  # index into CONTEXTS
        self.context[columns.stores] = STORE
        self.context[columns.deletions] = DEL

    def rows(self, mask: Flags) -> Ints:
        """The rows whose construct is in the mask."""
        return np.flatnonzero(mask[self.kind])

    def rows_in(self, mask: Flags) -> Ints:
        """The rows whose role is in the mask."""
        return np.flatnonzero(mask[self.role])

    def respelled(self, rows: Ints, codes: Codes, starts: Ints, ends: Ints) -> list[int]:
        """Which of these places do not hold their names as interned (NFKC) and so may be wrong."""
        foreign = np.array([not t.utf8.isascii() for t in self.texts], np.bool_)
        names = self.names.all()
        return [
            i
            for i in np.flatnonzero(foreign[self.file[rows]]).tolist()
            if self.source[starts[i] : ends[i]] != names[codes[i]].encode()
        ]

    def slice(self, row: int) -> bytes:
        """The text of a row."""
        return self.source[self.start[row] : self.end[row]]

    def _bound(self) -> Codes:
        """Code of the name that a row binds or uses in its scope; -1 for none."""
        bound = np.where(_NAMING[self.kind], self.text, np.int32(-1))
        aliases, renames = self.rows(kinds("alias")), self.columns.renames
        names, codes = self.names.all(), self.text[aliases].tolist()
        bound[aliases] = self.names.codes(
            rename or (None if names[code] == "*" else names[code].partition(".")[0])
            for code, rename in zip(codes, renames, strict=True)
        )
        return bound

    def _locate(self) -> None:
        positions = [np.zeros((0, 4), np.int32), *(text.positions for text in self.texts)]
        line, column, end_line, end_column = np.concatenate(positions).T
        first = self.first_line[self.file]
        self.start: Ints = self.lines[first + line] + column
        self.end: Ints = self.lines[first + end_line] + end_column
        self.line: Codes = line.copy()
        self.last_line: Codes = end_line
        inner = self.rows(_SPANNED)
        self.start[inner], self.line[inner] = self.start[inner + 1], line[inner + 1]
        # a module's parent -1 leads to the last row, which is a leaf and so none of these
        children = np.flatnonzero(_SPANNED[self.kind[self.parent]])
        np.maximum.at(self.end, self.parent[children], self.end[children])
        self.line[self.first_row] = 1
        self.end[self.first_row] = self.base[1:] - 1
        self.bstart, self.bend = self.places[self.start], self.places[self.end]

    def _own(self) -> None:
        """Definitions, scopes and owners: subtrees are ranges of rows, painted outermost first."""
        columns = self.columns
        self.definitions = self.rows(DEFINITIONS)
        bodies = np.array(sorted(columns.bodies), np.int64).reshape(-1, 3)
        self.body_row: Ints = bodies[:, 1]  # first row of a definition's body
        owner = np.zeros(self.size, np.int32)  # number of the innermost definition around
        scope = np.zeros(self.size, np.int32)
        generics = dict(columns.generics)
        defaults: defaultdict[int, list[slice]] = defaultdict(list)
        for definition, first, end in columns.defaults if generics else ():
            defaults[definition].append(slice(first, end))
        # of several only the first is evaluated outside
        iterables = {row: slice(first, end) for row, first, end in reversed(columns.iterables)}
        scopes: list[tuple[int, int, int]] = []  # row, scope around, number of its definition
        numbers = {row: i for i, row in enumerate(self.definitions.tolist())}
        ranges = [*columns.bodies, *((row, 0, end) for row, end in columns.comprehensions)]
        for row, first, end in sorted(ranges):
            around = scope.item(row)
            if row in iterables:
                scope[row + 1 : end] = row
                scope[iterables[row]] = around
                numbers[row] = numbers[around]
            else:
                owner[row + 1 : end] = numbers[row]
                if row in generics:  # type parameters: all but decorators and defaults
                    inner = generics[row]
                    scope[inner:end] = inner
                    for rows in defaults[row]:
                        scope[rows] = around
                    numbers[inner] = numbers[around]
                    scopes.append((inner, around, numbers[around]))
                    around = inner
                scope[first:end] = row
            scopes.append((row, around, numbers[row]))
        owner[self.first_row] = np.searchsorted(self.definitions, self.first_row)
        arguments = self.rows(kinds("arg"))
        scope[arguments] = self.parent[arguments]
        self.owner, self.scope = owner, scope
        self.scopes, outside, owned = np.array(scopes, np.int64).reshape(-1, 3).T
        self.outer: Codes = np.full(self.size, -1, np.int32)  # of a scope's row: the scope around
        self.outer[self.scopes] = outside
        self.outer[self.first_row] = -1
        # of a scope's row: the number of its definition, or of the one that it belongs to
        self.definition: Codes = np.zeros(self.size, np.int32)
        self.definition[self.scopes] = owned

    def _identify(self) -> None:
        """Keys of rows, of their parents and of what evaluates them."""
        kind, definitions = self.kind, self.definitions
        container = self.definition[self.scope]  # number of the definition that evaluates a row
        scopes = container[definitions]
        scopes[self.parent[definitions] < 0] = -1
        names = self.names.all()
        given = [names[c] if c >= 0 else None for c in self.text[definitions].tolist()]
        self.qualnames = _qualnames(scopes.tolist(), given)
        constructs = [CONSTRUCTS[k] for k in kind[definitions].tolist()]
        named = zip(constructs, self.qualnames, strict=True)
        keys = [MODULE_KEY if c == "Module" else hash_text(f"{c}:{name}") for c, name in named]
        self.definition_keys: Ints = np.array(keys, np.int64)
        own = self.definition_keys
        numbers = ordinals((self.owner.astype(np.int64) << 8) | kind)
        self.key = mix(mix(own[self.owner], hash_texts(CONSTRUCTS)[kind]), numbers.astype(np.int64))
        self.key[definitions] = own
        self.definition_bodies: Ints = np.where(_BODIES[kind[definitions]], mix(own, BODY), own)
        in_body = _IN_BODY[self.role]
        body_of_row = np.zeros(self.size, np.int64)
        body_of_row[definitions] = self.definition_bodies
        self.parent_key = np.where(in_body, body_of_row[self.parent], self.key[self.parent])
        self.container_key = self.definition_bodies[container]
        self.position = ordinals(np.maximum(self.parent.astype(np.int64) * 2 + in_body, 0))
        self.position[self.first_row] = 0
