"""What the stubs say, asked of typeshed itself and of stubs written here."""

import ast
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

from codeanatomy_stubs.stubs import Stubs
from codeanatomy_stubs.types import Scope, Type, Types, body_of, installed
from tests.sources.trees import tree

FOLDER = installed()
STUBS = Stubs(version=(3, 11))


def told(types: Types) -> str:
    """The union as one would write it."""
    return " | ".join(
        one.name.removeprefix("builtins.")
        + (f"[{', '.join(told(a) or '?' for a in one.arguments)}]" if one.arguments else "")
        for one in types
    )


def call(dotted: str, positional: int = 0, *keywords: str) -> str:
    return told(STUBS.returns(dotted, (positional, frozenset(keywords))))


@pytest.mark.parametrize(
    ("dotted", "positional", "result"),
    [
        ("builtins.open", 1, "io.TextIOWrapper"),
        ("re.compile", 1, "re.Pattern[$0]"),
        ("re.Pattern.match", 1, "re.Match[str]"),
        ("re.Match.group", 1, "$T0"),
        ("builtins.str.split", 1, "list[str]"),
        ("os.path.join", 2, "str"),
        ("pathlib.Path", 1, "pathlib.Path"),
        ("pathlib.Path.open", 0, "io.TextIOWrapper"),
        ("subprocess.run", 1, "subprocess.CompletedProcess[bytes]"),
        ("subprocess.Popen", 1, "subprocess.Popen"),
        ("json.loads", 1, ""),
        ("logging.getLogger", 1, "logging.Logger"),
        ("argparse.ArgumentParser.add_argument", 1, "argparse.Action"),
        ("datetime.datetime.now", 0, "datetime.datetime"),
        ("itertools.chain", 2, "itertools.chain"),
        ("itertools.chain.from_iterable", 1, "itertools.chain"),
        ("threading.Lock", 0, "threading.Lock"),
        ("contextlib.closing", 1, "contextlib.closing"),
        ("contextlib.closing.__enter__", 0, "$T0"),
        ("copy.copy", 1, "$0"),
        ("builtins.max", 3, "$0 | $1 | $2"),
        ("builtins.list.pop", 0, "$T0"),
        ("builtins.dict.get", 1, "$T1"),
        ("builtins.dict.get", 2, "$T1"),
        ("builtins.dict.setdefault", 2, "$T1"),
        ("collections.Counter.get", 1, "int"),
        ("collections.OrderedDict.copy", 0, "collections.OrderedDict[$T0, $T1]"),
        ("typing.Iterator.__next__", 0, "$T0"),
        ("builtins.type", 1, ""),
        ("builtins.type", 3, ""),
        ("builtins.print", 1, "NoneType"),
        ("builtins.getattr", 3, ""),
        ("enum.Enum", 1, "enum.Enum"),
        ("http.HTTPStatus", 1, "http.HTTPStatus"),
        ("os.environ.get", 1, "str"),
        ("random.choice", 1, ""),
        ("random.random", 0, "float"),
        ("multiprocessing.Pool", 0, "multiprocessing.pool.Pool"),
        ("asyncio.sleep", 1, "NoneType"),
        ("ast.parse", 1, "$0 | ast.Module"),
        ("os.nothing", 0, ""),
    ],
)
def test_calls(dotted: str, positional: int, result: str) -> None:
    assert call(dotted, positional) == result


def test_a_literal_that_a_call_passes_may_mean_another_overload() -> None:
    assert call("subprocess.run", 1, "text").startswith("subprocess.CompletedProcess[str] | ")
    files = call("builtins.open", 2).split(" | ")
    assert {"io.TextIOWrapper", "io.BufferedReader", "io.BufferedWriter"} < {*files}


def test_kinds() -> None:
    kinds = {
        "os.path": "module",
        "os.path.join": "function",
        "_io.TextIOWrapper": "class",
        "collections.abc.Mapping": "class",
        "builtins.IOError": "class",
        "threading.Lock": "class",
        "unittest.TestCase": "class",
        "re.I": "variable",
        "pathlib.Path.parent": "variable",
        "builtins.TextIOWrapper": "",  # imported for the stub's own use
        "os.sys": "",
        "asyncio.nope": "",
        "asyncio.TaskGroup": "class",
        "distutils.core": "module",
        "os.startfile": "",  # on Windows only
        "..x": "",
        "": "",
    }
    assert {name: STUBS.kind(name) for name in kinds} == kinds
    later = Stubs(version=(3, 12))
    assert later.kind("distutils.core") == "" and later.kind("itertools.batched") == "class"
    assert STUBS.kind("itertools.batched") == ""


def test_public_names() -> None:
    names = {
        "collections.abc.Mapping": "typing.Mapping",
        "builtins.IOError": "OSError",
        "unittest.TestCase": "unittest.case.TestCase",
        "asyncio.TaskGroup": "asyncio.taskgroups.TaskGroup",
        "_io.TextIOWrapper": "io.TextIOWrapper",
        "_thread.LockType": "threading.Lock",
        "weakref.WeakSet": "weakref.WeakSet",
    }
    assert {name: call(name, 1).split("[")[0] for name in names} == names


def test_members() -> None:
    assert STUBS.kind("unittest.TestCase.assertEqual")
    assert not STUBS.kind("unittest.TestCase.client")
    assert STUBS.kind("collections.OrderedDict.get")
    assert STUBS.kind("collections.OrderedDict.move_to_end")
    assert STUBS.kind("io.TextIOWrapper.readable")
    assert {"assertEqual", "setUp", "__init__"} <= (STUBS.members("unittest.TestCase") or set())
    assert "client" not in (STUBS.members("unittest.TestCase") or {"client"})
    open_ = ("unittest.mock.Mock", "argparse.Namespace", "os.nothing")
    assert [*map(STUBS.members, open_)] == [None, None, None]


def test_values() -> None:
    values = {
        "os.environ": "os._Environ[str]",
        "sys.argv": "list[str]",
        "re.IGNORECASE": "re.RegexFlag",
        "http.HTTPStatus.OK": "http.HTTPStatus",
        "pathlib.PosixPath.parent": "pathlib.PosixPath",
        "subprocess.Popen.stdout": "typing.IO[$T0]",
        "logging.INFO": "int",
        "os.getcwd": "",
    }
    assert {name: told(STUBS.value(name)) for name in values} == values


SMALL = {
    "a.pyi": """
import sys
from b import *
from b import _hidden as seen, Base as Base
from typing import Any, Generic, Optional, TypeVar, overload
_T = TypeVar("_T")
class Box(Base[_T, int]):
    def got(self, other: "Optional[Box[_T]]") -> Any | None: ...
    again = got
    if sys.platform == "win32":
        def windows(self) -> int: ...
    elif sys.version_info >= (3, 11) and sys.platform != "darwin":
        def new(self) -> str | None: ...
    else:
        def old(self) -> int: ...
    @property
    def size(self) -> _T | None: ...
    @size.setter
    def size(self, value: _T) -> None: ...
    class Inner:
        x: Box[str]
class Open(Unknown): ...
class Loop(Loop): ...
cyclic = cyclic
async def later(x: _T, /, *, key: _T) -> list[_T]: ...
def never(f: Any) -> Any | int: ...
""",
    "b.pyi": """
from typing import Generic, TypeVar
__all__ = ["Base"]
__all__ += ["listed"]
_K = TypeVar("_K")
_V = TypeVar("_V")
class Base(Generic[_V, _K]):
    def key(self) -> _K: ...
    def value(self) -> dict[_K, _V]: ...
def listed(): ...
def unlisted(): ...
def _hidden() -> None: ...
""",
}


def test_small_stubs(tmp_path: Path) -> None:
    # what typing and builtins define is typeshed's
    shared = {n: (FOLDER / n).read_text("utf-8") for n in ("builtins.pyi", "typing.pyi")}
    files = {**SMALL, **shared}
    stubs = Stubs(tree(tmp_path, files), version=(3, 11))
    kinds = {n: stubs.kind(f"a.{n}") for n in ("listed", "unlisted", "seen", "Base", "cyclic")}
    assert kinds == {
        "listed": "function",
        "unlisted": "",
        "seen": "",
        "Base": "class",
        "cyclic": "variable",
    }
    box = {n: told(stubs.returns(f"a.Box.{n}", (0, frozenset()))) for n in ("key", "value", "new")}
    assert box == {"key": "int", "value": "dict[int, $T0]", "new": "str"}
    assert not any(stubs.kind(f"a.Box.{name}") for name in ("windows", "old"))
    assert stubs.kind("a.Box.again") == "function"
    assert told(stubs.value("a.Box.size")) == "$T0"
    assert told(stubs.value("a.Box.Inner.x")) == "a.Box[str]"
    assert stubs.members("a.Open") is None and "size" in (stubs.members("a.Box") or ())
    assert told(stubs.returns("a.later", (1, frozenset({"key"})))) == "list[$0]"
    assert stubs.returns("a.never", (1, frozenset())) == ()
    assert stubs.returns("a.Box.got", (1, frozenset())) == ()
    assert stubs.value("a.cyclic") == ()


def test_types_are_values() -> None:
    assert Type("a", ((Type("b"),),)) == Type("a", ((Type("b"),),))
    assert hash(Type("a")) == hash(Type("a"))


@pytest.mark.slow
def test_text_is_cut_as_python_parses_it() -> None:
    """Every module of typeshed loads, and each scope binds what its syntax tree binds."""
    stubs, scopes = Stubs(version=(3, 11)), 0
    for path in sorted(FOLDER.rglob("*.pyi")):
        parts = path.relative_to(FOLDER).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        if stubs.kind(module):
            text = path.read_text("utf-8")
            scope = Scope(text, module, module, None, (3, 11))
            scopes += same_names(stubs, scope, ast.parse(text).body)
    assert scopes > 3000


def same_names(stubs: Stubs, scope: Scope, body: list[ast.stmt]) -> int:
    """How many scopes were compared, this one and the classes in it; each name is asked for."""
    taken, scopes = [*held(body)], 1
    assert {*bound(taken)} - {"__all__"} == {*scope.names} - {"__all__"}, scope.dotted
    for name in (f"{scope.dotted}.{name}" for name in scope.names):
        stubs.kind(name)
        stubs.value(name)
        stubs.returns(name, (1, frozenset()))
        stubs.returns(name, (1, frozenset({"key"})))
    for one in taken:
        if isinstance(one, ast.ClassDef):
            text, dotted = scope.names[one.name].texts[0], f"{scope.dotted}.{one.name}"
            scopes += same_names(stubs, body_of(text, dotted, scope)[1], one.body)
    return scopes


def held(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """The statements that hold for Python 3.11 on Linux, conditions evaluated by Python itself."""
    for one in body:
        if isinstance(one, ast.If):
            system = types.SimpleNamespace(version_info=(3, 11), platform="linux")
            holds = eval(ast.unparse(one.test), {"sys": system, "TYPE_CHECKING": True})
            yield from held(one.body if holds else one.orelse)
        else:
            yield one


def bound(statements: list[ast.stmt]) -> Iterator[str]:
    for one in statements:
        match one:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name):
                yield name
            case ast.ClassDef(name=name):
                yield name
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                yield name
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                yield from (n.asname or n.name.split(".")[0] for n in names if n.name != "*")
