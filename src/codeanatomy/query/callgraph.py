"""The call graph as {caller: [callees]}, in the conventions of the public benchmarks.

A module's body is named as the module; class bodies and comprehensions belong to the scope around
them; `#n` is dropped; calling a class is an edge to its `__init__` and none to itself; builtins are
`<builtin>.len`, methods of literals `<str>.join`, external things keep their import path. A
decorator is a call of the scope that holds the definition, save those that only mark a method.
"""

import re
from itertools import accumulate

from codeanatomy.query.tables import Tables

MODULE, BODY = ".<module>", ".<body>"
MARKS = ("builtins.staticmethod", "builtins.classmethod", "builtins.property")
_NUMBER = re.compile(r"#\d+(?=\.|$)")
_LITERALS = {
    **{name: f"<{name}>" for name in ("str", "bytes", "list", "dict", "set", "tuple", "bool")},
    **dict.fromkeys(("int", "float", "complex"), "<num>"),
}


def callgraph(tables: Tables, *, certain: bool = False) -> dict[str, list[str]]:
    """Every function and module of the repository with what it calls; names and callees sorted."""
    methods = tables.sql("SELECT qualified_name FROM nodes WHERE kind = 'METHOD' AND NOT external")
    scopes = set(methods["qualified_name"].to_pylist())
    folded = {name: folded_scope(name, scopes) for name in sorted(scopes)}
    graph: dict[str, set[str]] = {name: set() for name in folded.values()}
    kept = "certainty = 'certain'" if certain else "true"
    pairs = tables.asked("callgraph", {}, kept=kept).to_pydict()
    for caller, callee, kind, external in zip(*pairs.values(), strict=True):
        if (kind == "TYPE_DECL" and not external) or callee in MARKS:
            continue
        name = external_name(callee) if external else folded.get(callee, _NUMBER.sub("", callee))
        graph[folded[caller]].add(name)
    return {name: sorted(graph[name]) for name in sorted(graph)}


def folded_scope(name: str, scopes: set[str]) -> str:
    """The name of the scope that a METHOD's calls belong to."""
    while name.endswith(BODY):  # the class stands in the nearest dotted prefix that is a METHOD
        owner = name.removesuffix(BODY)
        prefixes = [*accumulate(owner.split("."), "{}.{}".format)][-2::-1]
        ends = (prefix + end for prefix in prefixes for end in ("", BODY, MODULE))
        name = next(filter(scopes.__contains__, ends), owner + MODULE)
    return _NUMBER.sub("", name.removesuffix(MODULE))


def external_name(symbol: str) -> str:
    """An external symbol in the benchmarks' spelling."""
    head, _, rest = symbol.partition(".")
    if head != "builtins" or not rest:
        return symbol
    owner, _, method = rest.partition(".")
    if method and owner in _LITERALS:
        return f"{_LITERALS[owner]}.{method}"
    return f"<builtin>.{rest}"
