"""The runner with the real witnesses, on our own code and on files that break them."""

from pathlib import Path

from codeanatomy.extract.run import extract
from codeanatomy.extract.witnesses import by_rank, witnesses
from codeanatomy.facts.ids import file_id
from tests.extract.files import written
from tests.extract.test_run import content, rows

FACTS = Path(__file__).parents[2] / "src/codeanatomy/facts"
BROKEN = {
    "broken.py": "def ok():\n    return 1\n\ndef f(:\n",
    "deep.py": "x = " + "-" * 5000 + "1\n",
    "nested.py": "(" * 900 + ")" * 900 + "\n",
    "empty.py": "",
    "again/empty.py": "",
}


def test_equal_bytes_for_any_workers_batches_and_cache(tmp_path: Path) -> None:
    texts = {str(p.relative_to(FACTS)): p.read_text() for p in FACTS.rglob("*.py")} | BROKEN
    repo, cache = tmp_path / "repo", tmp_path / "cache"
    files = written(repo, texts)
    first = extract(files, repo, by_rank(witnesses().values()), workers=2)
    single = extract(files, repo, by_rank(witnesses().values()), workers=2, batch_bytes=1)
    assert content(single) == content(first)
    extract(files.slice(3, 9), repo, by_rank(witnesses().values()), workers=2, cache=cache)
    mixed = extract(files, repo, by_rank(witnesses().values()), workers=2, cache=cache)
    assert (mixed.cached > 3, content(mixed)) == (True, content(first))
    alone = extract(files, repo, by_rank(witnesses().values()), workers=1, cache=cache)
    assert (alone.extracted, content(alone)) == (0, content(first))
    broken = {r["file_id"] for r in rows(first, "file_problem")}
    assert file_id("broken.py") in broken
    assert file_id("empty.py") not in broken
    assert {r["file_id"] for r in rows(first, "definition")} >= set(files["file_id"].to_pylist())
