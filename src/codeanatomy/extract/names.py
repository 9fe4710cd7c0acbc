"""What the names, calls and bases of a batch say, as tables."""

import builtins
import re

import numpy as np
import pyarrow as pa

from codeanatomy.extract.columns import Column, coded, optional, owned, table
from codeanatomy.extract.forest import CONTEXTS, Codes, Forest, Ints, kinds, ordinals, roles
from codeanatomy.extract.scopes import FUNCTION_LIKE, IMPORTED, NAMED, VARIABLE, Scopes
from codeanatomy.facts.ids import LOCAL, hash_texts, mix
from codeanatomy.facts.tables.names import Argument, Base, CallSite, Capture, Reference
from codeanatomy.facts.tables.syntax import Member, Variable

# names that every module has without binding them: the builtins, those that newer Pythons add, and
# those that the import system puts into every module and the compiler into every class body
BUILTINS = frozenset(dir(builtins)) | {
    *("PythonFinalizationError", "_IncompleteInputError"),
    *("__annotations__", "__builtins__", "__cached__", "__class__", "__dict__", "__file__"),
    *("__module__", "__path__", "__qualname__"),
}
_WORD = re.compile(rb"[\w\x80-\xff]+")
HOW = ("local", "enclosing", "global", "import", "builtin", "star", "unknown")
_LOCAL, _ENCLOSING, _GLOBAL, _IMPORT, _BUILTIN, _STAR, _UNKNOWN = range(len(HOW))


def references(forest: Forest, scopes: Scopes) -> dict[str, pa.Table]:
    """The reference and capture tables.

    Where a binding may be hidden, a name is said to mean something only if that is a parameter or
    definition, and how it is found is not said at all.
    """
    rows, found = scopes.uses, scopes.found
    words = forest.names.words()
    user = forest.definition[forest.scope[rows]]  # number of the definition that uses the name
    bound = found >= 0
    home = np.append(scopes.scope, 0)[found]  # 0 where not bound, as the next two
    owner = forest.definition[home]
    declares = np.append(scopes.declares, -1)[found]
    imported = declares == IMPORTED
    doubtful = forest.broken[forest.file[rows]]
    known = np.array([name in BUILTINS for name in forest.names.all()], np.bool_)
    starred = np.zeros(len(forest.texts), np.bool_)
    aliases = forest.rows(kinds("alias"))
    starred[forest.file[aliases[forest.bound[aliases] < 0]]] = True
    how = np.full(len(rows), _UNKNOWN, np.int32)
    how[starred[forest.file[rows]]] = _STAR
    how[known[forest.text[rows]]] = _BUILTIN
    how[bound] = np.where(forest.outer[home] < 0, _GLOBAL, _ENCLOSING)[bound]
    how[bound & (owner == user)] = _LOCAL
    how[imported] = _IMPORT
    how[doubtful] = _UNKNOWN
    declared = np.append(scopes.key, 0)[found]
    columns: dict[str, Column] = {
        "file": forest.ordinal[forest.file[rows]],
        "node": forest.key[rows],
        "name": coded(forest.text[rows], words),
        "scope": forest.definition_keys[user],
        "context": coded(forest.context[rows].astype(np.int32), CONTEXTS),
        "declared": optional(declared, ~bound | imported | (doubtful & (declares != NAMED))),
        "how": coded(how, HOW),
    }
    inner = FUNCTION_LIKE[forest.kind[home]]
    caught = np.flatnonzero(bound & ~imported & inner & (owner != user) & ~doubtful)
    pairs = user[caught] * np.int64(len(scopes.key) + 1) + found[caught]
    caught = caught[np.sort(np.unique(pairs, return_index=True)[1])]
    captures: dict[str, Column] = {
        "file": forest.ordinal[forest.file[rows[caught]]],
        "function": forest.definition_keys[user[caught]],
        "captured": declared[caught],
    }
    return table(Reference, columns) | table(Capture, captures)


def variables(forest: Forest, scopes: Scopes, name_starts: Ints) -> dict[str, pa.Table]:
    """The variable table; `name_starts` of the definitions."""
    chosen = np.flatnonzero(scopes.declares == VARIABLE)
    chosen = chosen[np.argsort(scopes.first[chosen], kind="stable")]
    rows = scopes.first[chosen]
    owner = forest.definition[scopes.scope[chosen]].astype(np.int64)
    columns = owned(forest, "Variable", owner, *_tokens(forest, rows, name_starts))
    columns |= _named(forest, owner, forest.bound[rows])
    return table(Variable, columns | {"node": scopes.key[chosen]})


def members(forest: Forest, classes: Codes, attributes: Codes) -> dict[str, pa.Table]:
    """The member table, from the rows of classes and of the attributes set in their methods."""
    order = np.argsort(attributes, kind="stable")
    rows = attributes[order].astype(np.int64)
    owner = np.searchsorted(forest.definitions, classes[order])
    words, codes, end = forest.names.all(), forest.text[rows], forest.end[rows]
    hashes = hash_texts([words[code] for code in codes.tolist()])
    keys = mix(mix(forest.definition_keys[owner], LOCAL), hashes)
    columns = owned(forest, "Member", owner, end - forest.names.lengths()[codes], end)
    return table(Member, columns | _named(forest, owner, codes) | {"node": keys})


def _named(forest: Forest, owner: Ints, codes: Codes) -> dict[str, Column]:
    """Columns of what the owners (numbers of definitions) hold under these names."""
    words = forest.names.all()
    named = zip(owner.tolist(), codes.tolist(), strict=True)
    return {
        "name": coded(codes, forest.names.words()),
        "qualname": [f"{forest.qualnames[o]}.{words[c]}".removeprefix(".") for o, c in named],
        "scope": forest.definition_keys[owner],
    }


def calls(forest: Forest) -> tuple[Codes, dict[str, pa.Table]]:
    """Last names of the callees by row (-1 elsewhere), and the call_site and argument tables."""
    names = forest.names.words()
    callees = forest.rows_in(roles("Call.func"))
    sites = forest.parent[callees]
    dotted = kinds("Attribute")[forest.kind[callees]]
    named = dotted | kinds("Name")[forest.kind[callees]]
    last = np.full(forest.size, -1, np.int32)
    last[sites] = np.where(named, forest.text[callees], -1)
    receivers = np.minimum(callees + 1, forest.size - 1)
    columns: dict[str, Column] = {
        "file": forest.ordinal[forest.file[sites]],
        "node": forest.key[sites],
        "callee": forest.key[callees],
        "receiver": optional(forest.key[receivers], ~dotted),
        "name": coded(last[sites], names),
    }
    given = forest.rows_in(roles("Call.args", "Call.keywords"))
    keyword = kinds("keyword")[forest.kind[given]]
    starred = kinds("Starred")[forest.kind[given]]
    unpacked = np.where(starred, 1, np.where(keyword & (forest.text[given] < 0), 2, 0))
    arguments: dict[str, Column] = {
        "file": forest.ordinal[forest.file[given]],
        "call": forest.key[forest.parent[given]],
        "value": forest.key[given + (keyword | starred)],
        "position": forest.position[given] - 1,
        "keyword": coded(np.where(keyword, forest.text[given], -1), names),
        "unpacked": coded(unpacked.astype(np.int32), ("", "*", "**")),
    }
    return last, table(CallSite, columns) | table(Argument, arguments)


def bases(forest: Forest) -> dict[str, pa.Table]:
    """The base table."""
    rows = forest.rows_in(roles("ClassDef.bases"))
    classes = forest.parent[rows]
    columns: dict[str, Column] = {
        "file": forest.ordinal[forest.file[rows]],
        "class_node": forest.key[classes],
        "value": forest.key[rows],
        "position": ordinals(classes),
    }
    return table(Base, columns)


def _tokens(forest: Forest, rows: Ints, name_starts: Ints) -> tuple[Ints, Ints]:
    """Where in the text the name stands that each row binds."""
    start, end = forest.start[rows], forest.end[rows]
    length = forest.names.lengths()[forest.bound[rows]]
    kind = forest.kind[rows]
    definition = kinds("FunctionDef", "AsyncFunctionDef", "ClassDef")[kind]
    start[definition] = name_starts[np.searchsorted(forest.definitions, rows[definition])]
    whole = kinds("Name")[kind]
    names = forest.names.all()
    for i in np.flatnonzero(~whole & ~definition & ~kinds("arg")[kind]).tolist():
        start[i] += _offset(forest.slice(int(rows[i])), names[forest.bound[rows[i]]])
    end = np.where(whole, end, start + length)
    for i in forest.respelled(rows, forest.bound[rows], start, end):
        word = _WORD.match(forest.source, start[i])
        end[i] = word.end() if word else end[i]
    return start, end


def _offset(text: bytes, name: str) -> int:
    """Where a clause (`import a as b`, `except E as b`, `case [*b]`, `**P`) binds the name."""
    token = re.escape(name.encode()) + rb"(?![\w\x80-\xff])"
    found = re.search(rb"\bas[\s\\]+(" + token + rb")|\*\s*(" + token + rb")", text)
    if found:
        return found.start(found.lastindex or 0)
    found = re.search(rb"(?<![\w\x80-\xff])" + token, text)
    return found.start() if found else 0
