"""What a build is asked for: layers, witnesses on demand, and plug-ins that are installed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

import codeanatomy
from codeanatomy.compiled import Asked, compile_graph, evidence_schemas
from codeanatomy.cpg.kinds import EDGE_KINDS, LAYERS, NODE_KINDS, selected
from codeanatomy.cpg.model import model
from codeanatomy.facts.errors import UsageError
from codeanatomy.planned import plan
from codeanatomy.semantic.declare import Entity, Relation

MAIN = "from codeanatomy.app.cli.main import main; main()"
SOURCE = {"shop.py": "def price(x):\n    if x:\n        return x\n    return 1\n\n\nprice(2)\n"}
PLUGIN = '''
from collections.abc import Mapping
from typing import Annotated

import pyarrow as pa

from codeanatomy.extract.witness import Extractor, evidence_schema
from codeanatomy.facts import types as t
from codeanatomy.facts.tables import Located, Witnessed
from codeanatomy.semantic.declare import Entity, Property, Relation


class Todo(Located, frozen=True):
    """A line that somebody means to come back to."""

    name: Annotated[str, t.CODED, t.NAME]


class Todos:
    def __init__(self, wanted):
        self.rows = []

    def add(self, ordinal, source):
        for number, line in enumerate(source.content.splitlines(), 1):
            if b"TODO" in line:
                start = source.content.index(line)
                end = start + len(line)
                place = (7000 + number, None, None, "Todo", "", 0)
                self.rows.append((ordinal, *place, start, end, number, line.decode()))
        return True

    def finish(self):
        schema = evidence_schema(Todo)
        names = ("file", "node", "parent", "container", "construct", "role", "position")
        names += ("bstart", "bend", "line", "name")
        rows = [dict(zip(names, row)) for row in self.rows]
        return {"todo": pa.Table.from_pylist(rows, schema=schema)}


EXTRACTOR = Extractor("todos", 1, 50, (Todo,), Todos)
TODO = Entity(name="todo", table="todo", kind="TODO")
OF = Relation(name="rel_todo_of", kind="TODO_OF", left=("todo",), src=t.NODE, dst=t.FILE,
              origin="todos")
'''
SURVEY = '''
from typing import Annotated

import msgspec

from codeanatomy.extract.witness import Survey, Surveyed, Trouble
from codeanatomy.facts import types as t
from codeanatomy.facts.ids import MODULE_KEY
from codeanatomy.facts.schema import table_of
from codeanatomy.semantic.declare import Relation


class Owned(msgspec.Struct, frozen=True):
    """A module and its file, as somebody else says."""

    file_id: Annotated[int, t.FILE]
    node: Annotated[int, t.NODE]


def read(repo, files, roots, asked):
    if asked == "fail":
        raise ValueError("told to fail")
    rows = [(file_id, MODULE_KEY) for file_id in files["file_id"].to_pylist()]
    trouble = Trouble("unreadable", f"asked with {asked!r} about {repo.name}, roots {roots}")
    return Surveyed({"owned": table_of(Owned, sorted(rows))}, (trouble,))


OWNERS = Survey("owners", 1, (Owned,), read)
OF = Relation(name="rel_owned", kind="SOURCE_FILE", left=("owned",), src=t.NODE, dst=t.FILE,
              origin="owners", adds="owners", fused=True)
'''
Repository = Callable[[dict[str, str]], Path]


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A repository of one small file."""
    folder = tmp_path / "shop"
    folder.mkdir()
    for name, text in SOURCE.items():
        (folder / name).write_text(text)
    return folder


def edges(folder: Path) -> set[str]:
    with codeanatomy.open_graph(folder) as graph:
        return set(graph.sql("SELECT DISTINCT kind FROM cpg_edges")["kind"].to_pylist())


def test_every_kind_is_of_a_layer() -> None:
    assert {k.layer for k in (*NODE_KINDS, *EDGE_KINDS)} <= LAYERS.keys()
    assert selected(()) == {}
    assert selected(LAYERS)[Relation] == {k.kind for k in EDGE_KINDS}
    assert selected(LAYERS)[Entity] == {k.kind for k in NODE_KINDS}


def test_a_layer_runs_only_what_its_rows_need() -> None:
    everything, syntax = plan(), plan(layers=["syntax"])
    assert len(syntax.views) < len(everything.views)
    reads = {table for view in syntax.views for table in view.reads}
    assert not {"flow_edge", "control", "def_use", "external"} & reads
    compiled = compile_graph(evidence_schemas(), None, Asked(selected(["syntax"])))
    assert not compiled.solves
    assert not {"constraint", "constraint_site", "flow_edge", "member"} & compiled.wanted.keys()
    assert "dominator" not in compiled.wanted["syntax"]


def test_one_kind_brings_its_layers_nodes_and_the_syntax() -> None:
    kinds = selected(["CFG"])
    assert "METHOD_RETURN" in kinds[Entity]
    assert "EXTERNAL" not in kinds[Entity]
    assert "CFG" in kinds[Relation]
    assert "AST" in kinds[Relation]
    assert "CDG" not in kinds[Relation]


@pytest.mark.parametrize("layer", [*LAYERS, "CFG"])
def test_a_layer_alone_is_a_sound_graph(shop: Path, layer: str) -> None:
    report = codeanatomy.build(shop, layers=[layer], workers=1, cache=False)
    assert edges(shop) <= selected([layer])[Relation]
    assert {*report.edges} == edges(shop)
    assert (report.call_sites is None) == (layer != "meaning")


def test_questions_that_need_a_missing_layer_say_so(shop: Path) -> None:
    codeanatomy.build(shop, layers=["syntax"], workers=1, cache=False)
    with (
        codeanatomy.open_graph(shop) as graph,
        pytest.raises(UsageError, match="built without CALL edges"),
    ):
        graph.callers("price")
    report = codeanatomy.build(shop, workers=1, cache=False)
    assert report.new_snapshot  # what was asked is part of what a snapshot is of
    with codeanatomy.open_graph(shop) as graph:
        assert graph.callers("price").num_rows == 1


def test_what_there_is_not_is_named(shop: Path) -> None:
    with pytest.raises(UsageError, match=r"no layer 'flaw'.* did you mean 'flow'"):
        codeanatomy.build(shop, layers=["flaw"])
    with pytest.raises(UsageError, match="no witness 'as'; did you mean 'ast'"):
        codeanatomy.build(shop, witnesses={"as": ""})


def test_witnesses_are_told_with_what_they_gave(shop: Path) -> None:
    codeanatomy.build(shop, workers=1, cache=False)
    with codeanatomy.open_graph(shop) as graph:
        rows = {row["subject"]: row for row in graph.artifact("witnesses").to_pylist()}
    assert rows["ast"]["files"] == 1
    assert rows["ast"]["rows"] > 20
    assert rows["ast"]["seconds"] > 0
    assert rows["treesitter"]["files"] == rows["treesitter"]["rows"] == 0


def test_edges_that_several_relations_give_are_one() -> None:
    again = msgspec.structs.replace(model().relations["rel_cfg"], name="rel_again", fused=True)
    ours = model()
    both = msgspec.structs.replace(ours, relations={**ours.relations, "rel_again": again})
    compiled = compile_graph(evidence_schemas(), both)
    [fused] = [view for view in compiled.views if view.name == "fused_cfg"]
    assert set(fused.inputs) == {"rel_cfg", "rel_again"}
    assert "GROUP BY" in compiled.sql["fused_cfg"]
    assert "fused_cfg" in compiled.facts["edges"].tables
    alone = compile_graph(evidence_schemas())
    unions = [view.name for view in alone.views if view.kind == "union"]
    assert not any("GROUP BY" in alone.sql[name] for name in unions)


def installed(folder: Path, name: str, text: str) -> None:
    """A distribution whose entry point names a module of ours."""
    facts = folder / f"{name}-1.0.dist-info"
    facts.mkdir(parents=True)
    (folder / f"{name}.py").write_text(text)
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(f"[codeanatomy.extractors]\n{name} = {name}\n")


def run(*words: str, path: Path) -> "subprocess.CompletedProcess[str]":
    """The command line with that folder on its import path."""
    command = [sys.executable, "-c", MAIN, *words]
    environment = os.environ | {"PYTHONPATH": str(path)}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_a_plugin_brings_its_tables_nodes_and_edges(shop: Path, tmp_path: Path) -> None:
    installed(tmp_path / "site", "todo_plugin", PLUGIN)
    installed(tmp_path / "site", "broken_plugin", "import nothing_of_that_name\n")
    (shop / "later.py").write_text("x = 1\n# TODO: think\n")
    built = run("build", str(shop), "--format", "json", path=tmp_path / "site")
    assert built.returncode == 0, built.stderr
    report = json.loads(built.stdout)
    assert (report["nodes"]["TODO"], report["edges"]["TODO_OF"]) == (1, 1)
    assert report["problems"] == {"plugin-failed": 1}
    with codeanatomy.open_graph(shop) as graph:
        [node] = graph.sql("SELECT name, line FROM cpg_nodes WHERE kind = 'TODO'").to_pylist()
        [problem] = graph.sql("SELECT message FROM problems").to_pylist()
        rows = {row["subject"]: row for row in graph.artifact("witnesses").to_pylist()}
    assert node == {"name": "# TODO: think", "line": 2}
    assert "nothing_of_that_name" in problem["message"]
    assert (rows["todos"]["files"], rows["todos"]["rows"]) == (1, 1)


def test_a_plugins_survey_speaks_on_demand_and_its_edges_are_fused(
    shop: Path, tmp_path: Path
) -> None:
    for number in range(300):  # more groups than a small code can count
        (shop / f"m{number}.py").write_text("")
    installed(tmp_path / "site", "owner_plugin", SURVEY)

    def facts(*words: str) -> tuple[dict[str, int], set[str], list[str]]:
        built = run("build", str(shop), "--format", "json", *words, path=tmp_path / "site")
        assert built.returncode == 0, built.stderr
        with codeanatomy.open_graph(shop) as graph:
            edges = graph.sql(
                "SELECT a.kind, e.evidence FROM cpg_edges e JOIN cpg_nodes a ON a.node_id = e.src "
                "WHERE e.kind = 'SOURCE_FILE' AND a.kind = 'NAMESPACE_BLOCK'"
            )
            messages = graph.sql("SELECT message FROM problems")["message"].to_pylist()
        counts = json.loads(built.stdout)["edges"]
        return counts, {word for row in edges["evidence"].to_pylist() for word in row}, messages

    alone, without, quiet = facts()
    both, witnesses, told = facts("--with", "owners=HERE")
    assert both == alone  # the same edges, each once
    assert (without, witnesses) == ({"ast"}, {"ast", "owners"})
    assert (quiet, told) == ([], ["asked with 'HERE' about shop, roots ['']"])
    again, _, failed = facts("--with", "owners=fail")
    assert again == alone
    assert failed == ["ValueError: told to fail"]


def test_two_witnesses_of_one_name_are_an_error(shop: Path, tmp_path: Path) -> None:
    installed(tmp_path / "site", "twice", PLUGIN.replace('"todos", 1, 50', '"ast", 1, 50'))
    built = run("build", str(shop), path=tmp_path / "site")
    assert built.returncode == 2
    assert "two declarations are called 'ast'" in built.stderr
