"""What a project depends on, from its own metadata and from an environment's."""

from pathlib import Path

import pytest

import codeanatomy
from codeanatomy.facts.errors import UsageError
from codeanatomy.sources.distributions import distributions

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


def read(root: Path, environment: Path | None = None) -> dict[str, tuple[object, ...]]:
    """Version, requirement and how it is known of each distribution."""
    projects = [path.name for path in root.iterdir() if path.is_file()]
    rows, _ = distributions(root, projects, environment)
    return {r["name"]: (r["version"], r["requirement"], r["known"]) for r in rows.to_pylist()}


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
    assert {"requests", "attrs", "nose"} <= read(tmp_path).keys()


@pytest.mark.parametrize(
    "content",
    ["[project\n", "[project]\ndependencies = 7\n", "[tool]\npoetry = 3\n", "\0", "[" * 9999],
)
def test_broken_metadata_says_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "pyproject.toml").write_text(content)
    assert read(tmp_path).keys() == {"python"}


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
    _, provided = distributions(project, [], venv / "bin/python")
    modules = [r["module"] for r in provided.to_pylist() if r["known"] == "installed"]
    assert sorted(modules) == ["_yaml", "google.cloud.storage", "single", "unused", "yaml"]
    (venv / "some/folder").mkdir(parents=True)
    for wrong in (tmp_path / "nowhere", venv / "some/folder"):
        with pytest.raises(UsageError, match="no site-packages"):
            read(project, wrong)


def test_external_things_are_of_a_distribution(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text(PYPROJECT)
    text = "import json, yaml, ujson, strange\njson.loads(''), yaml.load(''), ujson.dumps(1)\n"
    (tmp_path / "main.py").write_text(text)
    site = tmp_path / "venv/lib/python3.12/site-packages"
    installed(site, "PyYAML", "6.0", ["yaml/__init__.py"])
    (tmp_path / "venv/pyvenv.cfg").write_text("")
    codeanatomy.build(tmp_path, environment=tmp_path / "venv", workers=1, cache=False)
    with codeanatomy.open_graph(tmp_path) as graph:
        rows = graph.sql(
            "SELECT a.qualified_name AS symbol, b.name, e.certainty, e.origin FROM cpg_edges e "
            "JOIN cpg_nodes a ON a.node_id = e.src JOIN cpg_nodes b ON b.node_id = e.dst "
            "WHERE e.kind = 'PROVIDED_BY'"
        ).to_pylist()
        nodes = graph.sql("SELECT name FROM cpg_nodes WHERE kind = 'DEPENDENCY'")
    found = {row["symbol"]: (row["name"], row["certainty"], row["origin"]) for row in rows}
    assert found["json.loads"] == ("python", "certain", "standard library")
    assert found["yaml.load"] == ("pyyaml", "certain", "installed")
    assert found["ujson.dumps"] == ("ujson", "possible", "declared")
    assert not any(symbol.startswith("strange") for symbol in found)
    assert {"pyyaml", "ujson", "pytest", "python"} <= set(nodes["name"].to_pylist())
