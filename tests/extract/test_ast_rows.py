"""Every node of a tree is one row with its exact place, checked on the standard library."""

import ast
import io
import tokenize
import unicodedata
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from tests.extract.evidence import LOCATED, keys, rows, tables

STDLIB = Path(ast.__file__).parent
FILES = ("ast.py", "dataclasses.py", "enum.py", "typing.py", "tokenize.py", "asyncio/tasks.py")
FILES += ("test/test_patma.py", "test/test_grammar.py", "test/test_named_expressions.py")
FOLDED = (ast.Expr, ast.arguments, ast.withitem, ast.expr_context)
FOLDED += (ast.operator, ast.boolop, ast.unaryop, ast.cmpop)


@pytest.fixture(scope="module")
def contents() -> list[bytes]:
    return [(STDLIB / name).read_bytes() for name in FILES]


@pytest.fixture(scope="module")
def found(contents: list[bytes]) -> dict[str, pa.Table]:
    return tables(*contents)


def test_every_node_has_one_row(contents: list[bytes], found: dict[str, pa.Table]) -> None:
    nodes = [n for c in contents for n in ast.walk(ast.parse(c)) if not isinstance(n, FOLDED)]
    expected = Counter(type(node).__name__ for node in nodes)
    named = ("syntax", "literal", "definition", "parameter", "import_alias")
    constructs = [c for name in named for c in found[name]["construct"].to_pylist()]
    assert Counter(c.partition(".")[0] for c in constructs) == expected
    assert found["reference"].num_rows == expected["Name"]
    assert found["field"].num_rows == expected["Attribute"]
    assert found["call_site"].num_rows == expected["Call"]


def test_places_are_those_of_the_tokens(contents: list[bytes], found: dict[str, pa.Table]) -> None:
    for table in LOCATED:
        for row in found[table].to_pylist():
            content = contents[row["file"]]
            text = content[row["bstart"] : row["bend"]].decode()
            assert 0 <= row["bstart"] <= row["bend"] <= len(content)
            if row["construct"] != "Module":
                line = content.count(b"\n", 0, row["bstart"]) + 1
                assert row["line"] == line
            if table in ("field", "variable") or row["construct"] == "Name":
                assert unicodedata.normalize("NFKC", text) == row["name"]
            if table == "parameter":
                assert text.startswith(row["name"])
            if table == "definition" and row["construct"] not in ("Module", "Lambda"):
                assert content[row["name_bstart"] :].decode().startswith(row["name"])


def test_keys_are_unique_and_references_lead_to_rows(found: dict[str, pa.Table]) -> None:
    keys = [pair for t in LOCATED for pair in _pairs(found[t], "node")]
    bodies = set(_pairs(found["definition"], "body"))
    assert len(set(keys)) == len(keys)
    known = set(keys) | bodies
    refs = {
        **dict.fromkeys(LOCATED, ("parent", "container")),
        "reference": ("node", "scope", "declared"),
        "capture": ("function", "captured"),
        "call_site": ("node", "callee", "receiver"),
        "argument": ("call", "value"),
        "base": ("class_node", "value"),
    }
    refs["parameter"] += ("function",)
    refs["decorator"] += ("decorated",)
    refs["variable"] += ("scope",)
    for table, columns in refs.items():
        for column in columns:
            assert set(_pairs(found[table], column)) <= known, (table, column)


def test_comments_are_those_of_the_tokenizer(contents: list[bytes]) -> None:
    for content in contents:
        expected = [
            (token.start[0], token.string)
            for token in tokenize.tokenize(io.BytesIO(content).readline)
            if token.type == tokenize.COMMENT
        ]
        assert [(r["line"], r["text"]) for r in rows(content, "comment")] == expected


def test_a_file_gives_the_same_rows_in_any_batch(contents: list[bytes]) -> None:
    together = tables(*contents)
    for ordinal in (0, 3, len(contents) - 1):
        alone = tables(contents[ordinal])
        for name, table in together.items():
            mine = [r for r in table.to_pylist() if r["file"] == ordinal]
            assert [{**r, "file": 0} for r in mine] == alone[name].to_pylist(), name


SOURCE = """# first
class A:
    x = 1  # one
    def f(self, a=lambda: 0):
        return [a for b in self.x if b]  # two
def g():
    return A().f(1) # three
"""


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("# first", "# a line\n# first"),
        ("    def f", "    # one\n    def f"),
        ("def g", "# two\ndef g"),
    ],
)
def test_a_new_comment_changes_no_key(old: str, new: str) -> None:
    assert keys(SOURCE) < keys(SOURCE.replace(old, new))


def test_an_edit_in_a_function_changes_no_key_outside_it() -> None:
    def outside(source: str) -> list[tuple[object, ...]]:
        found = tables(source.encode())
        return [
            (name, row["node"], row["parent"], row["container"])
            for name in LOCATED
            for row in found[name].to_pylist()
            if not source.index("def f") <= row["bstart"] < source.index("def g")
        ]

    edited = SOURCE.replace("return [a for", "c = lambda: a(1, 'x')\n        return [c for")
    assert outside(SOURCE) == outside(edited)
    assert keys(SOURCE) != keys(edited)


def _pairs(table: pa.Table, column: str) -> list[tuple[int, int]]:
    files, values = table["file"].to_pylist(), table[column].to_pylist()
    return [(f, v) for f, v in zip(files, values, strict=True) if v is not None]
