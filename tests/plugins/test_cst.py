"""The cst witness: tokens that are the file, and places with what goes with them."""

import ast
import io
import sys
import sysconfig
import token
import tokenize
from collections.abc import Iterator
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

import libcst
import pyarrow as pa
import pytest
from libcst._nodes.internal import CodegenState

import codeanatomy
from codeanatomy.extract.parse import parse
from codeanatomy_cst import concrete, extractor
from tests.extract import evidence

LIBRARY = Path(sysconfig.get_paths()["stdlib"])
CORPORA = Path(__file__).parents[2] / "bench/.corpora"
FEW = ("bisect", "contextlib", "json/decoder", "test/test_unpack_ex", "test/test_with")
MORE = ("dataclasses", "typing", "test/test_patma", "test/test_coroutines", "test/test_genexps")
SYNTAX = ("syntax", "literal", "definition", "parameter", "import_alias", "decorator")
Row = dict[str, Any]


def tables(*contents: bytes) -> dict[str, pa.Table]:
    """The tables of a batch of files."""
    collector = extractor.EXTRACTOR.open({})
    for ordinal, content in enumerate(contents):
        collector.add(ordinal, parse(content))
    return collector.finish()


def rows(source: str | bytes, table: str) -> list[Row]:
    content = source.encode() if isinstance(source, str) else source
    found: list[Row] = tables(content)[table].to_pylist()
    return found


def texts(source: str) -> list[tuple[str, str]]:
    """Kind and text of each token that is no blank."""
    blank = ("WHITESPACE", "NEWLINE", "NL")
    return [(r["kind"], r["text"]) for r in rows(source, "token") if r["kind"] not in blank]


def full(source: str, construct: str, what: str = "statement") -> list[str]:
    """The whole text of each such construct."""
    content = source.encode()
    return [
        content[row["full_bstart"] : row["full_bend"]].decode()
        for row in rows(source, "full_span")
        if (row["construct"], row["what"]) == (construct, what)
    ]


def project(name: str) -> list[bytes]:
    """The files of a project that Python reads."""
    folders = sorted(CORPORA.glob(f"{name}-*"))
    if not folders:
        pytest.skip(f"the sources of {name} are not in bench/.corpora")
    contents = [path.read_bytes() for path in sorted(folders[0].rglob("*.py"))]
    return [content for content in contents if parse(content).tree is not None]


def library(*names: str) -> list[bytes]:
    """Some modules of the standard library."""
    return [(LIBRARY / f"{name}.py").read_bytes() for name in names]


def check_tiles(content: bytes, found: list[Row]) -> None:
    """The law of tokens: each begins where the one before it ends, none is empty."""
    bounds = [0, *(row["bend"] for row in found)]
    assert bounds[-1] == len(content)
    assert [row["bstart"] for row in found] == bounds[:-1]
    assert all(row["bstart"] < row["bend"] for row in found)
    assert b"".join(content[row["bstart"] : row["bend"]] for row in found) == content


def check(content: bytes) -> None:
    """All laws on one file that LibCST reads."""
    found = tables(content)
    assert found["file_problem"].num_rows == 0
    tokens, spans = found["token"].to_pylist(), found["full_span"].to_pylist()
    check_tiles(content, tokens)
    if sys.version_info < (3, 12):
        assert [*simplified(tokens)] == [*tokenized(content)]
    bounds = {0, *(row["bend"] for row in tokens)}
    for row in spans:
        places = [row[name] for name in ("full_bstart", "bstart", "bend", "full_bend")]
        assert places == sorted(places)
        assert bounds.issuperset(places)
    assert lost(content, spans) == []


FILES = {
    "byte order mark": b"\xef\xbb\xbf# \xc3\xa4\nx = 1\n",
    "latin-1": "# coding: latin-1\ny = 'äöü'  # é\nz = y\n".encode("latin-1"),
    "latin-1 with CRLF": "# coding: latin-1\r\ny = 'ä'\r\nz = y\r\n".encode("latin-1"),
    "UTF-8 of all widths": "y = 'äö€😀'; zß = 'é'  # 😀\n".encode(),
    "CRLF": b"def f():\r\n    # c\r\n    return (1,\r\n        2)\r\n",
    "mixed line ends": b"x = 1\r\ny = 2\nz = 3\r\n",
    "form feed": b"x = 1\n\x0c\ndef f(): pass\n\x0c# c\n",
    "no line end": b"x = 1\nif x:\n    y = 2  # c",
    "no line end after a comment": b"x = 1\n# c",
    "tabs": b"if x:\n\ty = 1\n\tif z:\n\t    w = 2\n",
    "continuation lines": b"x = 1 + \\\n    2\nassert x, \\\n  y\n",
    "blanks at line ends": b"x = 1   \n   \n\t\ndef f():  # c  \n  pass \n   # d\n # e\n",
    "only blanks": b"   \n\n\t",
    "only a comment": b"# c\n\n",
    "nothing": b"",
    "a line end": b"\n",
}


@pytest.mark.parametrize("name", FILES)
def test_the_tokens_of_a_file_are_its_bytes_and_constructs_stand_where_the_graph_has_them(
    name: str,
) -> None:
    found = tables(FILES[name])
    assert found["file_problem"].num_rows == 0
    check_tiles(FILES[name], found["token"].to_pylist())
    assert lost(FILES[name], found["full_span"].to_pylist()) == []


def test_kinds_of_tokens() -> None:
    source = "match = x if None else .5  # c\nf(rb'a', f'b{match!r:>{w}}')\n"
    assert texts(source) == [
        ("NAME", "match"),
        ("OP", "="),
        ("NAME", "x"),
        ("KEYWORD", "if"),
        ("KEYWORD", "None"),
        ("KEYWORD", "else"),
        ("NUMBER", ".5"),
        ("COMMENT", "# c"),
        ("NAME", "f"),
        ("OP", "("),
        ("STRING", "rb'a'"),
        ("OP", ","),
        ("FSTRING_START", "f'"),
        ("FSTRING_MIDDLE", "b"),
        ("OP", "{"),
        ("NAME", "match"),
        ("OP", "!"),
        ("NAME", "r"),
        ("OP", ":"),
        ("FSTRING_MIDDLE", ">"),
        ("OP", "{"),
        ("NAME", "w"),
        ("OP", "}"),
        ("OP", "}"),
        ("FSTRING_END", "'"),
        ("OP", ")"),
    ]
    assert texts("match x:\n    case _: pass\n")[:5:2] == [
        ("KEYWORD", "match"),
        ("OP", ":"),
        ("KEYWORD", "_"),
    ]


def test_line_ends_of_statements_are_told_from_others() -> None:
    source = "# c\nx = (1,\n  2)\n\nif x:  # d\n    y\n"
    ends = [r for r in rows(source, "token") if r["kind"] in ("NEWLINE", "NL")]
    assert [(r["line"], r["kind"]) for r in ends] == [
        *((1, "NL"), (2, "NL"), (3, "NEWLINE"), (4, "NL"), (5, "NEWLINE"), (6, "NEWLINE"))
    ]


def test_long_texts_are_left_to_their_places() -> None:
    (row,) = (r for r in rows(f"x = '{'a' * 100}'\n", "token") if r["kind"] == "STRING")
    assert (row["text"], row["bend"] - row["bstart"]) == (None, 102)


def simplified(found: list[Row]) -> Iterator[tuple[str, int, int]]:
    """Our tokens as tokenize has them before 3.12: f-strings whole; no blanks."""
    depth = start = 0
    for row in found:
        kind, end = row["kind"], row["bend"]
        depth += (kind == "FSTRING_START") - (kind == "FSTRING_END")
        if depth == 1 and kind == "FSTRING_START":
            start = row["bstart"]
        elif depth == 0 and kind == "FSTRING_END":
            yield "STRING", start, end
        elif depth == 0 and kind != "WHITESPACE":
            yield "NAME" if kind == "KEYWORD" else kind, row["bstart"], end


def tokenized(content: bytes) -> Iterator[tuple[str, int, int]]:
    """The tokens of tokenize that have a text."""
    starts = [0, 0]
    for line in io.BytesIO(content):
        starts.append(starts[-1] + len(line))
    for one in tokenize.tokenize(io.BytesIO(content).readline):
        name = token.tok_name[one.type]
        if one.string and name not in ("ENCODING", "INDENT", "DEDENT"):
            column = len(one.line[: one.start[1]].encode())
            start = starts[one.start[0]] + column
            yield name, start, start + len(one.string.encode())


DEFINITION = """\
# top of the file

import os  # first


# about f

@a  # why
# between
@b(1)
def f(x):  # head
    # in f
    return (x)  # last

    # end of f

# about C
class C: pass
"""


def test_a_definition_goes_with_its_comments_and_decorators() -> None:
    (whole,) = full(DEFINITION, "FunctionDef")
    assert whole == DEFINITION[DEFINITION.index("\n\n# about f") + 0 :].partition("\n# about C")[0]
    assert full(DEFINITION, "ClassDef") == ["\n# about C\nclass C: pass\n"]
    assert full(DEFINITION, "Import") == ["import os  # first\n"]
    assert full(DEFINITION, "Return") == ["    # in f\n    return (x)  # last\n"]
    assert full(DEFINITION, "Decorator", "clause") == ["@a  # why\n", "# between\n@b(1)\n"]
    assert full(DEFINITION, "Module", "module") == [DEFINITION]


def test_statements_on_one_line_go_with_their_semicolon() -> None:
    source = "# c\na = 1; b(2) ; c = 3  # d\nif x: d = 4; e = 5\n"
    assert full(source, "Assign") == ["a = 1; ", "c = 3", "d = 4; ", "e = 5"]
    assert full(source, "Call") == ["b(2) ; "]


def test_nested_blocks() -> None:
    source = "if a:\n    # b\n    while b:\n        c()\n\n        # end of while\n    # end\nd()\n"
    head = source.partition("d()")[0]
    assert full(source, "If") == [head]
    assert full(source, "While") == [head[6:].partition("    # end\n")[0]]
    assert full(source, "Call") == ["        c()\n", "d()\n"]
    parts = "try:\n    a\n# no\nexcept E: b\nelse:\n    c\n"
    assert full(parts, "ExceptHandler", "clause") == ["# no\nexcept E: b\n"]
    assert full("if a: b\n\n# c\nelif d: e\n", "If")[1] == "\n# c\nelif d: e\n"


def test_expressions_go_with_their_parentheses_and_elements_with_their_comma() -> None:
    source = "x = ((a + (b)))\nf(( c ), *d, k=(e) , )\ny = (1, 2,)\nz = [g for h in (i) if j]\n"
    assert full(source, "BinOp", "expression") == ["((a + (b)))"]
    names = full(source, "Name", "expression")
    assert {"(b)", "( c )", "(e)", "(i)"} <= {*names}
    assert full(source, "Name", "element") == ["( c ), "]
    assert full(source, "Starred", "element") == ["*d, "]
    assert full(source, "keyword", "element") == ["k=(e) , "]
    assert full(source, "Constant", "element") == ["1, ", "2,"]
    assert full(source, "comprehension", "clause") == [" for h in (i) if j"]
    assert full("def f(a, *, b: int = 1, **c): 0\n", "arg", "element") == [
        "a, ",
        "b: int = 1, ",
        "**c",
    ]


def lost(content: bytes, spans: list[Row]) -> list[tuple[str, str, int]]:
    """Construct, text and line of what the graph has and we do not, but for what cannot be had:
    tuples that are an index; before 3.12 parts of f-strings, whose place is that of the whole."""
    ours = {(r["construct"], r["bstart"], r["bend"]) for r in spans}
    found = evidence.tables(content)
    graph = [row for name in SYNTAX for row in found[name].to_pylist()]
    return [
        (row["construct"], content[row["bstart"] : row["bend"]].decode("latin-1"), row["line"])
        for row in graph
        if (row["construct"].partition(".")[0], row["bstart"], row["bend"]) not in ours
        and row["role"] not in ("JoinedStr.values", "FormattedValue.format_spec")
        and (row["construct"], row["role"]) != ("Tuple", "Subscript.slice")
    ]


@pytest.mark.parametrize("content", library(*FEW), ids=FEW)
def test_the_laws_hold_for_some_modules(content: bytes) -> None:
    check(content)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["requests", "flask", "django"])
def test_the_laws_hold_for_projects(name: str) -> None:
    for content in project(name)[:: 40 if name == "django" else 1]:
        check(content)


@pytest.mark.slow
def test_the_laws_hold_for_a_sample_of_the_standard_library() -> None:
    paths = [p for p in sorted(LIBRARY.rglob("*.py")) if "site-packages" not in p.parts]
    sample = [path.read_bytes() for path in paths[::25]]
    read = [c for c in sample if len(c) < extractor.SIZE_LIMIT and parse(c).tree is not None]
    refused = 0
    for content in [*library(*MORE), *read]:
        if tables(content)["file_problem"].num_rows:
            refused += 1
        else:
            check(content)
    assert refused < 3
    assert len(read) > 40


def without(source: bytes, number: int) -> str:
    """The tree of a source, without one of its statements (by its number among those of bodies)."""
    tree = ast.parse(source)
    bodies = [node.body for node in ast.walk(tree) if isinstance(getattr(node, "body", None), list)]
    at = [(body, index) for body in bodies for index in range(len(body)) if len(body) > 1]
    body, index = at[number]
    del body[index]
    return ast.dump(tree)


def removals(content: bytes, *, every: int) -> int:
    """How many statements were cut out of a file by their full spans, each leaving what `ast` has
    without it. Statements that are alone in their block cannot be cut."""
    spans = {
        (row["bstart"], row["bend"]): (row["full_bstart"], row["full_bend"])
        for row in rows(content, "full_span")
        if row["what"] == "statement"
    }
    starts = [0, 0]
    for line in content.splitlines(keepends=True):
        starts.append(starts[-1] + len(line))
    tree = ast.parse(content)
    bodies = [node.body for node in ast.walk(tree) if isinstance(getattr(node, "body", None), list)]
    flat = [statement for body in bodies for statement in body if len(body) > 1]
    done = 0
    for number, one in enumerate(flat):
        if number % every:
            continue
        node = one.value if isinstance(one, ast.Expr) else one
        place = (
            starts[node.lineno] + node.col_offset,
            starts[node.end_lineno or 0] + (node.end_col_offset or 0),
        )
        start, end = spans[place]
        cut = content[:start] + content[end:]
        assert ast.dump(ast.parse(cut)) == without(content, number), content[start:end]
        done += 1
    return done


def test_a_statement_can_be_cut_out_by_its_full_span() -> None:
    source = DEFINITION + "a = 1; b(2) ; c = 3  # d\nif x:\n    d = 4; (e)\n    f\n"
    assert removals(source.encode(), every=1) == 10
    content = (LIBRARY / "bisect.py").read_bytes()
    assert removals(content, every=3) > 10


@pytest.mark.slow
def test_statements_of_real_code_can_be_cut_out() -> None:
    files = [c for c in project("flask") if c.isascii() and b"\f" not in c]
    assert sum(removals(content, every=7) for content in files) > 500


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("def f():\n    (x): int\n    print(x)\n", "tool-failed"),
        ("x = 1\ry = 2\r", "tool-failed"),  # it drops the last of such line ends
        ("x = '" + "a" * extractor.SIZE_LIMIT + "'\n", "too-long"),
    ],
)
def test_what_only_python_reads_is_a_problem(source: str, code: str) -> None:
    assert parse(source.encode()).tree is not None
    found = tables(source.encode(), b"y = 1\n")
    (problem,) = found["file_problem"].to_pylist()
    assert (problem["file"], problem["code"], problem["witness"]) == (0, code, "cst")
    assert {*found["token"]["file"].to_pylist(), *found["full_span"]["file"].to_pylist()} == {1}


def test_what_libcst_writes_otherwise_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(libcst, "parse_module", lambda _: libcst.Module([]))
    (problem,) = rows("x = 1\n", "file_problem")
    assert problem["code"] == "tool-failed"
    assert "is not the file's" in problem["message"]
    assert rows("x = 1\n", "token") == []


def test_what_only_libcst_reads_has_tokens() -> None:
    content = b"{**a for a in b}\n"
    assert sys.version_info >= (3, 15) or parse(content).error is not None
    found = tables(content)
    check_tiles(content, found["token"].to_pylist())
    assert found["file_problem"].num_rows == 0  # the parser's own is told already


@pytest.mark.parametrize("content", [b"def f(:\n", b"x = 1\0\n", b"x = '\xff'\n", b"(" * 300])
def test_what_nobody_reads_is_left_to_the_parsers_problem(content: bytes) -> None:
    collector = extractor.EXTRACTOR.open({})
    assert not collector.add(0, parse(content))
    assert {table.num_rows for table in collector.finish().values()} == {0}


@pytest.mark.parametrize(
    "source",
    [
        "x = " + "-" * 900 + "1",
        "x" + ".a" * 900,
        "x = " + "(" * 190 + "1" + ")" * 190,
        "x" + "()" * 900,
    ],
)
def test_deep_nesting_is_read(source: str) -> None:
    before = sys.getrecursionlimit()
    content = f"{source}\n".encode()
    check_tiles(content, rows(content, "token"))
    assert sys.getrecursionlimit() == before


def test_too_deep_nesting_is_a_problem(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(concrete, "CODE_DEPTH", 0)
    (problem,) = rows("x" + ".a" * 900 + "\n", "file_problem")
    assert problem["code"] == "too-deep"


@pytest.mark.slow
def test_a_file_that_kills_its_worker_takes_no_other_with_it(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("x = 1\n")
    (tmp_path / "b.py").write_text("x = = 1\n" + "[" * 20_000 + "]" * 20_000)
    codeanatomy.build(tmp_path, witnesses={"cst": ""}, workers=1, cache=False)
    with codeanatomy.open_graph(tmp_path) as graph:
        paths = {*graph.sql("SELECT path FROM problems")["path"].to_pylist()}
        assert paths == {"b.py"}
        assert graph.sql("SELECT * FROM tokens").num_rows == 6


def test_libcst_is_the_one_that_this_was_written_for() -> None:
    assert version("libcst") == "1.9.0"  # a new one may say other rows: raise the witness's version
    hooks = {"before_codegen", "after_codegen", "record_syntactic_position", "add_token", "tokens"}
    assert hooks <= {*dir(CodegenState)}


def test_a_batch_of_files_stays_in_order() -> None:
    found = tables(b"x = 1\n", b"def f(:\n", b"", b"y = 2\n")
    assert [*pairwise(found["token"]["file"].to_pylist())].count((0, 3)) == 1
    assert found["token"].num_rows == 12


def built(folder: Path, workers: int) -> Path:
    """The graph of three files, one of them broken."""
    (folder / "a.py").write_text("import os\n\n# about f\ndef f(x):\n    return (x)  # d\n")
    (folder / "b.py").write_text("import os\n\nos.getcwd()\n")
    (folder / "c.py").write_text("def f(:\n")
    out = folder / f"graph{workers}"
    codeanatomy.build(folder, out=out, witnesses={"cst": ""}, workers=workers, cache=False)
    return out


def test_a_build_with_cst_joins_tokens_and_full_spans_to_nodes(tmp_path: Path) -> None:
    with codeanatomy.open_graph(built(tmp_path, 1)) as graph:
        sql = """SELECT f.full_bstart AS a, f.full_bend AS b FROM full_spans f JOIN nodes n
            ON f.node_id = n.node_id WHERE n.qualified_name = 'a.f' AND f.what = 'statement'"""
        assert [*graph.sql(sql).to_pylist()[0].values()] == [10, 51]
        sql = "SELECT t.text, n.kind FROM tokens t JOIN nodes n ON t.node_id = n.node_id"
        kinds = {(row["text"], row["kind"]) for row in graph.sql(sql).to_pylist()}
        assert {("x", "METHOD_PARAMETER_IN"), ("x", "IDENTIFIER"), ("# d", "COMMENT")} <= kinds
        assert {*graph.sql("SELECT path FROM problems")["path"].to_pylist()} == {"c.py"}
        assert graph.sql("SELECT * FROM problems WHERE witness = 'cst'").num_rows == 0
        sql = "SELECT f.node_id FROM full_spans f LEFT ANTI JOIN nodes n ON f.node_id = n.node_id"
        assert graph.sql(sql).num_rows == 0


@pytest.mark.slow
def test_a_build_gives_the_same_rows_with_any_number_of_workers(tmp_path: Path) -> None:
    found = []
    for workers in (1, 2):
        with codeanatomy.open_graph(built(tmp_path, workers)) as graph:
            found.append([graph.sql(f"SELECT * FROM {name}") for name in ("tokens", "full_spans")])
    assert found[0] == found[1]
    assert found[0][0].num_rows > 20
