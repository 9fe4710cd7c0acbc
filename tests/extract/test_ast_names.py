"""What names mean, what is called with what, and which variables are captured."""

import pytest

from codeanatomy.extract.names import BUILTINS
from codeanatomy.facts.ids import LOCAL, MODULE_KEY, hash_text
from tests.extract.evidence import body, mix_one, named, nodes, rows

KNOWN = """
    ArithmeticError AssertionError AttributeError BaseException BaseExceptionGroup BlockingIOError
    BrokenPipeError BufferError BytesWarning ChildProcessError ConnectionAbortedError
    ConnectionError ConnectionRefusedError ConnectionResetError DeprecationWarning EOFError Ellipsis
    EncodingWarning EnvironmentError Exception ExceptionGroup False FileExistsError
    FileNotFoundError FloatingPointError FutureWarning GeneratorExit IOError ImportError
    ImportWarning IndentationError IndexError InterruptedError IsADirectoryError KeyError
    KeyboardInterrupt LookupError MemoryError ModuleNotFoundError NameError None NotADirectoryError
    NotImplemented NotImplementedError OSError OverflowError PendingDeprecationWarning
    PermissionError ProcessLookupError PythonFinalizationError RecursionError ReferenceError
    ResourceWarning RuntimeError RuntimeWarning StopAsyncIteration StopIteration SyntaxError
    SyntaxWarning SystemError SystemExit TabError TimeoutError True TypeError UnboundLocalError
    UnicodeDecodeError UnicodeEncodeError UnicodeError UnicodeTranslateError UnicodeWarning
    UserWarning ValueError Warning ZeroDivisionError _IncompleteInputError __build_class__ __debug__
    __doc__ __import__ __loader__ __name__ __package__ __spec__ abs aiter all anext any ascii bin
    bool breakpoint bytearray bytes callable chr classmethod compile complex copyright credits
    delattr dict dir divmod enumerate eval exec exit filter float format frozenset getattr globals
    hasattr hash help hex id input int isinstance issubclass iter len license list locals map max
    memoryview min next object oct open ord pow print property quit range repr reversed round set
    setattr slice sorted staticmethod str sum super tuple type vars zip
    __annotations__ __builtins__ __cached__ __class__ __dict__ __file__ __module__ __path__
    __qualname__
"""


def test_builtins_are_those_of_every_python_that_we_support() -> None:
    """The graph does not depend on the interpreter that builds it."""
    assert set(KNOWN.split()) == BUILTINS


def local(scope: int, name: str) -> int:
    return mix_one(mix_one(scope, LOCAL), hash_text(name))


def how(source: str, name: str) -> list[tuple[object, object]]:
    return [(r["how"], r["context"]) for r in rows(source, "reference") if r["name"] == name]


@pytest.mark.parametrize(
    ("source", "name", "expected"),
    [
        ("x = 1\nx", "x", ["local", "local"]),
        ("x = 1\ndef f(): x", "x", ["local", "global"]),
        ("def f():\n x = 1\n def g(): x", "x", ["local", "enclosing"]),
        ("def f():\n x = 1\n class C:\n  y = x", "x", ["local", "enclosing"]),
        ("class C:\n x = 1\n def f(self): x", "x", ["local", "unknown"]),
        ("class C:\n x = 1\n y = [x for _ in x]", "x", ["local", "unknown", "local"]),
        ("def f():\n global x\n x = 1\nx", "x", ["global", "local"]),
        ("def f():\n x = 1\n def g():\n  nonlocal x\n  x = 2", "x", ["local", "enclosing"]),
        ("x = 0\ndef f():\n global x\n def g(): x", "x", ["local", "global"]),
        ("def f(): [y := a for a in b]; y", "y", ["local", "local"]),
        ("[a for a in a]", "a", ["local", "local", "unknown"]),
        ("def f(x): x", "x", ["local"]),
        ("def f(x=x): x", "x", ["unknown", "local"]),
        ("def f():\n x\n del x", "x", ["local", "local"]),
        ("import a.b as x\ndef f(): x", "x", ["import"]),
        ("import x.b\nx", "x", ["import"]),
        ("import x\nx = 1\nx", "x", ["local", "local"]),
        ("len", "len", ["builtin"]),
        ("def f(): len\nlen = 1", "len", ["global", "local"]),
        ("from m import *\nx, len", "x", ["star"]),
        ("from m import *\nx, len", "len", ["builtin"]),
        ("try: 1\nexcept E as x: x", "x", ["local"]),
        ("match a:\n case [*x, {'a': y, **z}]: x", "x", ["local"]),
        ("class C:\n __x = 1\n def f(self): return __x\n_C__x = 2", "__x", ["local", "global"]),
        ("with a as (x, [*y]): x", "x", ["local", "local"]),
        ("x += 1", "x", ["local"]),
        ("x: int\nx", "x", ["local", "local"]),
        ("(x): int\nx", "x", ["unknown", "unknown"]),
        ("@x\nclass C(x):\n x = 1", "x", ["unknown", "unknown", "local"]),
    ],
)
def test_lookup(source: str, name: str, expected: list[str]) -> None:
    assert [meaning for meaning, _ in how(source, name)] == expected


def test_contexts() -> None:
    source = "a.b, c[d] = e\nfor [f, *g] in h: del i, (j)\nk += l"
    found = {r["name"]: r["context"] for r in rows(source, "reference")}
    assert [found[x] for x in "acdefghijkl"] == (
        ["load", "load", "load", "load", "store", "store", "load", "del", "del", "store", "load"]
    )
    targets = [(r["construct"], r["context"]) for r in rows(source, "syntax") if r["context"]]
    assert ("Attribute", "store") in targets
    assert ("Starred", "store") in targets
    assert ("Tuple", "load") not in targets


def test_declared() -> None:
    source = "def f(p, q):\n q = p\n v = q\n return f, v\nclass D: pass\nimport m\nD, m"
    declared = {r["name"]: r["declared"] for r in rows(source, "reference")}
    f = named("FunctionDef", "f")
    parameter = {r["name"]: r["node"] for r in rows(source, "parameter")}
    assert declared == {
        "p": parameter["p"],
        "q": local(f, "q"),
        "v": local(f, "v"),
        "f": f,
        "D": named("ClassDef", "D"),
        "m": None,
    }


def test_variables_stand_at_their_first_binding() -> None:
    source = (
        "def f():\n    x = [y for y in z]\n    return x\nif a:\n    def g(): pass\n"
        "else:\n    g = 1\ntry: pass\nexcept (A,\n  B) as e: pass\nimport h, h.i as h\nh = 1\n"
    )
    found = rows(source, "variable")
    places = nodes(source)
    assert [(r["qualname"], r["line"], places[r["node"]]) for r in found] == [  # type: ignore[index]
        ("f.x", 2, "x"),
        ("f.y", 2, "y"),
        ("g", 5, "g"),
        ("e", 10, "e"),
        ("h", 11, "h"),
    ]
    f = named("FunctionDef", "f")
    assert [r["scope"] for r in found] == [f, f, MODULE_KEY, MODULE_KEY, MODULE_KEY]
    assert [r["parent"] for r in found[:3]] == [f, f, body(MODULE_KEY)]
    assert [r["position"] for r in found] == [0, 1, 0, 1, 2]


def test_captures_are_uses_of_variables_of_enclosing_functions() -> None:
    source = (
        "g = 0\ndef f(p):\n v = 1\n import m\n class C:\n  w = p\n  def h(self):\n"
        "   return v, v, g, m, [p for _ in v]\n return lambda: C, [p for p in v]\n"
    )
    f = named("FunctionDef", "f")
    p = next(r["node"] for r in rows(source, "parameter") if r["name"] == "p")
    found = [(r["function"], r["captured"]) for r in rows(source, "capture")]
    h = named("FunctionDef", "f.C.h")
    assert found == [
        (named("ClassDef", "f.C"), p),
        (h, local(f, "v")),
        (h, p),
        (named("Lambda", "f.<lambda1>"), named("ClassDef", "f.C")),
    ]


def test_calls_and_arguments() -> None:
    source = "a.b(c, *d, k=e, **g)(1)\nf[0](x=1, *y)"
    places = nodes(source)
    calls = [
        (places[r["callee"]], r["receiver"] and places[r["receiver"]], r["name"])  # type: ignore[index]
        for r in rows(source, "call_site")
    ]
    assert calls == [
        ("a.b(c, *d, k=e, **g)", None, None),
        ("a.b", "a", "b"),
        ("f[0]", None, None),
    ]
    arguments = [
        (places[r["value"]], r["position"], r["keyword"], r["unpacked"])  # type: ignore[index]
        for r in rows(source, "argument")
    ]
    assert arguments == [
        ("c", 0, None, ""),
        ("d", 1, None, "*"),
        ("e", 2, "k", ""),
        ("g", 3, None, "**"),
        ("1", 0, None, ""),
        ("1", 0, "x", ""),
        ("y", 1, None, "*"),
    ]


def test_bases() -> None:
    source = "class A(B, c.D[int], metaclass=M): pass"
    texts = nodes(source)
    assert [(texts[r["value"]], r["position"]) for r in rows(source, "base")] == [
        ("B", 0),
        ("c.D[int]", 1),
    ]
