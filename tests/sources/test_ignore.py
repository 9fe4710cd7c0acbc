"""Ignore rules say what git says."""

import time
from pathlib import Path

import pytest

from codeanatomy.sources.ignore import Rules
from codeanatomy.sources.scan import scan
from tests.sources.trees import git, tree

CASES = {
    "names": "a.py\n*.pyi\n!keep.pyi\n# x.py\n\\#x.py\n\\!b.py\n",
    "folders": "docs/\nlib\n!lib/\n",
    "anchored": "/top.py\npkg/inner.py\n/deep/*/x.py\n",
    "stars": "**/gen/*.py\na/**/z.py\nopen/**\n!open/keep.py\nshut/**/\n",
    "classes": "[ab]?.py\n[!x]y.py\nt[e-g]st.py\n",
    "all but": "*\n!*/\n!*.py\n",
    "only one": "/*\n!/pkg\n/pkg/*\n!/pkg/keep.py\n",
    "spaces": "trail.py   \n lead.py\nend\\ \n",
    "windows": "a.py\r\nlib/\r\n",
    "last wins": "*.py\n!a.py\n*a.py\n!pkg/a.py\n",
    "many stars": "*a*p*.py\nl*/**/k*p.py\n**/g*n/**/x.py\n",
}
FILES = [
    *["a.py", "b.py", "x.py", "#x.py", "!b.py", "keep.pyi", "c.pyi", "top.py", "sub/top.py"],
    *["pkg/inner.py", "sub/pkg/inner.py", "pkg/keep.py", "pkg/a.py", "pkg/sub/keep.py"],
    *["docs/conf.py", "sub/docs/conf.py", "lib/l.py", "lib/x/keep.py", "deep/q/x.py"],
    *["deep/q/r/x.py", "gen/g.py", "sub/gen/g.py", "sub/gen/q/x.py", "a/z.py", "a/b/z.py"],
    *["a/b/c/z.py", "open/keep.py", "open/o.py", "open/x/o.py", "shut/s.py", "shut/x/s.py"],
    *["ay.py", "xy.py", "az.py", "test.py", "lead.py", "app.py", "trail.py"],
]


@pytest.mark.parametrize("case", CASES)
def test_same_files_as_git(tmp_path: Path, case: str) -> None:
    tree(tmp_path, dict.fromkeys(FILES, "") | {".gitignore": CASES[case]})
    plain = scan(tmp_path).files["path"].to_pylist()
    git(tmp_path, "init", "-q")
    others = git(tmp_path, "ls-files", "-z", "--others", "--exclude-standard").split("\0")
    assert plain == sorted(p for p in others if p.endswith((".py", ".pyi")))
    assert scan(tmp_path).files["path"].to_pylist() == plain


def test_inner_rules_win(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            ".gitignore": "*.py\n!a.py\ngone/\n",
            "a.py": "",
            "b.py": "",
            "pkg/.gitignore": "!b.py\n/a.py\n",
            "pkg/a.py": "",
            "pkg/b.py": "",
            "pkg/sub/a.py": "",
            "gone/.gitignore": "!a.py\n",
            "gone/a.py": "",
        },
    )
    result = scan(tmp_path)
    assert result.files["path"].to_pylist() == ["a.py", "pkg/b.py", "pkg/sub/a.py"]
    rows = {r["path"]: (r["reason"], r["detail"]) for r in result.skipped.to_pylist()}
    assert rows["gone"] == ("gitignore", "gone/ (.gitignore)")
    assert rows["pkg/a.py"] == ("gitignore", "/a.py (pkg/.gitignore)")


@pytest.mark.parametrize(
    ("pattern", "path"),
    [
        ("a*" * 60 + "b", "a" * 250),
        ("**/a/" * 40 + "b", "a/" * 900 + "c"),
        ("x/" + "**/a/" * 40 + "b", "x/" + "a/" * 900 + "c"),
    ],
)
def test_hostile_patterns_are_linear(pattern: str, path: str) -> None:
    rules = Rules([pattern])
    began = time.process_time()
    assert rules.deciding(path, False) is None
    assert rules.deciding(path[:-1] + "b", False) is not None
    assert time.process_time() - began < 1


def test_invalid_patterns_are_dropped() -> None:
    rules = Rules(["[z-a]", "a\\", "ok.py", "[[:alpha:]].py"])
    assert rules.deciding("ok.py", False) is not None
    assert rules.invalid == ["[z-a]", "a\\"]
