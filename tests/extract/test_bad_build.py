"""All bad inputs as one repository: a build ends well, and every trouble is a row."""

from pathlib import Path

import codeanatomy
from tests.extract.bad_inputs import bad_inputs


def test_a_build_of_everything_bad_ends_well(tmp_path: Path) -> None:
    repo = tmp_path / "repo"
    repo.mkdir()
    inputs = bad_inputs()
    for name, content in inputs.items():
        (repo / f"{name}.py").write_bytes(content)
    (repo / "pipe.py").mkdir()
    (repo / "loop").symlink_to(repo)
    (repo / "gone.py").symlink_to(tmp_path / "nowhere.py")
    report = codeanatomy.build(repo, workers=2, cache=False)
    assert report.files >= 45
    assert "witness-failed" not in report.problems  # no witness of ours may raise on any of them
    assert {"syntax-error", "decode-error", "nul-byte", "too-deep"} <= report.problems.keys()
    with codeanatomy.open_graph(repo) as graph:
        places = graph.sql("SELECT path, message FROM problems").to_pylist()
    assert all(row["path"] and row["message"] for row in places)
