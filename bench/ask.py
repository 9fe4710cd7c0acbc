"""Questions to a built graph, put through the command line as any user would."""

import csv
import io
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

csv.field_size_limit(1 << 30)


def rows(graph: Path, sql: str) -> Iterator[dict[str, str]]:
    """Rows of a query, every value as text."""
    yield from csv.DictReader(
        io.StringIO(answer("query", "--graph", graph, "--format", "csv", sql))
    )


def number(graph: Path, sql: str) -> int:
    """The one number that a query answers."""
    (row,) = rows(graph, sql)
    (value,) = row.values()
    return int(value)


def hashes(graph: Path) -> dict[str, str]:
    """Content hash of each table of the graph's snapshot."""
    tables = json.loads(answer("show", "snapshot", "--graph", graph, "--format", "json"))["tables"]
    return {table["table"]: table["content_hash"] for table in tables}


def build(repo: Path, out: Path, *more: str) -> dict[str, object]:
    """Builds the graph and returns the summary."""
    print(f"building {repo.name} into {out} {' '.join(more)}", file=sys.stderr)
    out_text = answer("build", repo, "--out", out, "--format", "json", *more)
    summary: dict[str, object] = json.loads(out_text)
    return summary


def answer(*words: str | Path) -> str:
    """What the command `codeanatomy` prints; ends this script when it fails."""
    tool = Path(sys.executable).with_name("codeanatomy")
    done = subprocess.run([tool, *words], capture_output=True, text=True, check=False)
    if done.returncode:
        shown = " ".join(map(str, words))
        raise SystemExit(
            f"codeanatomy {shown}\nended with {done.returncode}:\n{done.stderr[-3000:]}"
        )
    return done.stdout
