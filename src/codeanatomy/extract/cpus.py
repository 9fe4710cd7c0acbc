"""How many processes may this one keep busy?"""

import os
from collections.abc import Iterator
from pathlib import Path


def usable_cpus(root: Path = Path("/")) -> int:
    """CPUs that this process may run on, within the quota of its control groups; at least 1."""
    if hasattr(os, "sched_getaffinity"):
        allowed = len(os.sched_getaffinity(0))
    else:
        allowed = os.cpu_count() or 1
    return max(1, min([allowed, *_quotas(root)]))


def _quotas(root: Path) -> Iterator[int]:
    """Quotas of the process's control group and those above, in whole CPUs, rounded up."""
    groups = root / "proc/self/cgroup"
    for line in groups.read_text().splitlines() if groups.exists() else ():
        if line.startswith("0::"):
            group = root / "sys/fs/cgroup" / line[3:].lstrip("/")
            for file in (folder / "cpu.max" for folder in (group, *group.parents)):
                if file.exists() and not (quota := file.read_text().split())[0].startswith("max"):
                    yield -(-int(quota[0]) // int(quota[1]))
