"""Definitions, parameters, imports and decorators of a batch as tables."""

import re

import numpy as np
import pyarrow as pa

from codeanatomy.extract.columns import coded, constant, interned, located, optional, table
from codeanatomy.extract.flow import Flow
from codeanatomy.extract.forest import FUNCTIONS, Forest, Ints, kinds, ordinals, roles
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
_PASSING = ("positional_only", "positional", "vararg", "keyword_only", "kwarg")
_PASSED_AS = ("posonlyargs", "args", "vararg", "kwonlyargs", "kwarg")


def name_starts(forest: Forest) -> Ints:
    """For every definition, where its name stands in the text (where it starts if it has none)."""
    rows = forest.definitions
    named = np.flatnonzero(kinds("FunctionDef", "AsyncFunctionDef", "ClassDef")[forest.kind[rows]])
    starts = forest.start[rows]
    starts[named] = [
        found.end() if (found := _BEFORE_NAME.match(forest.source, start)) else start
        for start in starts[named].tolist()
    ]
    return starts


def definitions(forest: Forest, names: Ints, flow: Flow) -> dict[str, pa.Table]:
    """The definition table; `names` as from `name_starts`."""
    rows = forest.definitions
    kind = forest.kind[rows]
    generators = np.zeros(len(rows), np.bool_)
    yields = forest.rows(kinds("Yield", "YieldFrom"))
    generators[forest.definition[forest.scope[yields]]] = True
    docs = [d if d is None else d[:DOCSTRING_LIMIT] for d in forest.columns.docstrings]
    own = [q.rpartition(".")[2].partition("#")[0] for q in forest.qualnames]
    columns = located(forest, rows) | flow.columns(rows)
    columns |= {
        "name": interned(own),
        "qualname": forest.qualnames,
        "body": forest.definition_bodies,
        "exit": flow.exits,
        "exit_dominator": flow.exit_dominators(),
        "asynchronous": kinds("AsyncFunctionDef")[kind],
        "generator": generators & ~kinds("Module", "ClassDef")[kind],
        "signature": _signatures(forest, names),
        "docstring": docs,
        "name_bstart": forest.places[names],
    }
    return table(Definition, columns)


def parameters(forest: Forest) -> dict[str, pa.Table]:
    """The parameter table."""
    rows = forest.rows(kinds("arg"))
    passing = np.argmax([roles("." + field) for field in _PASSED_AS], axis=0)
    default = np.full(forest.size, -1, np.int64)
    for parameter, first, _ in forest.columns.defaults:
        default[parameter] = first
    annotation = np.full(forest.size, -1, np.int64)
    annotations = forest.rows_in(roles("arg.annotation"))
    annotation[forest.parent[annotations]] = annotations
    default, annotation = default[rows], annotation[rows]
    functions = forest.parent[rows]
    columns = located(forest, rows) | {
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
    columns = located(forest, rows) | {
        "name": coded(np.where(forest.bound[rows] < 0, written, forest.bound[rows]), names),
        "module": coded(np.where(module < 0, forest.no_name, module), names),
        "level": levels[statements],
        "imported": coded(np.where(plain, -1, written), names),
        "statement": forest.key[statements],
        "renamed": np.array([r is not None for r in forest.columns.renames], np.bool_),
    }
    return table(ImportAlias, columns)


def decorators(forest: Forest) -> dict[str, pa.Table]:
    """The decorator table."""
    rows = forest.rows_in(roles(".decorator_list"))
    keys = forest.key[rows]
    columns = located(forest, rows) | {
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
    lengths = forest.names.lengths()
    lengths[-1] = len("lambda")
    rows = forest.definitions
    found: list[str | None] = [None] * len(rows)
    after = (names + lengths[forest.text[rows]]).tolist()
    bodies = forest.start[np.minimum(forest.body_row, forest.size - 1)].tolist()
    is_lambda = kinds("Lambda")[forest.kind[rows]]
    for number in np.flatnonzero(FUNCTIONS[forest.kind[rows]]).tolist():
        header = forest.source[after[number] : bodies[number]]
        text = _parameters(header, is_lambda[number])
        if row := returns.get(int(rows[number])):
            text += " -> " + _one_line(forest.slice(row))
        found[number] = text[:SIGNATURE_LIMIT]
    return found


def _parameters(header: bytes, is_lambda: bool) -> str:
    """The parameters in a header (from after the name), in parentheses; type parameters skipped."""
    first, last, depth = 0, header.find(b")") + 1, 0
    if is_lambda or not header.startswith(b"(") or _NESTED.search(header, 1, last):
        for token in _TOKENS.finditer(header):
            if token.lastgroup == "open":
                first = first if depth or is_lambda else token.start()
                depth += 1
            elif token.lastgroup == "close":
                depth -= 1
                if not depth and token[0] == b")" and not is_lambda:
                    last = token.end()
                    break
            elif token.lastgroup == "colon" and is_lambda and not depth:
                last = token.start()
    text = _one_line(header[first:last])
    return f"({text})" if is_lambda else text


def _one_line(text: bytes) -> str:
    """The text without comments and with single spaces."""
    if b"#" in text:
        text = _TOKENS.sub(lambda t: b" " if t.lastgroup == "comment" else t.group(), text)
    return " ".join(text.replace(b"\\\n", b" ").decode("utf-8", "replace").split())
