"""Constraint rows of a module: a second visit over the parsed tree, one function per node class."""

import ast
from collections import defaultdict
from collections.abc import Callable, Iterator
from itertools import chain
from struct import pack
from typing import get_args

import numpy as np
import pyarrow as pa

from codeanatomy.extract.columns import interned, ordered
from codeanatomy.extract.emission import definitions, expressions, state, statements
from codeanatomy.extract.emission.scopes import IMPORT, IMPORTS
from codeanatomy.extract.forest import Codes, Ints
from codeanatomy.facts import constraints as c
from codeanatomy.facts.ids import ANNOTATION, mix
from codeanatomy.facts.tables import constraints as t


def _other(e: state.Emission, node: ast.AST) -> int:
    """Classes that a newer Python adds are walked for the expressions inside."""
    e.children(node)
    return e.unknown(c.OPERATOR)


def _visitors() -> Iterator[tuple[type[ast.AST], Callable[..., int]]]:
    """The public functions of the room from a node to a place, by the classes that they take."""
    for module in (definitions, expressions, statements):
        for text, function in vars(module).items():
            takes = getattr(function, "__annotations__", {})
            if not text.startswith("_") and list(takes) == ["e", "node", "return"]:
                for class_ in get_args(takes["node"]) or [takes["node"]]:
                    yield class_, function


VISIT = defaultdict(lambda: _other, _visitors())


def emit(tree: ast.Module) -> state.Emitted:
    """Constraint rows of a module whose nodes carry their row numbers.

    Raises RecursionError on a tree that is nested deeper than the stack.
    """
    e = state.Emission(VISIT, tree)
    module = e.module
    e.new_object(c.MODULE, tree.row)
    for text in ("__name__", "__file__", "__doc__"):
        if text not in module.bound:
            module.env[text] = e.literal("str")
    e.block(tree.body)
    for scope, node in e.queue:  # which grows meanwhile
        definitions.body(e, scope, node)
    for scope, _ in e.queue:
        for text, whole in scope.variables.items():  # inner functions see them
            for place in scope.definitions.get(text, ()):
                e.row((c.COPY, place, whole, 0, 0))
    definitions.close(e, module)
    _name_sites(e)
    e.names.default_factory = None
    e.row((c.EXTENT, e.place(), e.call(), 0, 0))
    rows, sites, objects = (pack(f"{len(x)}i", *x) for x in (e.rows, e.sites, e.objects))
    return state.Emitted(rows, sites, objects, list(e.names))


def _name_sites(e: state.Emission) -> None:
    """Sites of the names whose meaning is outside the file: imports, builtins, star imports."""
    for (owner, text), rows in e.mentions.items():
        places: list[int] = []
        if owner is None and text not in e.module.bound:
            place = e.globals.get((text, 0)) or e.globals.get((text, 1))
            places = [place] if place else []
        elif owner is not None and owner.bound[text] in (IMPORT, IMPORTS):
            places = owner.imports.get(text, [])
        for place in places:
            for row in rows:
                e.site((c.NAME_SITE, row, place, e.names[text]))


def constraint_tables(emitted: list[tuple[int, state.Emitted]], keys: Ints) -> dict[str, pa.Table]:
    """The evidence of a batch; keys[row] is the key of the node of that row."""
    files = np.array([ordinal for ordinal, _ in emitted], np.int32)
    rows, row_files = _columns([m.rows for _, m in emitted], state.ROW_WIDTH)
    sites, site_files = _columns([m.sites for _, m in emitted], state.SITE_WIDTH)
    rows[3, rows[0] == c.MEMBER] = 0  # the node's row, which counts through the batch
    sites, site_files = _with_loads(sites, site_files, rows, row_files)
    objects, object_files = _columns([m.objects for _, m in emitted], state.OBJECT_WIDTH)
    site_keys = keys[sites[1]]
    decorators = np.flatnonzero(sites[0] == c.DECORATOR_SITE)
    site_keys[decorators] = mix(site_keys[decorators], ANNOTATION)
    names = interned(list(chain.from_iterable(m.names for _, m in emitted)))
    name_files = np.repeat(files, [len(m.names) for _, m in emitted])
    return (
        ordered(t.Constraint, files[row_files], *rows)
        | ordered(t.ConstraintObject, files[object_files], keys[objects[1]], objects[0])
        | ordered(t.ConstraintName, name_files, names)
        | ordered(t.ConstraintSite, files[site_files], site_keys, sites[0], sites[2], sites[3])
    )


def members(emitted: list[tuple[int, state.Emitted]]) -> tuple[Codes, Codes]:
    """Rows of the classes and of the attributes that their methods set first."""
    rows, files = _columns([m.rows for _, m in emitted], state.ROW_WIDTH)
    objects, object_files = _columns([m.objects for _, m in emitted], state.OBJECT_WIDTH)
    chosen = rows[0] == c.MEMBER
    start = np.searchsorted(object_files, files[chosen])
    return objects[1, start + rows[1, chosen]], rows[3, chosen]


def _with_loads(sites: Codes, site_files: Ints, rows: Codes, row_files: Ints) -> tuple[Codes, Ints]:
    """The sites in source order, and one for each load row whose last column held a node's row
    until now. Call rows number the sites of their file by the new order."""
    loads = np.flatnonzero((rows[0] == c.LOAD) & (rows[4] >= 0))
    _, base, name, _, node = rows[:, loads]
    rows[4, rows[0] == c.LOAD] = 0
    what = np.full(len(loads), c.ATTRIBUTE_SITE, np.int32)
    files = np.concatenate((site_files, row_files[loads]))
    first = np.searchsorted(site_files, np.arange(len(files) and files.max() + 2))
    sites = np.concatenate((sites, (what, node, base, name)), axis=1)
    order = np.argsort(files << 32 | sites[1], kind="stable")
    files = files[order]
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order)) - np.searchsorted(files, files) + 1
    calls = np.flatnonzero((rows[0] == c.CALL) & (rows[4] > 0))
    rows[4, calls] = place[first[row_files[calls]] + rows[4, calls] - 1]
    return sites[:, order], files


def _columns(packed: list[bytes], width: int) -> tuple[Codes, Ints]:
    """A column for each of the `width` integers of a row, and the number of each row's file."""
    counts = [len(x) // (4 * width) for x in packed]
    flat = np.frombuffer(b"".join(packed), np.intc).reshape(-1, width)
    return flat.T.copy(), np.repeat(np.arange(len(packed)), counts)
