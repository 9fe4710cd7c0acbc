"""Byte offsets are those of the file itself, and trouble is a row with a code."""

import ast
import sys
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from codeanatomy.extract.batch import Clock, File, evidence
from codeanatomy.extract.decoding import line_starts, utf8_of
from codeanatomy.extract.from_ast import EVERYTHING, EXTRACTOR
from codeanatomy.extract.parse import parse
from tests.extract.evidence import LOCATED, tables

LETTERS = "aé\u0416\u4e2d\U0001d49c"  # 1, 2, 2, 3 and 4 bytes of UTF-8
ENDS = ("\n", "\r\n", "\r")
ENCODINGS = ("utf-8", "utf-8-sig", "latin-1", "cp1251", "shift_jis", "gb18030", "utf8")


@st.composite
def sources(draw: st.DrawFn) -> tuple[bytes, str]:
    """A file's bytes and its encoding."""
    encoding = draw(st.sampled_from(ENCODINGS))
    end = draw(st.sampled_from(ENDS))
    word = st.text(LETTERS, min_size=1, max_size=3)
    statements = []
    for _ in range(draw(st.integers(1, 5))):
        a, b, c = draw(word), draw(word), draw(st.text(LETTERS + "#\t ", max_size=4))
        statements += draw(
            st.sampled_from(
                (
                    [f"{a} = '{c}'; {b} = {a}.{b}"],
                    [f"def {a}({b}, *, k\t=\t'{c}'): return {b}  # {c}"],
                    [f"class {a}:", f"\t'''{c}", f"{c}'''; {b} = {a} \\", f"  .{b}"],
                    ["\x0c" + f"{a} = ('{c}' # {c}", f" f'{{{b}}}{c}')"],
                )
            )
        )
    text = end.join([f"# coding: {encoding}", *statements]) + draw(st.sampled_from(("", end)))
    return text.encode(encoding, "ignore"), encoding


@given(sources())
@settings(max_examples=300, deadline=None)
def test_places_are_bytes_of_the_file(case: tuple[bytes, str]) -> None:
    content, encoding = case
    source = parse(content)
    if source.tree is None:  # letters that the encoding lacks were dropped
        with pytest.raises(SyntaxError):
            ast.parse(content)
        return
    found = tables(content)
    codec = "utf-8" if encoding == "utf-8-sig" else encoding
    for table in LOCATED:
        for row in found[table].to_pylist():
            text = content[row["bstart"] : row["bend"]].decode(codec)
            if table in ("field", "variable") or row["construct"] == "Name":
                assert unicodedata.normalize("NFKC", text) == row["name"]
            if table == "comment":
                assert text == row["text"]
            if table == "literal" and row["role"] != "JoinedStr.values":
                assert text.startswith(("'", '"', "f'"))


@pytest.mark.parametrize(
    ("content", "code", "place"),
    [
        (b"x = (", "syntax-error", (4, 4, 1)),
        ("é = 'é' é".encode(), "syntax-error", (10, 12, 1)),
        ("# coding: latin-1\né = 'é' é".encode("latin-1"), "syntax-error", (26, 27, 2)),
        (b"x\n\ny = = 1\n", "syntax-error", (7, 8, 3)),
        (b"x = 1\n\0", "nul-byte", (6, 7, 2)),
        (b"\xff\xfex\0\n\0", "nul-byte", (3, 4, 1)),
        (b"# coding: nothing\n", "encoding-unknown", (0, 0, 0)),
        (b"# coding: rot13\n", "encoding-unknown", (0, 0, 0)),
        (b"# coding: ascii\n\xe9\n", "decode-error", (0, 0, 0)),
        (b"x = '\xe9'\n", "decode-error", None),
        (b"(" * 300, "too-deep", None),
        (b"x = " + b"-" * 100_000 + b"1", "too-deep", (0, 0, 0)),
    ],
)
def test_trouble(content: bytes, code: str, place: tuple[int, int, int] | None) -> None:
    source = parse(content)
    assert source.tree is None
    assert source.error is not None
    assert (source.error.code, source.error.witness) == (code, "ast")
    if place and sys.version_info < (3, 12):
        assert (source.error.bstart, source.error.bend, source.error.line) == place


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"# coding: utf8\r\nx\r\n", b"x\r\r\ny\n\r", b"\xef\xbb\xbfx = 1", b"\x0c\n x"],
)
def test_lines_are_those_of_the_parser(content: bytes) -> None:
    assert utf8_of(content) == (content, None)
    source = parse(content)
    starts = line_starts(content)
    for node in ast.walk(source.tree) if source.tree else ():
        if isinstance(node, ast.Name):
            at = starts[node.lineno] + node.col_offset
            assert content[at : at + 1].decode() == node.id


def test_bytes_that_no_token_needs_may_be_undecodable() -> None:
    content = b"x = 1  # caf\xe9\n"
    assert tables(content)["comment"]["text"].to_pylist() == ["# caf\ufffd"]


def test_a_tree_that_is_too_deep_leaves_the_batch_intact(monkeypatch: pytest.MonkeyPatch) -> None:
    limit = sys.getrecursionlimit()
    deep = b"x = " + b"lambda: " * 1500 + b"1"
    assert parse(deep).tree is not None
    assert tables(b"a.b", deep)["definition"].num_rows == 1502
    files = [File(i, text, None) for i, text in enumerate((b"a.b", deep, b"c.d  # e"))]
    monkeypatch.setattr("codeanatomy.extract.from_ast.WALK_DEPTH", 0)
    found = evidence(files, [EXTRACTOR], lambda _: None, EVERYTHING, Clock(float))
    assert [(r["file"], r["name"]) for r in found["field"].to_pylist()] == [(0, "b"), (2, "d")]
    assert found["comment"]["file"].to_pylist() == [2]
    [problem] = found["file_problem"].to_pylist()
    assert (problem["file"], problem["witness"], problem["code"]) == (1, "ast", "too-deep")
    assert sys.getrecursionlimit() == limit


def test_an_empty_batch_gives_all_tables() -> None:
    assert all(not table.num_rows for table in EXTRACTOR.open(EVERYTHING).finish().values())
