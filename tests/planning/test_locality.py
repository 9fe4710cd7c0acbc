"""One file of a real package changes; what the plans predict of each view is held against all of
its rows: a local view changes in the rows of that file alone."""

import email
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

CHANGED = "message"  # a module that others import, with classes that others inherit from


def every_view(repo: Path, compiled: Compiled) -> dict[str, pa.Table]:
    """The rows of all views: a policy that keeps each as an output."""
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
        return steps.run_views(loose, evidence, planned, "off", run)[0]


@pytest.fixture(scope="module")
def runs(
    tmp_path_factory: pytest.TempPathFactory,
) -> tuple[Compiled, dict[str, pa.Table], dict[str, pa.Table]]:
    """The views over the standard library's `email`, and after a function of one file changed."""
    repo = tmp_path_factory.mktemp("real") / "email"
    shutil.copytree(Path(email.__file__).parent, repo, ignore=shutil.ignore_patterns("*.pyc"))
    compiled = compile_build([], {})
    before = every_view(repo, compiled)
    file = repo / f"{CHANGED}.py"
    text = file.read_text("utf-8")
    wanted = "def walk(self):" if "def walk(self):" in text else "def is_multipart(self):"
    assert wanted in text
    added = (
        f"# moved by a line\n    def added_here(self):\n        return repr(self)\n\n    {wanted}"
    )
    file.write_text(text.replace(wanted, added), "utf-8")
    return compiled, before, every_view(repo, compiled)


def outside(table: pa.Table, column: str, changed: int) -> Counter[str]:
    """The rows of other files, counted."""
    return Counter(str(row) for row in table.to_pylist() if row[column] != changed)


def test_local_views_change_in_the_changed_file_alone(
    runs: tuple[Compiled, dict[str, pa.Table], dict[str, pa.Table]],
) -> None:
    compiled, before, after = runs
    [changed] = [r["file_id"] for r in before["files"].to_pylist() if r["path"] == f"{CHANGED}.py"]
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


def test_views_that_read_no_changed_row_do_not_change(
    runs: tuple[Compiled, dict[str, pa.Table], dict[str, pa.Table]],
) -> None:
    compiled, before, after = runs
    same = {name for name in before if before[name].equals(after[name])}
    for name, facts in compiled.facts.items():
        if all(read in same for read in facts.tables):
            assert name in same, name
