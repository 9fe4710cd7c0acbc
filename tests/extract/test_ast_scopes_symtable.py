"""The scope facts of the ast witness against the standard library's own symbol tables."""

import ast
import symtable
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from codeanatomy.extract.forest import COMPREHENSIONS, roles
from codeanatomy.extract.from_ast import AstCollector
from codeanatomy.extract.parse import parse
from codeanatomy.extract.scopes import Scopes
from codeanatomy.extract.walker import CONSTRUCTS

STDLIB = Path(ast.__file__).parent
TYPES = {"Module": "module", "ClassDef": "class"}
NAMES = {
    "Module": "top",
    "Lambda": "lambda",
    "ListComp": "listcomp",
    "SetComp": "setcomp",
    "DictComp": "dictcomp",
    "GeneratorExp": "genexpr",
}
Meaning = frozenset[tuple[str, str]]
Signature = tuple[str, str, int, Meaning]


def ours(content: bytes) -> Counter[Signature]:
    """Per scope of the file: its type, name, line, and what each of its names is."""
    collector = AstCollector()
    source = parse(content)
    assert collector.add(0, source)
    forest = collector.forest()
    scopes = Scopes(forest)
    names = forest.names.all()
    used = np.isin(np.arange(forest.size), [*scopes.uses, *scopes.binders])
    used[forest.columns.undeclared] = False
    rows = np.flatnonzero(used)
    at = forest.scope[rows].astype(np.int64)
    found = scopes.lookup(at, rows)
    walrus = roles("NamedExpr.target")
    meanings: dict[int, set[tuple[str, str]]] = {int(s): set() for s in forest.scopes}
    for row, scope, number in zip(rows.tolist(), at.tolist(), found.tolist(), strict=True):
        name = names[scopes.code[row]]
        home = int(scopes.scope[number]) if number >= 0 else 0
        outside = scope
        while walrus[forest.role[row]] and COMPREHENSIONS[forest.kind[outside]]:
            outside = int(forest.outer[outside])
        # symtable lists such a name in the comprehension and in the scope that is to bind it
        for place in {scope, outside} if name != "__class__" else ():
            unbound = number < 0 or (home == 0 and place != 0)
            kind = "global" if unbound else "local" if home == place else "free"
            meanings[place].add((name, kind))
    signatures: Counter[Signature] = Counter()
    for scope, meaning in meanings.items():
        construct = CONSTRUCTS[forest.kind[scope]]
        line = 0 if construct == "Module" else int(forest.line[scope])
        name = NAMES.get(construct) or names[forest.text[scope]]
        if (construct, name) != ("FunctionDef", "top"):
            signatures[TYPES.get(construct, "function"), name, line, frozenset(meaning)] += 1
    return signatures


def theirs(content: bytes) -> Counter[Signature]:
    """The same from `symtable`; names that a scope only passes on are left out."""
    # a function that is called `top` is taken for the module by `symtable.Symbol`
    signatures: Counter[Signature] = Counter()
    waiting = [symtable.symtable(content, "<source>", "exec")]  # type: ignore[arg-type]  # bytes work
    while waiting:
        table = waiting.pop()
        waiting += table.get_children()
        module = table.get_type() == "module"
        meaning = set()
        for symbol in table.get_symbols():
            name = symbol.get_name()
            seen = symbol.is_referenced() or symbol.is_assigned() or symbol.is_parameter()
            seen = seen or symbol.is_imported() or symbol.is_annotated() or symbol.is_namespace()
            if not seen or name in (".0", "__class__"):
                continue
            if module:
                kind = "local" if symbol.is_local() else "global"
            else:
                kind = "free" if symbol.is_free() else "global" if symbol.is_global() else "local"
            meaning.add((name, kind))
        line = 0 if module else table.get_lineno()
        if module or table.get_name() != "top":
            signatures[table.get_type(), table.get_name(), line, frozenset(meaning)] += 1
    return signatures


def difference(path: Path) -> list[str]:
    """What the two say differently about a file; empty for files that cannot be compared."""
    content = path.read_bytes()
    if b"import annotations" in content:
        return []  # 3.11 keeps names of postponed annotations out of its tables
    try:
        expected = theirs(content)
    except (SyntaxError, ValueError):
        return []
    mine = ours(content)
    return [f"{path}: {x}" for x in sorted(map(str, (mine - expected) | (expected - mine)))]


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="later tables hide comprehensions")
def test_scopes_agree_with_symtable_on_the_standard_library() -> None:
    files = sorted(p for p in STDLIB.rglob("*.py") if "site-packages" not in p.parts)
    chosen = files[:: len(files) // 100]
    assert len(chosen) >= 100
    assert [line for path in chosen for line in difference(path)] == []
