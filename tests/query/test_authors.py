"""Who wrote a line, from real repositories."""

from pathlib import Path

import pytest
from click.testing import CliRunner

import codeanatomy
from codeanatomy.app.cli.main import cli
from codeanatomy.facts.errors import UsageError
from tests.sources.trees import git, repository, tree


def test_a_line_has_an_author_and_a_time(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", {"pkg/a.py": "x = 1\ny = 2\n"})
    (root / "pkg/a.py").write_text("x = 1\ny = 3\n")
    when = "2020-02-03T04:05:06+07:00"
    git(root, "commit", "-qam", "y", "--author=Ada <ada@example.org>", f"--date={when}")
    (root / ".git/config").write_text("[broken")  # nothing of it is read
    codeanatomy.build(root, workers=1, cache=False)
    with codeanatomy.open_graph(root) as graph:
        commit, name, date = graph.written_by("pkg/a.py", 2)
        assert (name, date.isoformat()) == ("Ada", when)
        assert commit == graph.statement().commit
        assert graph.written_by("pkg/a.py", 1)[0] != commit
        assert graph.written_by("a.py", 2)[0] == commit  # the end of a path is enough
        with pytest.raises(UsageError, match="has no line 9"):
            graph.written_by("a.py", 9)
        asked = ["at", "pkg/a.py:2", "--author", "--graph", str(graph.store)]
        assert "by Ada, 2020-02-03" in CliRunner().invoke(cli, asked).output
    codeanatomy.build(root / "pkg", out=tmp_path / "below", workers=1, cache=False)
    with codeanatomy.open_graph(tmp_path / "below") as graph:
        assert graph.written_by("a.py", 2)[1] == "Ada"


def test_where_no_commit_knows_the_line_there_is_a_reason(tmp_path: Path) -> None:
    root = repository(tmp_path / "repo", {"a.py": "x = 1\n"})
    (root / "a.py").write_text("x = 2\n")
    (root / "new.py").write_text("x = 2\n")
    codeanatomy.build(root, workers=1, cache=False)
    with codeanatomy.open_graph(root) as graph:
        for path in ("a.py", "new.py"):
            with pytest.raises(UsageError, match="is not as committed"):
                graph.written_by(path, 1)
    plain = tree(tmp_path / "plain", {"a.py": "x = 1\n"})
    codeanatomy.build(plain, workers=1, cache=False)
    with codeanatomy.open_graph(plain) as graph, pytest.raises(UsageError, match="no commit"):
        graph.written_by("a.py", 1)
