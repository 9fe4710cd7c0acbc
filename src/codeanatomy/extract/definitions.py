"""Definitions, parameters, imports and decorators of a batch as tables."""

import re

import numpy as np
import pyarrow as pa

from codeanatomy.extract.columns import coded, constant, interned, located, optional, table
from codeanatomy.extract.forest import Forest, Ints, kinds, roles
from codeanatomy.extract.keys import ordinals
from codeanatomy.extract.walker import ROLES
from codeanatomy.facts.ids import ANNOTATION, mix
from codeanatomy.facts.tables.syntax import Decorator, Definition, ImportAlias, Parameter

DOCSTRING_LIMIT = 20_000
SIGNATURE_LIMIT = 500
_BEFORE_NAME = re.compile(rb"(?:async(?:\s|\\)+)?(?:def|class)(?:\s|\\)+")
_TOKENS = re.compile(
    rb"""(?P<comment>\#[^\r\n]*)
    | (?P<string>"{3}(?:[^\\]|\\.)*?"{3} | '{3}(?:[^\\]|\\.)*?'{3}
        | "(?:[^"\\\r\n]|\\.)*" | '(?:[^'\\\r\n]|\\.)*')
    | (?P<open>[(\[{]) | (?P<close>[)\]}]) | (?P<colon>:)""",
    re.DOTALL | re.VERBOSE,
)
_NESTED = re.compile(rb"[(\[{#'\"]")
_NAMED = kinds("FunctionDef", "AsyncFunctionDef", "ClassDef")
_PASSING = ("positional_only", "positional", "vararg", "keyword_only", "kwarg")
_PASSED_AS = ("posonlyargs", "args", "vararg", "kwonlyargs", "kwarg")


def name_starts(forest: Forest) -> Ints:
    """For every definition, where its name stands in the text (where it starts if it has none)."""
    rows = forest.definitions
    named = np.flatnonzero(_NAMED[forest.kind[rows]])
    starts = forest.start[rows]
    texts = [forest.texts[f].utf8 for f in forest.file[rows[named]].tolist()]
    matches = map(_BEFORE_NAME.match, texts, starts[named].tolist())
    starts[named] = [m.end() if m else s for m, s in zip(matches, starts[named], strict=True)]
    return starts


def definitions(forest: Forest, names: Ints) -> dict[str, pa.Table]:
    """The definition table; `names` as from `name_starts`."""
    rows = forest.definitions
    kind = forest.kind[rows]
    generators = np.zeros(len(rows), np.bool_)
    yields = forest.rows(kinds("Yield", "YieldFrom"))
    generators[forest.definition[forest.scope[yields]]] = True
    docs = [d if d is None else d[:DOCSTRING_LIMIT] for d in forest.columns.docstrings]
    columns = located(forest, rows)
    own = [q.rpartition(".")[2].partition("#")[0] for q in forest.qualnames]
    columns |= {
        "name": interned(own),
        "qualname": forest.qualnames,
        "body": forest.definition_bodies,
        "asynchronous": kinds("AsyncFunctionDef")[kind],
        "generator": generators & ~kinds("Module", "ClassDef")[kind],
        "signature": _signatures(forest, names),
        "docstring": docs,
        "name_bstart": np.where(forest.parent[rows] < 0, 0, forest.place(forest.file[rows], names)),
    }
    return table(Definition, columns)


def parameters(forest: Forest) -> dict[str, pa.Table]:
    """The parameter table."""
    rows = forest.rows(kinds("arg"))
    passing = np.zeros(256, np.int32)
    for number, role in enumerate(ROLES):
        if role.partition(".")[2] in _PASSED_AS:
            passing[number] = _PASSED_AS.index(role.partition(".")[2])
    default = np.full(forest.size, -1, np.int64)
    for parameter, first, _ in forest.columns.defaults:
        default[parameter] = first
    annotation = np.full(forest.size, -1, np.int64)
    annotations = forest.rows_in(roles("arg.annotation"))
    annotation[forest.parent[annotations]] = annotations
    default, annotation = default[rows], annotation[rows]
    functions = forest.parent[rows]
    columns = located(forest, rows)
    columns |= {
        "position": ordinals(functions),
        "name": coded(forest.text[rows], forest.names.words()),
        "function": forest.key[functions],
        "passing": coded(passing[forest.role[rows]], _PASSING),
        "default": optional(forest.key[default], default < 0),
        "annotation": optional(forest.key[annotation], annotation < 0),
    }
    return table(Parameter, columns)


def imports(forest: Forest) -> dict[str, pa.Table]:
    """The import_alias table."""
    rows, names = forest.rows(kinds("alias")), forest.names.words()
    statements = forest.parent[rows]
    plain = kinds("Import")[forest.kind[statements]]
    written = forest.text[rows]
    levels = np.zeros(forest.size, np.int32)
    levels[forest.rows(kinds("ImportFrom"))] = forest.columns.levels
    # `from . import a` has no module
    module = np.where(plain, written, forest.text[statements])
    columns = located(forest, rows)
    columns |= {
        "name": coded(np.where(forest.bound[rows] < 0, written, forest.bound[rows]), names),
        "module": coded(np.where(module < 0, forest.no_name, module), names),
        "level": levels[statements],
        "imported": coded(np.where(plain, -1, written), names),
        "renamed": np.array([r is not None for r in forest.columns.renames], np.bool_),
    }
    return table(ImportAlias, columns)


def decorators(forest: Forest) -> dict[str, pa.Table]:
    """The decorator table."""
    rows = forest.rows_in(roles(".decorator_list"))
    keys = forest.key[rows]
    columns = located(forest, rows)
    columns |= {
        "node": mix(keys, ANNOTATION),
        "construct": constant("Decorator", len(rows)),
        "name": interned(forest.columns.decorators),
        "decorated": forest.key[forest.parent[rows]],
        "value": keys,
    }
    return table(Decorator, columns)


def _signatures(forest: Forest, names: Ints) -> list[str | None]:
    """Parameters as written, on one line, and ` -> annotation`; None where there are none."""
    returned = forest.rows_in(roles(".returns"))
    returns = dict(zip(forest.parent[returned].tolist(), returned.tolist(), strict=True))
    lambdas = set(np.flatnonzero(kinds("Lambda")).tolist())
    no_parameters = set(np.flatnonzero(kinds("ClassDef", "Module")).tolist())
    lengths = forest.names.lengths().copy()
    lengths[-1] = len("lambda")
    found: list[str | None] = []
    rows = forest.definitions
    after = names + lengths[forest.text[rows]]
    for row, kind, file, start, end in zip(
        rows.tolist(),
        forest.kind[rows].tolist(),
        forest.file[rows].tolist(),
        after.tolist(),
        forest.start[np.minimum(forest.body_row, forest.size - 1)].tolist(),
        strict=True,
    ):
        if kind in no_parameters:
            found.append(None)
            continue
        header = forest.texts[file].utf8[start:end]
        text = _lambda_parameters(header) if kind in lambdas else _parameters(header)
        if row in returns:
            text += " -> " + _one_line(forest.slice(returns[row]))
        found.append(text[:SIGNATURE_LIMIT])
    return found


def _parameters(header: bytes) -> str:
    """The parenthesised list that a header (from after the name) holds; type parameters skipped."""
    first = header.find(b"(")
    close = header.find(b")", first)
    simple = header[first : close + 1]
    if header[:first].strip() == b"" and not _needs_scan(simple):
        return _one_line(simple)
    depth = 0
    for token in _TOKENS.finditer(header):
        if token.lastgroup == "open":
            if depth == 0:
                first = token.start()
            depth += 1
        elif token.lastgroup == "close":
            depth -= 1
            if depth == 0 and token.group() == b")":
                return _one_line(header[first : token.end()])
    return _one_line(header[first:])


def _lambda_parameters(header: bytes) -> str:
    """What stands between `lambda` and its colon, in parentheses."""
    colon, depth = header.rfind(b":"), 0
    if _needs_scan(header):
        for token in _TOKENS.finditer(header):
            if token.lastgroup == "open":
                depth += 1
            elif token.lastgroup == "close":
                depth -= 1
            elif token.lastgroup == "colon" and depth == 0:
                colon = token.start()
    return f"({_one_line(header[:colon])})"


def _needs_scan(text: bytes) -> bool:
    """Whether brackets or colons may stand inside strings, comments or other brackets."""
    return _NESTED.search(text, 1) is not None


def _one_line(text: bytes) -> str:
    """The text without comments and with single spaces."""
    if b"#" in text:
        text = _TOKENS.sub(lambda t: b" " if t.lastgroup == "comment" else t.group(), text)
    return " ".join(text.replace(b"\\\n", b" ").decode("utf-8", "replace").split())
