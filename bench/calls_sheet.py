"""A sheet of random call sites with all their targets, for a person to read and judge.

Drawn by seed from Django's source distribution: certain sites and possible ones, in equal number.
Verdicts: `right` (certain: entirely right; possible: it contains the true target) or `wrong`, then
why. With --count the verdicts of filled sheets are counted against the bars.
"""

import argparse
import random
import re
import sys
import tempfile
from collections import Counter
from pathlib import Path

import ask
from corpora import fetch

SHEETS = Path(__file__).parent / "sheets"
BARS = {"certain": 0.98, "possible": 0.90}
ALL = "SELECT src, certainty, path, bstart FROM calls"
CHOSEN = """
SELECT src, caller, callee, callee_kind, callee_path, callee_line, confidence, origin, path, line,
       bstart, bend
FROM calls WHERE src IN ({ids}) ORDER BY path, bstart, confidence DESC, callee
"""
AROUND = 2  # lines of context before and after
VERDICT = re.compile(r"^## \d+\. (\w+)|^- verdict: *(\w*)", re.MULTILINE)
Rows = list[dict[str, str]]


def draw(graph: Path, count: int, seed: int) -> list[tuple[str, Rows]]:
    """(certainty, one row per target) of each chosen site, by place; same seed, same sites as
    long as their certainty is the same."""
    places: dict[str, tuple[str, int]] = {}
    doubtful: set[str] = set()
    for row in ask.rows(graph, ALL):
        places[row["src"]] = (row["path"], int(row["bstart"]))
        if row["certainty"] != "certain":
            doubtful.add(row["src"])
    chosen = []
    for certainty in BARS:
        sites = [s for s in places if (s in doubtful) == (certainty == "possible")]
        # each site has its own number, so that a site that comes or goes moves no other
        sites.sort(key=lambda s: random.Random(f"{seed} {places[s]}").random())
        picked = sorted(sites[:count], key=lambda s: places[s])
        rows: dict[str, Rows] = {site: [] for site in picked}
        for row in ask.rows(graph, CHOSEN.format(ids=", ".join(picked))):
            rows[row["src"]].append(row)
        chosen += [(certainty, rows[site]) for site in picked]
    return chosen


def sheet(sites: list[tuple[str, Rows]], repo: Path) -> str:
    """The sites as Markdown: source lines, what is called, all targets, a verdict to fill in."""
    parts = []
    for number, (certainty, targets) in enumerate(sites, 1):
        first = targets[0]
        content = (repo / first["path"]).read_bytes()
        text = content[int(first["bstart"]) : int(first["bend"])].decode(errors="replace")
        lines, line = content.decode(errors="replace").splitlines(), int(first["line"])
        begin, end = max(1, line - AROUND), min(len(lines), line + AROUND)
        parts += [
            f"## {number}. {certainty}: {first['path']}:{line}",
            "",
            f"in `{first['caller']}`: `{' '.join(text.split())[:100]}`",
            "",
            "```python",
            *(f"{n:5}{'>' if n == line else ' '} {lines[n - 1]}" for n in range(begin, end + 1)),
            "```",
            "",
            *(
                f"- `{t['callee']}` {t['callee_kind']} "
                + (f"{t['callee_path']}:{t['callee_line']} " if t["callee_path"] else "")
                + f"{t['confidence']} {t['origin']}"
                for t in targets
            ),
            "- verdict: ",
            "",
        ]
    return "\n".join(parts)


def counted(text: str) -> dict[str, Counter[str]]:
    """Verdicts of a filled sheet by certainty."""
    found: dict[str, Counter[str]] = {certainty: Counter() for certainty in BARS}
    certainty = ""
    for match in VERDICT.finditer(text):
        if match[1]:
            certainty = match[1]
        else:
            found[certainty][match[2] or "open"] += 1
    return found


def judge(sheets: list[Path]) -> int:
    """Prints the share of right verdicts; 1 when a bar is missed or a verdict is open."""
    total: dict[str, Counter[str]] = {certainty: Counter() for certainty in BARS}
    for path in sheets:
        for certainty, verdicts in counted(path.read_text()).items():
            total[certainty] += verdicts
    good = True
    for certainty, verdicts in total.items():
        share = verdicts["right"] / max(1, verdicts.total())
        reached = share >= BARS[certainty] and not verdicts["open"]
        good &= reached
        said = ", ".join(f"{count} {verdict}" for verdict, count in sorted(verdicts.items()))
        print(
            f"{certainty}: {said}: {share:.3f} (bar {BARS[certainty]}, "
            f"{'ok' if reached else 'MISSED'})"
        )
    return int(not good)


def main() -> int:
    """Writes the sheet, or counts filled ones."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--graph", type=Path, help="of Django; default: it is built")
    parser.add_argument("--sites", type=int, default=100, help="of each certainty (default: 100)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, help="default: bench/sheets/calls-SEED.md")
    parser.add_argument("--count", type=Path, nargs="+", metavar="SHEET", help="count verdicts")
    parser.add_argument("--report", action="store_true", help="with --count: never fail")
    arguments = parser.parse_args()
    if arguments.count:
        return judge(arguments.count) and not arguments.report
    out = arguments.out or SHEETS / f"calls-{arguments.seed}.md"
    with tempfile.TemporaryDirectory(prefix="codeanatomy-bench-") as scratch:
        graph = arguments.graph or Path(scratch)
        if not arguments.graph:
            ask.build(fetch("django"), graph)
        sites = draw(graph, arguments.sites, arguments.seed)
    if out.exists():
        raise SystemExit(f"{out} exists; its verdicts would be lost")
    out.parent.mkdir(parents=True, exist_ok=True)
    out.write_text(sheet(sites, fetch("django")))
    print(out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
