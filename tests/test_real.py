"""Laws on real repositories: fetched, built by the command line, asked by independent scripts."""

import warnings
from pathlib import Path

import pytest

import ask
import corpora
import laws
import names

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", ["requests", "flask", "click", "rich", "django"])
def test_laws_hold(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    warnings.simplefilter("ignore")
    tree = corpora.fetch(name)
    first = ask.build(tree, tmp_path / "graph", "--workers", "2")
    assert first["extracted"] == first["files"]
    broken = {law: found for law, found in laws.laws(tree, tmp_path / "graph").items() if found}
    assert not broken

    resolved = {
        (row["path"], int(row["bstart"]), int(row["bend"]))
        for row in ask.rows(tmp_path / "graph", names.HAS_CALL)
    }
    expected = names.sites(tree)
    assert len(expected) > 50
    missed = [site for site in expected if site[:3] not in resolved]
    assert len(missed) <= 0.05 * len(expected), missed[:20]

    hashes = ask.hashes(tmp_path / "graph")
    again = ask.build(tree, tmp_path / "graph", "--workers", "1")
    assert (again["extracted"], again["snapshot"]) == (0, first["snapshot"])
    ask.build(tree, tmp_path / "other", "--workers", "1", "--no-cache")
    assert ask.hashes(tmp_path / "other") == hashes
