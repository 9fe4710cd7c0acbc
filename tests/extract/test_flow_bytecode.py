"""The control flow against the compiler's own: steps from line to line in the bytecode.

Lines are folded to the first one of the innermost statement's head. What has no code of its own
(docstrings, `global`) or no point of its own (`def`) is passed through on both sides.
"""

import ast
import dis
import sysconfig
from collections import defaultdict
from pathlib import Path
from types import CodeType

import pytest

from codeanatomy.extract.flow import Flow
from tests.extract.test_flow import read

LIBRARY = Path(sysconfig.get_paths()["stdlib"])
ENDS = ("RETURN_VALUE", "RAISE_VARARGS", "RERAISE")
HARMLESS = {
    *("NOP", "RESUME", "POP_TOP", "PUSH_NULL", "LOAD_CONST", "JUMP_FORWARD", "JUMP_BACKWARD"),
    *("JUMP_BACKWARD_NO_INTERRUPT", "STORE_FAST", "STORE_NAME", "BUILD_LIST", "BUILD_MAP"),
    *("EXTENDED_ARG", "POP_BLOCK", "SWAP", "COPY", "PUSH_EXC_INFO", "POP_EXCEPT"),
}
SILENT = ("RESUME", "RETURN_GENERATOR", "RERAISE", "COPY_FREE_VARS", "MAKE_CELL")
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
Steps = set[tuple[int, int]]
Graph = dict[int, set[int]]


def folded(tree: ast.AST, lines: int) -> list[int]:
    """For each line, the first line of the innermost statement's head around it."""
    fold = list(range(lines + 2))
    for node in ast.walk(tree):
        if isinstance(node, ast.stmt):
            first = min(map(first_line, inner(node)), default=10**9)
            decorators = [d.lineno for d in getattr(node, "decorator_list", ())]
            start = min([node.lineno, *decorators])
            end = max(node.lineno, min(node.end_lineno or 0, first - 1))
        elif isinstance(node, ast.ExceptHandler):
            start, end = node.lineno, max(node.lineno, node.body[0].lineno - 1)
        elif isinstance(node, ast.match_case):
            last = node.guard or node.pattern
            start, end = node.pattern.lineno, last.end_lineno or 0
        else:
            continue
        head = node.pattern.lineno if isinstance(node, ast.match_case) else node.lineno
        fold[start : end + 1] = [head] * (end + 1 - start)
    return fold


def inner(node: ast.stmt) -> list[ast.AST]:
    fields = ("body", "cases", "handlers", "orelse", "finalbody")
    return [first for field in fields for first in getattr(node, field, ())[:1]]


def first_line(node: ast.AST) -> int:
    if isinstance(node, ast.match_case):
        return node.pattern.lineno
    decorators = [d.lineno for d in getattr(node, "decorator_list", ())]
    return min([node.lineno, *decorators])  # type: ignore[attr-defined]  # a statement, a handler


def hidden(tree: ast.AST) -> set[int]:
    """Lines of statements that have no code or no point."""
    found: set[int] = set()
    for node in ast.walk(tree):
        bodies = (getattr(node, field, None) for field in ("body", "orelse", "finalbody"))
        for statement in (s for body in bodies if isinstance(body, list) for s in body):
            constant = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            bare = isinstance(statement, ast.AnnAssign) and statement.value is None
            quiet = isinstance(statement, ast.Global | ast.Nonlocal | FUNCTIONS)
            if constant or bare or quiet:
                found.add(statement.lineno)
    return found


def steps(graph: Graph, line: dict[int, int], unseen: set[int], fold: list[int]) -> Steps:
    """Steps between visible lines; nodes without one are passed through."""
    shown = {n: fold[at] for n, at in line.items() if fold[at] not in unseen}
    found: Steps = set()
    for node, start in shown.items():
        todo, seen = [*graph.get(node, ())], set()
        while todo:
            other = todo.pop()
            if other in seen:
                continue
            seen.add(other)
            if other not in shown:
                todo += graph.get(other, ())
            elif shown[other] != start:
                found.add((start, shown[other]))
    return found


def ours(source: bytes, unseen: set[int], fold: list[int]) -> Steps:
    forest, scopes = read(source)
    lines = dict(zip(forest.key.tolist(), forest.line.tolist(), strict=True))
    for body in forest.definition_bodies.tolist():
        lines.pop(body, None)
    graph: Graph = defaultdict(set)
    edges = Flow(forest, scopes).tables()["flow_edge"]
    for node, follower in zip(*(edges[c].to_pylist() for c in ("node", "follower")), strict=True):
        graph[node].add(follower)
    return steps(
        graph,
        {n: lines[n] for n in {*graph} | set().union(*graph.values()) if n in lines},
        unseen,
        fold,
    )


def theirs(code: CodeType, unseen: set[int], fold: list[int]) -> Steps:
    code_ = [i for i in dis.get_instructions(code) if i.opname != "CACHE"]
    at = {i.offset: number for number, i in enumerate(code_)}
    line = {
        n: i.positions.lineno for n, i in enumerate(code_) if i.positions and i.positions.lineno
    }
    for n, i in enumerate(code_):
        if i.opname in SILENT or (
            i.opname == "POP_TOP" and n < 8 and code_[n - 1].opname == "RETURN_GENERATOR"
        ):
            line.pop(n, None)
        if n < 8 and (
            i.opname == "SETUP_ANNOTATIONS"
            or (i.argval == "__qualname__" and i.opname == "STORE_NAME")
        ):
            for before in range(n + 1):
                line.pop(before, None)
        if i.opname == "COPY" and [x.opname for x in code_[n + 1 : n + 3]] == [
            "POP_EXCEPT",
            "RERAISE",
        ]:
            for clean in range(n, n + 3):
                line.pop(clean, None)
        if i.argval == "__classcell__":
            for end in range(n - 2, len(code_)):
                line.pop(end, None)
    graph: Graph = defaultdict(set)
    for n, i in enumerate(code_):
        jumps = i.opname == "JUMP_FORWARD" or i.opname.startswith("JUMP_BACKWARD")
        if i.opname not in ENDS and not jumps and n + 1 < len(code_):
            graph[n].add(n + 1)
        if i.opcode in dis.hasjrel or i.opcode in dis.hasjabs:
            graph[n].add(at[i.argval])
    for entry in dis._parse_exception_table(code):  # type: ignore[attr-defined]  # of 3.11 on
        for offset in range(entry.start, entry.end, 2):
            if offset in at and code_[at[offset]].opname not in HARMLESS:
                graph[at[offset]].add(at[entry.target])
    alive, todo = {0}, [0]
    while todo:
        for other in graph.get(todo.pop(), ()):
            if other not in alive:
                alive.add(other)
                todo.append(other)
    return steps(graph, {n: at for n, at in line.items() if n in alive}, unseen, fold)


def codes(code: CodeType) -> list[CodeType]:
    """The code objects in it, but for comprehensions, which stand in line in ours."""
    found = [code]
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            found += codes(constant)
    return [
        c for c in found if c.co_name not in ("<listcomp>", "<setcomp>", "<dictcomp>", "<genexpr>")
    ]


def agreement(paths: list[Path]) -> tuple[int, int, int, int]:
    """Steps of the bytecode, those that are ours, ours, those that are of the bytecode."""
    counts = [0, 0, 0, 0]
    for path in paths:
        source = path.read_bytes()
        try:
            tree, code = ast.parse(source), compile(source, str(path), "exec")
        except (SyntaxError, ValueError):
            continue
        fold, unseen = folded(tree, source.count(b"\n") + 2), hidden(tree)
        mine = ours(source, unseen, fold)
        told = set().union(*(theirs(c, unseen, fold) for c in codes(code)))
        for i, number in enumerate((len(told), len(told & mine), len(mine), len(mine & told))):
            counts[i] += number
    return counts[0], counts[1], counts[2], counts[3]


def test_some_files_agree_with_the_bytecode() -> None:
    names = ("bisect.py", "contextlib.py", "json/decoder.py", "socket.py", "subprocess.py")
    told, found, mine, confirmed = agreement([LIBRARY / name for name in names])
    assert told > 1_000
    assert found / told >= 0.998
    assert confirmed / mine >= 0.99


@pytest.mark.slow
def test_the_standard_library_agrees_with_the_bytecode() -> None:
    paths = [p for p in sorted(LIBRARY.rglob("*.py")) if not {"site-packages", "test"} & {*p.parts}]
    told, found, mine, confirmed = agreement(paths[::2])
    assert found / told >= 0.999
    assert confirmed / mine >= 0.998
