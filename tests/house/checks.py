"""The checks: from source text to findings, one line each; an empty list means the rule holds."""

import ast
import re
import tomllib
from collections.abc import Iterable, Iterator

from packaging.requirements import Requirement

from tests.house import lists
from tests.house.source import PACKAGE, Module, imports

MOST_LINES, MANY_LINES, MOST_STATEMENTS = 700, 400, 60


def names(found: Iterable[Module]) -> frozenset[str]:
    """The dotted names of the modules."""
    return frozenset(m.name for m in found)


def ladder(found: list[Module]) -> list[str]:
    """Imports from a room that the importing room may not use."""
    known, findings = names(found), []
    for one in found:
        if one.room not in lists.LADDER:
            findings.append(f"{one.path}: {one.room!r} is neither a room nor a front door")
            continue
        allowed = (one.room, *lists.LADDER[one.room])
        for item in imports(one, known):
            if item.target.split(".")[0] != PACKAGE:
                continue
            inside = item.target.removeprefix(PACKAGE).lstrip(".")
            if not any(inside == a or (a and inside.startswith(a + ".")) for a in allowed):
                findings.append(f"{one.path}:{item.line}: {one.room} may not import {item.target}")
    return findings


def cycles(found: list[Module]) -> list[str]:
    """Groups of modules that import each other, late imports included."""
    known = names(found)
    graph = {
        one.name: {i.target for i in imports(one, known) if i.target in known} - {one.name}
        for one in found
    }
    reach = {name: _reach(graph, name) for name in graph}
    groups = {frozenset({n, *(m for m in reach[n] if n in reach[m])}) for n in graph}
    return sorted(" <-> ".join(sorted(g)) for g in groups if len(g) > 1)


def late_imports(found: list[Module]) -> list[str]:
    """Imports inside functions that the list does not name, and entries that nothing uses."""
    known, seen, findings = names(found), set(), []
    for one in found:
        for item in imports(one, known):
            if item.late:
                seen.add((one.path, item.target))
                if (one.path, item.target) not in lists.LATE_IMPORTS:
                    findings.append(f"{one.path}:{item.line}: late import of {item.target}")
    return findings + _unused(lists.LATE_IMPORTS, seen)


def carriers(found: list[Module]) -> list[str]:
    """Classes with a carrier's ending."""
    return [
        f"{one.path}:{node.lineno}: class {node.name}"
        for one in found
        for node in ast.walk(one.tree)
        if isinstance(node, ast.ClassDef)
        and node.name.endswith(lists.CARRIERS)
        and node.name not in lists.CARRIERS_ALLOWED
    ]


def broad_excepts(found: list[Module]) -> list[str]:
    """Handlers of every exception outside the named places, and named places without one."""
    seen, findings = set(), []
    for one in found:
        for function, node in _with_function(one.tree, ""):
            if isinstance(node, ast.ExceptHandler) and _is_broad(node):
                seen.add((one.path, function))
                if (one.path, function) not in lists.BROAD_EXCEPTS:
                    findings.append(f"{one.path}:{node.lineno}: broad except in {function}")
    return findings + _unused(lists.BROAD_EXCEPTS, seen)


def long_files(found: list[Module]) -> list[str]:
    """Files over 700 lines, unlisted ones over 400, and listed ones that are short by now."""
    size = {one.path: one.text.count("\n") for one in found}
    findings = [
        f"{p}: {n} lines, never over {MOST_LINES}" for p, n in size.items() if n > MOST_LINES
    ]
    long = {p for p, n in size.items() if n > MANY_LINES}
    findings += [f"{p}: {size[p]} lines and no reason" for p in sorted(long - {*lists.LONG_FILES})]
    return findings + _unused(lists.LONG_FILES, long)


def long_functions(found: list[Module]) -> list[str]:
    """Functions of 60 statements or more; what stands in a nested function counts for both."""
    findings = []
    for one in found:
        for node in ast.walk(one.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                count = sum(isinstance(inner, ast.stmt) for inner in ast.walk(node)) - 1
                if count >= MOST_STATEMENTS:
                    findings.append(f"{one.path}:{node.lineno}: {node.name}, {count} statements")
    return findings


def undocumented(found: list[Module]) -> list[str]:
    """Modules whose first line is not a docstring sentence."""
    findings = []
    for one in found:
        first = (ast.get_docstring(one.tree) or "").split("\n\n")[0].strip()
        if not first or not one.text.startswith(('"""', 'r"""')) or first[-1] not in ".?!:":
            findings.append(f"{one.path}: no docstring sentence in its first line")
    return findings


def powers(found: list[Module]) -> list[str]:
    """Ways of running code or programs (exec, pickle, subprocess) outside the listed places."""
    seen, findings = set(), []
    for one in found:
        for name, line in _powers(one.tree):
            seen.add((one.path, name))
            if (one.path, name) not in lists.POWERS:
                findings.append(f"{one.path}:{line}: {name}")
    return findings + _unused(lists.POWERS, seen)


def literals(found: list[Module], declared: frozenset[str]) -> list[str]:
    """String literals equal to a declared column or view name; docstrings aside."""
    seen, findings = set(), []
    for one in found:
        docs = {id(node.value) for node in ast.walk(one.tree) if isinstance(node, ast.Expr)}
        for node in ast.walk(one.tree):
            if isinstance(node, ast.Constant) and id(node) not in docs and node.value in declared:
                seen.add((one.path, str(node.value)))
                if (one.path, node.value) not in lists.LITERALS:
                    findings.append(f"{one.path}:{node.lineno}: {node.value!r}")
    return findings + _unused(lists.LITERALS, seen)


def bare_dependencies(pyproject: str) -> list[str]:
    """Declared dependencies without a comment that says what they are for."""
    declared = tomllib.loads(pyproject)["project"]
    optional = declared.get("optional-dependencies", {}).values()
    wanted = [*declared["dependencies"], *(item for group in optional for item in group)]
    findings = []
    for item in wanted:
        if not item.startswith(PACKAGE + "["):
            line = re.search(rf'^\s*"{re.escape(item)}",?(.*)$', pyproject, re.MULTILINE)
            if line is None or not re.fullmatch(r"\s*#\s*\S.{3,}", line[1]):
                findings.append(f"{item}: no reason beside it")
    return findings


def unpinned(pyproject: str, lock: str) -> list[str]:
    """Declared dependencies that the lock does not pin, and pins outside what is declared."""
    pins = dict(line.split("==") for line in lock.splitlines() if line and line[0] != "#")
    declared = tomllib.loads(pyproject)["project"]
    optional = declared.get("optional-dependencies", {}).values()
    findings = []
    for item in [*declared["dependencies"], *(item for group in optional for item in group)]:
        need = Requirement(item)
        if need.name != PACKAGE and not need.specifier.contains(pins.get(need.name, "0")):
            findings.append(f"{item}: the lock says {pins.get(need.name, 'nothing')}")
    return findings


POWERFUL_CALLS = {"exec", "eval", "compile", "__import__", "importlib.import_module"}
POWERFUL_CALLS |= {"runpy.run_path", "runpy.run_module", "os.system", "os.popen", "os.fork"}
POWERFUL_MODULES = {"pickle", "marshal", "shelve", "dill", "cloudpickle", "subprocess", "ctypes"}
POWERFUL_MODULES |= {"runpy", "imp", "pty", "multiprocessing", "code", "codeop"}
POWERFUL_PREFIXES = ("os.exec", "os.spawn", "os.posix_spawn")


def _powers(tree: ast.Module) -> Iterator[tuple[str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                if alias.name.split(".")[0] in POWERFUL_MODULES:
                    yield alias.name, node.lineno
        elif isinstance(node, ast.ImportFrom) and not node.level:
            if (node.module or "").split(".")[0] in POWERFUL_MODULES:
                yield node.module or "", node.lineno
            for alias in node.names:
                if _powerful(f"{node.module}.{alias.name}"):
                    yield f"{node.module}.{alias.name}", node.lineno
        elif isinstance(node, ast.Name | ast.Attribute) and _powerful(_dotted(node)):
            yield _dotted(node), node.lineno


def _dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
        return f"{node.value.id}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def _powerful(dotted: str) -> bool:
    return dotted in POWERFUL_CALLS or dotted.startswith(POWERFUL_PREFIXES)


def _is_broad(node: ast.ExceptHandler) -> bool:
    kinds = node.type.elts if isinstance(node.type, ast.Tuple) else [node.type]
    broad = any(k is None or ast.unparse(k) in ("Exception", "BaseException") for k in kinds)
    last = node.body[-1]
    return broad and not (isinstance(last, ast.Raise) and last.exc is None)


def _with_function(node: ast.AST, function: str) -> Iterator[tuple[str, ast.AST]]:
    for child in ast.iter_child_nodes(node):
        yield function, child
        named = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef)
        yield from _with_function(child, child.name if named else function)


def _reach(graph: dict[str, set[str]], start: str) -> set[str]:
    seen: set[str] = set()
    todo = [*graph[start]]
    while todo:
        name = todo.pop()
        if name not in seen:
            seen.add(name)
            todo += graph[name]
    return seen


def _unused(listed: Iterable[object], seen: Iterable[object]) -> list[str]:
    return [
        f"listed, but not there any more: {entry}" for entry in sorted({*listed} - {*seen}, key=str)
    ]
