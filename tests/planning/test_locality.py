"""One file of a real package changes; what the plans predict of each view is held against all of
its rows: a local view changes in the rows of that file alone."""

import json
import shutil
from collections import Counter
from pathlib import Path

import msgspec
import pyarrow as pa
import pytest

from codeanatomy import steps
from codeanatomy.compiled import Compiled, compile_build
from codeanatomy.planned import machine
from codeanatomy.planning.schedule import schedule
from codeanatomy.report import Run
from codeanatomy.sources.scan import scan
from tests.plans.random_views import broken, changed

CHANGED = "json/decoder.py"  # a module that others import, with classes that others inherit from


def every_view(repo: Path, compiled: Compiled) -> dict[str, pa.Table]:
    """The rows of all views, and of the evidence: a policy that keeps each as an output."""
    with Run(None) as run:
        evidence = steps.gather(scan(repo), compiled, run, workers=1, cache=False)
        evidence = steps.resolve(evidence, compiled)
        planned, evidence, _ = steps.prepare(compiled, evidence, None, machine(), "warn")
        policy = planned.policy
        for view in policy.section("cache"):
            policy = policy.edited("cache", view, "output")
        known = planned.known
        order = schedule(known.tasks, known.estimates, policy.section("cache"), machine())
        planned = msgspec.structs.replace(planned, policy=policy, schedule=order)
        # views that nobody keeps may hold NULL where those that read them filter it out
        schemas = {n: pa.schema(f.with_nullable(True) for f in s)
                   for n, s in compiled.inferred.schemas.items()}  # fmt: skip
        inferred = msgspec.structs.replace(compiled.inferred, schemas=schemas)
        loose = msgspec.structs.replace(compiled, inferred=inferred)
        tables = dict(evidence.tables)
        return tables | steps.run_views(loose, evidence, planned, "off", run)[0]


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Compiled, dict[str, pa.Table], dict[str, pa.Table]]:
    """The views over the standard library's `json`, and after a function of one file changed."""
    repo = tmp_path_factory.mktemp("real")
    shutil.copytree(
        Path(json.__file__).parent, repo / "json", ignore=shutil.ignore_patterns("*.pyc")
    )
    compiled = compile_build([], {})
    before = every_view(repo, compiled)
    file = repo / CHANGED
    text = file.read_text("utf-8")
    wanted = "def decode(self, s"
    assert wanted in text
    call = "return scanner.py_make_scanner(self)"  # of another file
    added = f"# moved by a line\n    def added_here(self):\n        {call}\n\n    {wanted}"
    file.write_text(text.replace(wanted, added), "utf-8")
    return compiled, before, every_view(repo, compiled)


def outside(table: pa.Table, column: str, changed: int) -> Counter[str]:
    """The rows of other files, counted."""
    return Counter(str(row) for row in table.to_pylist() if row[column] != changed)


def test_local_views_change_in_the_changed_file_alone(
    runs: tuple[Compiled, dict[str, pa.Table], dict[str, pa.Table]],
) -> None:
    compiled, before, after = runs
    [changed] = [r["file_id"] for r in before["files"].to_pylist() if r["path"] == CHANGED]
    local = {n: f.grain for n, f in compiled.facts.items() if f.grain.absolute == "local"}
    assert len(local) > 25
    differing = 0
    for name, grain in local.items():
        assert grain.column is not None
        assert outside(before[name], grain.column, changed) == outside(
            after[name], grain.column, changed
        ), name
        differing += before[name].to_pylist() != after[name].to_pylist()
    assert differing > 10  # the change was one


def test_other_views_change_where_their_paths_lead(
    runs: tuple[Compiled, dict[str, pa.Table], dict[str, pa.Table]],
) -> None:
    compiled = runs[0]
    read = {leaf.table for facts in compiled.facts.values() for leaf in facts.leaves}
    old, new = ({name: one[name] for name in read | compiled.facts.keys()} for one in runs[1:])
    tally: Counter[str] = Counter()
    for name, facts in compiled.facts.items():
        really = changed(old[name], new[name], old[name].column_names)
        assert broken(facts, really, old, new, tally) is None, name
    for kind in ("local", "coupled", "keyed"):
        assert tally[f"{kind} changed"], tally


def test_views_that_read_no_changed_row_do_not_change(
    runs: tuple[Compiled, dict[str, pa.Table], dict[str, pa.Table]],
) -> None:
    compiled, before, after = runs
    same = {name for name in before if before[name].equals(after[name])}
    for name, facts in compiled.facts.items():
        if all(read in same for read in facts.tables):
            assert name in same, name
