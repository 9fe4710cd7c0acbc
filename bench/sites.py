"""Call sites with a target on Django's source distribution, and the solve's rounds and wide places.

A target is a definition, or a name rooted in an import or a builtin. With --large the ten large
packages too; their bars are rounds and wide places.
"""

import argparse
import json
import sys
import tempfile
from pathlib import Path

import ask
from corpora import LARGE, fetch

ANSWERED = 0.88
ROUNDS = 60
WIDE = 0.01
FACTS = ("rounds", "places", "wide")  # of the snapshot's "resolution"
TARGETS = """
SELECT e.src, count(*) AS targets, max(CASE WHEN n.external THEN 0 ELSE 1 END) AS inside
FROM edges e JOIN nodes n ON n.node_id = e.dst
WHERE e.kind = 'CALL' AND e.origin != 'implicit' GROUP BY e.src
"""
PER_SIZE = f"SELECT targets, inside, count(*) AS sites FROM ({TARGETS}) GROUP BY targets, inside"
REASONS = """
SELECT reason, count(DISTINCT node_id) AS sites FROM unresolved WHERE what = 'call'
GROUP BY reason ORDER BY sites DESC, reason
"""


def percentile(sizes: dict[int, int], part: float) -> int:
    """The least size that this part of the sites does not exceed."""
    total, seen = sum(sizes.values()), 0
    for size in sorted(sizes):
        seen += sizes[size]
        if seen >= part * total:
            return size
    return 0


def measure(name: str, scratch: Path, answered_bar: bool) -> bool:
    """Prints a package's figures; whether all its bars are reached."""
    out = scratch / name
    ask.build(fetch(name), out)
    facts = json.loads(ask.answer("show", "snapshot", "--graph", out, "--format", "json"))
    sites = facts["call_sites"]
    sizes: dict[int, int] = {}
    inside = 0
    for row in ask.rows(out, PER_SIZE):
        count = int(row["sites"])
        sizes[int(row["targets"])] = sizes.get(int(row["targets"]), 0) + count
        inside += count * int(row["inside"])
    answered, total = sum(sizes.values()), sites["total"]
    share = answered / total
    print(f"\n{name}: {facts['files']:,} files, {total:,} call sites")
    verdict = f"(bar {ANSWERED}, {'ok' if share >= ANSWERED else 'MISSED'})" if answered_bar else ""
    print(f"  with a target {share:.3f} {verdict}; inside the repository {inside / total:.3f}")
    shares = (f"{what} {sites[what] / total:.3f}" for what in ("certain", "possible", "unresolved"))
    print("  " + ", ".join(shares))
    sizes_said = ", ".join(f"{p:.0%}: {percentile(sizes, p)}" for p in (0.5, 0.95, 0.99))
    print(f"  targets of a site with one: {sizes_said}, most: {max(sizes, default=0)}")
    reasons = {row["reason"]: int(row["sites"]) for row in ask.rows(out, REASONS)}
    for reason, count in reasons.items():
        print(f"  {count:8,} {100 * count / total:5.1f} %  unresolved: {reason}")
    other = sites["unresolved"] - sum(reasons.values())
    if other:
        print(f"  {other:8,} without a reason")
    return solved(facts.get("resolution")) and (share >= ANSWERED or not answered_bar)


def solved(facts: dict[str, int] | None) -> bool:
    """Prints how the solve went; whether its bars are reached."""
    if facts is None or any(name not in facts for name in FACTS):
        print(f"  MISSED: the snapshot has no facts resolution: {', '.join(FACTS)}")
        return False
    wide = facts["wide"] / max(1, facts["places"])
    good = facts["rounds"] <= ROUNDS and wide <= WIDE
    print(
        f"  {facts['rounds']} rounds (bar {ROUNDS}); {wide:.4f} of {facts['places']:,} places are "
        f"wide (bar {WIDE}): {'ok' if good else 'MISSED'}"
    )
    return good


def main() -> int:
    """Prints the figures; 1 when a bar is missed (0 with --report)."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", help=f"default: django; large ones: {', '.join(LARGE)}")
    parser.add_argument("--large", action="store_true", help="Django and the ten large packages")
    parser.add_argument("--report", action="store_true", help="print only, never fail")
    arguments = parser.parse_args()
    names = arguments.names or ["django", *(LARGE if arguments.large else ())]
    good = True
    for name in names:
        with tempfile.TemporaryDirectory(prefix="codeanatomy-bench-") as scratch:
            good &= measure(name, Path(scratch), name == "django")
    return int(not good and not arguments.report)


if __name__ == "__main__":
    sys.exit(main())
