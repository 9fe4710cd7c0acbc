"""10,000 generated and mutated sources through a whole build: nothing crashes, takes too long, or
stands outside its file."""

import random
import sysconfig
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

import codeanatomy
from tests.extract.bad_inputs import TEXTS

COUNT = 10_000
LINES = (5, 40)  # of a window of a real file
# trouble that a source may be in; all other codes are ours, and defects
EXPECTED = {
    *("syntax-error", "too-deep", "decode-error", "nul-byte", "encoding-unknown"),
    *("syntax-region", "string-warning"),
}
WORDS = (
    *(
        "def f(x, *y, **z):",
        "class C(D, metaclass=M):",
        "lambda: 0",
        "yield",
        "await",
        "async",
        "*",
    ),
    *("match x:", "case [a, *_] if b:", "global x", "nonlocal x", "del x[0].y", "with a as b, c:"),
    *(
        "try:",
        "except* E:",
        "finally:",
        "else:",
        ":=",
        "**",
        "->",
        "@",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
    ),
    *("'", '"""', "f'{", "}'", "\\\n", "\\", "\t", "\f", "\r", "\0", "é", "\U0001f600", "0x", "1e"),
    *(
        "import a.b as c",
        "from . import *",
        "type X[T] = T",
        "return",
        "# type: ignore",
        ";",
        "...",
    ),
)
SIMPLE = (
    *("x = y", "x.a = f(x)", "del x", "return x", "yield x", "pass", "break", "continue", "x += 1"),
    *(
        "import m",
        "from m import x as y",
        "global g",
        "assert x, y",
        "raise E from x",
        "x: int = 1",
    ),
    *("x = [i for i in y if i for j in i]", "x = lambda a=x, *b: (a, b)", "f(*x, k=y, **z)"),
    *(
        "x, *y = z",
        "print(f'{x!r:>{y}}')",
        "x = y if z else w",
        "(x := y)",
        "await x",
        "x[y:z] = w",
    ),
)
BLOCKS = (
    *(
        "if x:",
        "while x:",
        "for x, y in z:",
        "try:",
        "with x as y:",
        "def f(x=1, *a, y: int, **k):",
    ),
    *("class C(x, k=y):", "async def f():", "@x.y\ndef g(): pass\nif g:"),
)
ENDINGS = {
    "try:": ("except E as e:", "finally:", "except (A, B):"),
    "if x:": ("else:", "elif y:"),
    "while x:": ("else:",),
}


def generated(chance: random.Random, depth: int = 0) -> Iterator[str]:
    """Lines of a random program, which may mean nothing but nearly always parses."""
    for _ in range(chance.randint(1, 5)):
        if depth > 4 or chance.random() < 0.5:
            yield chance.choice(SIMPLE)
            continue
        block = chance.choice(BLOCKS)
        heads = [
            block,
            *chance.sample(ENDINGS.get(block, ()), k=min(1, len(ENDINGS.get(block, ())))),
        ]
        for head in heads:
            yield from head.split("\n")
            yield from ("    " + line for line in generated(chance, depth + 1))


def mutated(chance: random.Random, text: str) -> str:
    """The text after one to four accidents."""
    for _ in range(chance.randint(1, 4)):
        a, b = sorted(chance.randrange(len(text) + 1) for _ in range(2))
        b = min(b, a + 60)
        text = chance.choice(
            (
                text[:a] + text[b:],  # lost
                text[:b] + text[a:],  # twice
                text[:a] + text[a:b][::-1] + text[b:],
                text[:a] + chance.choice(WORDS) + text[a:],
                text[:a] + chr(chance.randrange(128)) + text[a + 1 :],
                text.replace(" ", "", chance.randint(1, 3)),
                text.replace("\n", chance.choice(("\n ", "\r\n", "\r", "")), 3),
            )
        )
    return text


def sources(count: int, seed: int) -> Iterator[bytes]:
    """Windows of the standard library and known bad inputs, mutated; and generated programs."""
    chance = random.Random(seed)
    library = sorted(Path(sysconfig.get_path("stdlib")).glob("*.py"))
    real = [path.read_text("utf-8", "replace").splitlines(keepends=True) for path in library]
    for number in range(count):
        if number % 3 == 0:
            text = "\n".join(generated(chance)) + "\n"
        elif number % 30 == 1:
            text = mutated(chance, chance.choice([*TEXTS.values()]))
        else:
            lines = chance.choice(real)
            first = chance.randrange(max(1, len(lines) - LINES[0]))
            text = mutated(chance, "".join(lines[first : first + chance.randint(*LINES)]))
        yield text.encode("utf-8", "surrogatepass")


@pytest.mark.slow
def test_nothing_breaks_and_no_span_leaves_its_file(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    for number, content in enumerate(sources(COUNT, seed=1)):
        folder = repo / f"p{number // 100}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"m{number}.py").write_bytes(content)
    codeanatomy.build(repo, out=tmp_path / "graph", cache=False)
    with codeanatomy.open_graph(tmp_path / "graph") as graph:
        codes = Counter(graph.sql("SELECT code FROM problems")["code"].to_pylist())
        assert not codes.keys() - EXPECTED, codes
        [files] = graph.sql("SELECT count(*) AS n FROM files")["n"].to_pylist()
        assert files == COUNT
        outside = graph.sql(
            "SELECT f.path, s.bstart, s.bend FROM spans s JOIN files f ON f.file_id = s.file_id "
            "WHERE s.bstart < 0 OR s.bend < s.bstart OR s.bend > f.size LIMIT 10"
        )
        assert outside.to_pylist() == []
        whole = graph.sql(
            "SELECT count(DISTINCT file_id) AS n FROM nodes WHERE kind IN ('METHOD', 'CALL')"
        )
        assert whole["n"][0].as_py() > 0.9 * COUNT  # broken files are read, too
