"""Module names are dotted from the source root that Python would use."""

from pathlib import Path

import pytest

from codeanatomy.sources.scan import Repository, scan
from tests.sources.trees import tree


def modules(result: Repository) -> dict[str, str]:
    rows = result.files.to_pylist()
    return {r["path"]: r["module"] for r in rows}


def roots(result: Repository) -> dict[str, str]:
    return {r["path"]: r["reason"] for r in result.roots.to_pylist()}


def named(root: Path, files: dict[str, str], **options: list[str]) -> Repository:
    return scan(tree(root, files), **options)


INFERRED = "topmost folder without __init__"
INIT = {"pkg/__init__.py": "", "pkg/a.py": ""}


def test_flat_layout(tmp_path: Path) -> None:
    files = {
        **INIT,
        "setup.py": "",
        "tests/foo/test_x.py": "",
        "docs/conf.py": "",
        "run": "#!python\n",
    }
    result = named(tmp_path, files)
    assert modules(result) == {
        "docs/conf.py": "docs.conf",
        "pkg/__init__.py": "pkg",
        "pkg/a.py": "pkg.a",
        "run": "run",
        "setup.py": "setup",
        "tests/foo/test_x.py": "tests.foo.test_x",
    }
    assert roots(result) == {"": INFERRED}


def test_src_layout(tmp_path: Path) -> None:
    files = {
        "src/pkg/__init__.py": "",
        "src/ns/part/m.py": "",
        "src/one.py": "",
        "tests/test_a.py": "",
    }
    result = named(tmp_path, files)
    assert modules(result) == {
        "src/ns/part/m.py": "ns.part.m",
        "src/one.py": "one",
        "src/pkg/__init__.py": "pkg",
        "tests/test_a.py": "tests.test_a",
    }
    assert roots(result) == {"": INFERRED, "src": "src folder"}
    assert result.files["root"].to_pylist() == ["src", "src", "src", ""]


def test_a_src_that_is_a_package_or_holds_no_python(tmp_path: Path) -> None:
    result = named(tmp_path / "a", {"src/__init__.py": "", "src/a.py": ""})
    assert modules(result) == {"src/__init__.py": "src", "src/a.py": "src.a"}
    assert "src" not in roots(named(tmp_path / "b", {"src/main.c": "", "a.py": ""}))


def test_packages_below_plain_folders(tmp_path: Path) -> None:
    files = {
        "tests/admin/__init__.py": "",
        "tests/admin/sub/__init__.py": "",
        "tests/admin/sub/a.py": "",
        "tests/admin/plain/b.py": "",
        "tests/admin/plain/inner/__init__.py": "",
        "tests/runtests.py": "",
        "tests/json/__init__.py": "",
        "other/admin/__init__.py": "",
        "other/admin/own.py": "",
        "examples/shop/app/__init__.py": "",
        "examples/shop/tests/test_a.py": "",
    }
    result = named(tmp_path, files)
    assert modules(result) == {
        "examples/shop/app/__init__.py": "app",
        "examples/shop/tests/test_a.py": "examples.shop.tests.test_a",
        "other/admin/__init__.py": "admin",
        "other/admin/own.py": "admin.own",
        "tests/admin/__init__.py": "tests.admin",  # `admin` is taken
        "tests/admin/plain/b.py": "tests.admin.plain.b",
        "tests/admin/plain/inner/__init__.py": "tests.admin.plain.inner",
        "tests/admin/sub/__init__.py": "tests.admin.sub",
        "tests/admin/sub/a.py": "tests.admin.sub.a",
        "tests/json/__init__.py": "tests.json",  # `json` is the standard library's
        "tests/runtests.py": "tests.runtests",
    }
    assert roots(result) == {"": INFERRED, "examples/shop": INFERRED, "other": INFERRED}
    assert not result.problems.num_rows


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("pyproject.toml", '[tool.setuptools]\npackage-dir = {"" = "lib"}'),
        ("pyproject.toml", '[tool.setuptools.packages.find]\nwhere = ["lib"]'),
        ("pyproject.toml", '[tool.poetry]\npackages = [{include = "ns", from = "lib"}]'),
        ("pyproject.toml", '[tool.hatch.build.targets.wheel]\npackages = ["lib/ns"]'),
        ("pyproject.toml", '[tool.pdm.build]\npackage-dir = "./lib/"'),
        ("pyproject.toml", '[tool.maturin]\npython-source = "lib"'),
        ("pyproject.toml", '[tool.uv.build-backend]\nmodule-root = "lib"'),
        ("pyproject.toml", '[tool.setuptools]\npackage-dir = {"ns.one" = "lib/ns/one"}'),
        ("setup.cfg", "[options]\npackage_dir =\n    =lib\n"),
        ("setup.cfg", "[options.packages.find]\nwhere = lib\n"),
    ],
)
def test_declared_package_directories(tmp_path: Path, name: str, content: str) -> None:
    result = named(tmp_path, {name: content, "lib/ns/one/m.py": "", "a.py": ""})
    assert modules(result) == {"a.py": "a", "lib/ns/one/m.py": "ns.one.m"}
    assert roots(result)["lib"] == name.removesuffix(".toml")


def test_a_folder_that_stands_for_a_package(tmp_path: Path) -> None:
    text = '[tool.setuptools]\npackage-dir = {"one.two" = "code"}'
    result = named(tmp_path, {"pyproject.toml": text, "code/__init__.py": "", "code/m.py": ""})
    assert modules(result) == {"code/__init__.py": "one.two", "code/m.py": "one.two.m"}


def test_projects_inside_the_repository(tmp_path: Path) -> None:
    files = {
        "libs/one/pyproject.toml": '[tool.pdm.build]\npackage-dir = "python"',
        "libs/one/python/ns/one/m.py": "",
        "libs/two/setup.py": "",
        "libs/two/src/ns/two/m.py": "",
        "libs/three/src/m.py": "",
    }
    assert modules(named(tmp_path, files)) == {
        "libs/one/python/ns/one/m.py": "ns.one.m",
        "libs/three/src/m.py": "libs.three.src.m",
        "libs/two/setup.py": "libs.two.setup",
        "libs/two/src/ns/two/m.py": "ns.two.m",
    }


@pytest.mark.parametrize(
    "content",
    ["[tool", "a = " + "[" * 5000, "a = 1" + "0" * 5000, "\udcff", "[tool]\nsetuptools = 3"],
    ids=["broken", "deep", "digits", "bytes", "shape"],
)
def test_hostile_project_files(tmp_path: Path, content: str) -> None:
    raw = content.encode("utf-8", "surrogateescape")
    tree(tmp_path, {"pyproject.toml": raw, "src/a.py": "", "setup.cfg": b"[options]\n" * 2})
    result = scan(tmp_path)
    assert modules(result) == {"src/a.py": "a"}
    codes = [(p["path"], p["code"]) for p in result.problems.to_pylist()]
    assert codes == (
        [] if "shape" in content or "setuptools" in content else [("pyproject.toml", "unreadable")]
    )


@pytest.mark.parametrize("place", ["../up", "/etc", "none", "src/../..", "."])
def test_declared_folders_elsewhere_are_nothing(tmp_path: Path, place: str) -> None:
    text = f'[tool.setuptools.packages.find]\nwhere = ["{place}"]'
    result = named(tmp_path, {"pyproject.toml": text, "pkg/__init__.py": "", "x/y/__init__.py": ""})
    assert modules(result) == {"pkg/__init__.py": "pkg", "x/y/__init__.py": "y"}


def test_chosen_roots(tmp_path: Path) -> None:
    files = {"src/a.py": "", "lib/ns/b.py": "", "c.py": "", "lib/deep/d.py": ""}
    result = named(tmp_path, files, roots=["lib", "lib/deep/"])
    assert modules(result) == {
        "c.py": "c",
        "lib/deep/d.py": "d",
        "lib/ns/b.py": "ns.b",
        "src/a.py": "src.a",
    }
    assert roots(result) == {"": INFERRED, "lib": "option", "lib/deep": "option"}
    assert modules(scan(tmp_path, roots=["."]))["src/a.py"] == "src.a"


def test_one_name_for_two_files(tmp_path: Path) -> None:
    files = {"a/pkg/m.py": "", "b/pkg/m.py": "", "b/pkg/n.py": ""}
    result = named(tmp_path, files, roots=["a", "b"])
    assert modules(result) == {
        "a/pkg/m.py": "pkg.m",
        "b/pkg/m.py": "b/pkg/m.py",
        "b/pkg/n.py": "pkg.n",
    }
    row = result.problems.to_pylist()[0]
    assert (row["path"], row["code"]) == ("b/pkg/m.py", "module-twice")
    assert "a/pkg/m.py" in row["message"]


def test_stubs_scripts_and_odd_names(tmp_path: Path) -> None:
    files = {
        "m.py": "",
        "m.pyi": "",
        "only.pyi": "",
        "run": "#!/usr/bin/python\n",
        "run.py": "",
        "my-script.py": "",
        "a.b.py": "",
        "a/b.py": "",
        "q.py": "",
        "q/__init__.py": "",
    }
    result = named(tmp_path, files)
    assert modules(result) == {
        "a.b.py": "a.b",
        "a/b.py": "a/b.py",
        "m.py": "m",
        "m.pyi": "m.pyi",
        "my-script.py": "my-script",
        "only.pyi": "only",
        "q.py": "q.py",  # Python imports the package
        "q/__init__.py": "q",
        "run": "./run",
        "run.py": "run",
    }
    twice = [p["path"] for p in result.problems.to_pylist()]
    assert twice == ["a/b.py", "q.py"]
    assert len(set(result.files["file_id"].to_pylist())) == len(files)
