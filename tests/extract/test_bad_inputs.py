"""Every bad input is scanned, parsed and read by a witness; none raises, none goes unnoticed."""

from collections import Counter, defaultdict
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from codeanatomy.extract import batch
from codeanatomy.extract.batch import PROBLEMS, File, evidence
from codeanatomy.extract.from_ast import EVERYTHING
from codeanatomy.extract.from_ast import EXTRACTOR as AST
from codeanatomy.extract.parse import parse
from codeanatomy.sources.scan import scan
from codeanatomy_tolerant.collector import EXTRACTOR as TREESITTER
from tests.extract.bad_inputs import HEALTHY, bad_inputs

INPUTS = bad_inputs()
# inputs that a Python of some version reads, and what is only a warning or no trouble at all
READ = {
    *("return_outside", "pep646", "only_comments", "only_blank", "one_line_no_end", "bidi"),
    *("astral_names", "normalised_names", "surrogate_escape", "json", "bad_global", "many_lines"),
    *("long_line", "many_elifs", "empty", "idna_cookie", "bom_only", "surrogate_names"),
}
NEWER = {
    *("pep695", "pep695_class", "pep696", "pep701", "pep758", "pep750", "deep_fstrings"),
    *("deep_formats", "deep_awaits", "huge_int", "escape_cookie"),
}
CODES = {
    "one_nul": "nul-byte",
    "utf16_le": "nul-byte",
    "zip": "nul-byte",
    "latin1_without_cookie": "decode-error",
    "wrong_cookie": "decode-error",
    "overlong_utf8": "decode-error",
    "unknown_cookie": "encoding-unknown",
    "codec_that_unpacks": "encoding-unknown",
    "deep_parens": "too-deep",
    "deep_lambdas": "too-deep",
    "conflict": "syntax-error",
    "python2_print": "syntax-error",
}
Tables = dict[str, pa.Table]


def read(contents: list[bytes]) -> Tables:
    """All evidence of a batch."""
    files = [File(i, content, None) for i, content in enumerate(contents)]
    return evidence(files, [AST, TREESITTER], lambda ordinal: None, EVERYTHING, defaultdict(float))


@pytest.fixture(scope="module")
def tables() -> Tables:
    """The evidence of all inputs in one batch."""
    return read(list(INPUTS.values()))


def test_there_are_enough() -> None:
    assert len(INPUTS) >= 100


def test_scan_and_parse_never_raise(tmp_path: Path) -> None:
    for name, content in INPUTS.items():
        (tmp_path / f"{name}.py").write_bytes(content)
    result = scan(tmp_path)
    assert result.files["path"].to_pylist() == sorted(f"{name}.py" for name in INPUTS)
    assert not result.problems.num_rows
    for name, content in INPUTS.items():
        source = parse(content)
        assert (source.tree is None) is (source.error is not None), name


def test_trouble_is_a_problem(tables: Tables) -> None:
    names = list(INPUTS)
    codes: dict[str, set[str]] = {name: set() for name in names}
    for row in tables[PROBLEMS].to_pylist():
        codes[names[row["file"]]].add(row["code"])
        content = INPUTS[names[row["file"]]]
        assert 0 <= row["bstart"] <= row["bend"] <= len(content)
    assert not {n for n, c in codes.items() if "witness-failed" in c}
    assert {n for n, c in codes.items() if not c} - NEWER <= READ
    assert not {n for n in READ if codes[n]} - NEWER
    for name, code in CODES.items():
        assert code in codes[name], (name, codes[name])


def test_healthy_parts_are_found(tables: Tables) -> None:
    names = list(INPUTS)
    found = {
        names[r["file"]] for r in tables["definition"].to_pylist() if r["qualname"] == "healthy"
    }
    expected = {n for n, c in INPUTS.items() if HEALTHY.encode() in c}
    lost = {"deep_open_parens", "zip"}
    assert expected - found == lost
    methods = Counter(r["file"] for r in tables["call_site"].to_pylist() if r["name"] == "method")
    assert all(methods[names.index(name)] for name in expected - lost)


def test_rows_obey_the_laws(tables: Tables) -> None:
    sizes = [len(content) for content in INPUTS.values()]
    seen: set[tuple[int, int]] = set()
    parents: set[tuple[int, int]] = set()
    nodes = ("syntax", "literal", "definition", "parameter", "import_alias", "field", "comment")
    for name in nodes:
        table = tables[name]
        files = table["file"].to_pylist()
        keys = set(zip(files, table["node"].to_pylist(), strict=True))
        assert len(keys) == len(files), name
        assert not keys & seen, name
        seen |= keys
        parents |= set(zip(files, table["parent"].to_pylist(), strict=True))
        starts, ends = table["bstart"].to_pylist(), table["bend"].to_pylist()
        for file, start, end in zip(files, starts, ends, strict=True):
            assert 0 <= start <= end <= sizes[file], (name, list(INPUTS)[file], start, end)
    bodies = tables["definition"]
    seen |= set(zip(bodies["file"].to_pylist(), bodies["body"].to_pylist(), strict=True))
    assert {p for p in parents if p[1] is not None} <= seen


def test_a_file_says_the_same_alone_and_among_others(tables: Tables) -> None:
    names = list(INPUTS)
    for name in ("truncated", "python2_rest", "many_errors", "pep695", "latin1_with_cookie"):
        alone = read([INPUTS[name]])
        for table in alone.keys() - {"constraint", "constraint_name", "constraint_object"}:
            both = [
                [{k: v for k, v in row.items() if k != "file"} for row in t.to_pylist()]
                for t in (
                    alone[table],
                    tables[table].filter(
                        pa.compute.equal(tables[table]["file"], names.index(name))
                    ),
                )
            ]
            assert both[0] == both[1], (name, table)


def test_nothing_is_left_unset_under_nulls() -> None:
    """Arrow looks up what stands there when it unifies dictionaries."""
    held = [pa.py_buffer(np.array(x).tobytes()) for x in (np.uint8([0b101]), np.int32([1, -9, 0]))]
    codes = pa.Array.from_buffers(pa.int32(), 3, held)
    settled = batch.settled(pa.DictionaryArray.from_arrays(codes, pa.array(["a", "b"])))
    assert settled.to_pylist() == ["b", None, "a"]
    assert np.frombuffer(settled.indices.buffers()[1], np.int32)[:3].tolist() == [1, 0, 0]
