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
    """Quotas of the process's control groups and those above, in whole CPUs, rounded up."""
    groups = root / "proc/self/cgroup"
    for line in groups.read_text().splitlines() if groups.exists() else ():
        number, controllers, path = line.split(":", 2)
        if number == "0" or "cpu" in controllers.split(","):
            group = root / "sys/fs/cgroup" / ("cpu" if controllers else "") / path.lstrip("/")
            for folder in (group, *group.parents):
                most, period = _quota(folder)
                if most not in ("", "max", "-1"):
                    yield -(-int(most) // int(period))


def _quota(folder: Path) -> list[str]:
    """The CPU time of a control group, and the period it is granted for."""
    for names in (["cpu.max"], ["cpu.cfs_quota_us", "cpu.cfs_period_us"]):
        if all((folder / name).exists() for name in names):
            return " ".join((folder / name).read_text() for name in names).split()
    return ["", ""]
