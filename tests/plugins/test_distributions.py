"""What a project depends on, from its own metadata and from an environment's: a plug-in."""

from pathlib import Path

import pytest

import codeanatomy
from codeanatomy.extract.witness import Surveyed
from codeanatomy.sources.scan import scan
from codeanatomy_distributions.survey import SURVEY

PYPROJECT = """
[project]
dependencies = ["PyYAML >= 6", "typing_extensions; python_version < '3.12'"]
[project.optional-dependencies]
fast = ["ujson[extra]~=5.0"]
[dependency-groups]
dev = ["pytest", {include-group = "docs"}]
[tool.poetry.dependencies]
python = "^3.11"
tomli_w = { version = "1.0", optional = true }
"""
SETUP = """
[options]
install_requires =
    requests >=2,
    attrs
[options.extras_require]
test = nose
"""


def installed(site: Path, name: str, version: str, files: list[str]) -> None:
    """The metadata that an installer leaves."""
    facts = site / f"{name}-{version}.dist-info"
    facts.mkdir(parents=True)
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (facts / "RECORD").write_text("".join(f"{file},,\n" for file in files))


def surveyed(root: Path, environment: Path | str = "") -> Surveyed:
    """What the witness says of a folder."""
    return SURVEY.read(root, scan(root).files, (), str(environment))


def read(root: Path, environment: Path | str = "") -> dict[str, tuple[object, ...]]:
    """Version, requirement and how it is known of each distribution."""
    rows = surveyed(root, environment).tables["distribution"].to_pylist()
    return {r["name"]: (r["version"], r["requirement"], r["known"]) for r in rows}


def modules(root: Path, environment: Path) -> list[str]:
    """The modules that distributions of the environment provide."""
    rows = surveyed(root, environment).tables["provided_module"].to_pylist()
    return sorted(r["module"] for r in rows if r["known"] == "installed")


def test_requirements_of_a_pyproject(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    found = read(tmp_path)
    assert found.pop("python")[2] == "standard library"
    assert found == {
        "pyyaml": (None, ">= 6", "declared"),
        "typing-extensions": (None, "; python_version < '3.12'", "declared"),
        "ujson": (None, "[extra]~=5.0", "declared"),
        "pytest": (None, "", "declared"),
        "tomli-w": (None, "", "declared"),
    }


def test_requirements_of_a_setup_cfg(tmp_path: Path) -> None:
    (tmp_path / "setup.cfg").write_text(SETUP)
    assert read(tmp_path).keys() == {"python", "requests", "attrs", "nose"}


def test_project_files_are_those_beside_and_above_what_was_scanned(tmp_path: Path) -> None:
    for folder in ("", "deep", "deep/below", "other"):
        (tmp_path / folder).mkdir(exist_ok=True)
        name = folder.rpartition("/")[2] or "top"
        (tmp_path / folder / "pyproject.toml").write_text(f"project.dependencies = ['{name}']")
    (tmp_path / "deep/below/a.py").write_text("")
    (tmp_path / "other/notes.txt").write_text("")
    assert read(tmp_path).keys() == {"python", "top", "deep", "below"}


@pytest.mark.parametrize(
    "content",
    [
        *("[project\n", "[project]\ndependencies = 7\n", "[tool]\npoetry = 3\n", "\0", "[" * 9999),
        *("[project]\ndependencies = [7, {a = 'b'}, ['c'], '?']\n", "project = []\n"),
    ],
)
@pytest.mark.parametrize("name", ["pyproject.toml", "setup.cfg"])
def test_broken_metadata_says_nothing(tmp_path: Path, name: str, content: str) -> None:
    (tmp_path / name).write_text(content)
    assert read(tmp_path).keys() == {"python"}


def test_metadata_of_another_encoding_is_read(tmp_path: Path) -> None:
    (tmp_path / "setup.cfg").write_bytes(b"[options]\ninstall_requires = a ; \xe9\n")
    assert read(tmp_path)["a"] == (None, "; ?", "declared")


def test_an_environment_says_what_provides_a_module(tmp_path: Path) -> None:
    project, venv = tmp_path / "project", tmp_path / "venv"
    site = venv / "lib/python3.12/site-packages"
    files = ["yaml/__init__.py", "yaml/nodes.py", "_yaml/__init__.py", "../../bin/x.py"]
    installed(site, "PyYAML", "6.0", files)
    installed(site, "google-cloud", "2", ["google/cloud/storage/__init__.py", "single.py"])
    installed(site, "unused", "1", ["unused/__init__.py"])
    project.mkdir()
    (project / "pyproject.toml").write_text(PYPROJECT)
    assert read(project, venv)["pyyaml"] == ("6.0", ">= 6", "installed")
    (venv / "bin").mkdir()
    (venv / "bin/python").write_text("")
    for given in (venv, venv / "bin/python"):
        found = modules(project, given)
        assert found == ["_yaml", "google.cloud.storage", "single", "unused", "yaml"]


def test_an_environment_that_there_is_not_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "some/folder").mkdir(parents=True)
    for wrong in (tmp_path / "nowhere", tmp_path / "some/folder"):
        found = surveyed(tmp_path, wrong)
        [problem] = found.problems
        assert problem.code == "tool-failed"
        assert "no site-packages" in problem.message
        assert found.tables == surveyed(tmp_path).tables


def test_what_an_installer_left_broken_says_nothing(tmp_path: Path) -> None:
    site = tmp_path / "venv/lib/python3.12/site-packages"
    for name in ("good", "bad", "worse"):
        installed(site, name, "1", [f"{name}.py"])
    (site / "bad-1.dist-info/METADATA").write_bytes(b"Name: \xff\n")
    (site / "worse-1.dist-info/RECORD").write_bytes(b"\xff.py,,\n")
    (site / "empty-1.dist-info").mkdir()
    (tmp_path / "project").mkdir()
    assert modules(tmp_path / "project", tmp_path / "venv") == ["good"]


def test_external_things_are_of_a_distribution(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    text = "import json, yaml, ujson, strange, spaced.far.off\n"
    text += "json.loads(''), yaml.load(''), ujson.dumps(1)\n"
    (tmp_path / "main.py").write_text(text)
    site = tmp_path / "venv/lib/python3.12/site-packages"
    installed(site, "PyYAML", "6.0", ["yaml/__init__.py"])
    installed(site, "spaced", "1", ["spaced.py", "spaced/far/off.py"])  # one thing, two modules
    (tmp_path / "venv/pyvenv.cfg").write_text("")
    asked = {"distributions": str(tmp_path / "venv")}
    codeanatomy.build(tmp_path, witnesses=asked, workers=1, cache=False)
    with codeanatomy.open_graph(tmp_path) as graph:
        rows = graph.sql(
            "SELECT a.qualified_name AS symbol, b.name, e.certainty, e.origin, e.evidence "
            "FROM cpg_edges e "
            "JOIN cpg_nodes a ON a.node_id = e.src JOIN cpg_nodes b ON b.node_id = e.dst "
            "WHERE e.kind = 'PROVIDED_BY'"
        ).to_pylist()
        nodes = graph.sql("SELECT name FROM cpg_nodes WHERE kind = 'DEPENDENCY'")
    found = {row["symbol"]: (row["name"], row["certainty"], row["origin"]) for row in rows}
    assert found["json.loads"] == ("python", "certain", "standard library")
    assert found["spaced.far.off"] == ("spaced", "certain", "installed")
    assert {word for row in rows for word in row["evidence"]} == {"distributions"}
    assert found["yaml.load"] == ("pyyaml", "certain", "installed")
    assert found["ujson.dumps"] == ("ujson", "possible", "declared")
    assert not any(symbol.startswith("strange") for symbol in found)
    assert {"pyyaml", "ujson", "pytest", "python"} <= set(nodes["name"].to_pylist())


def test_a_build_speaks_of_distributions_only_when_asked(tmp_path: Path) -> None:
    (tmp_path / "main.py").write_text("import json\njson.loads('')\n")
    counted = [
        codeanatomy.build(tmp_path, witnesses=asked, workers=1, cache=False)
        for asked in ({}, {"distributions": ""})
    ]
    without, given = ({**one.nodes, **one.edges} for one in counted)
    assert given.pop("DEPENDENCY") == 1
    assert given.pop("PROVIDED_BY") > 1
    assert given == without


def test_the_query_of_the_readme_lists_what_is_used(tmp_path: Path) -> None:
    readme = Path(__file__).parents[2] / "plugins/distributions/README.md"
    query = readme.read_text("utf-8").partition("```sql\n")[2].partition("```")[0]
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    (tmp_path / "main.py").write_text("import json, yaml\njson.loads(''), yaml.load('')\n")
    codeanatomy.build(tmp_path, witnesses={"distributions": ""}, workers=1, cache=False)
    with codeanatomy.open_graph(tmp_path) as graph:
        rows = {row["distribution"]: row for row in graph.sql(query).to_pylist()}
    assert rows["python"]["symbols"] > 1
    assert rows["ujson"] == {
        "distribution": "ujson",
        "version": None,
        "requirement": "[extra]~=5.0",
        "known": "declared",
        "symbols": 0,
    }
