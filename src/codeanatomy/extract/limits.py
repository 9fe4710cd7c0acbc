"""What may one file cost, and what has a worker used so far?"""

import os
from pathlib import Path

import msgspec

# Resident memory is what hurts a machine, so the parent watches that. RLIMIT_AS would count address
# space, of which allocators reserve a GiB at a time without touching it, and its failures abort
# native code inside a worker instead of naming the file.
WATCHED = Path("/proc/self/stat").exists()
PATIENCE = 6  # wall seconds granted per CPU second, so that a busy machine changes no graph


class Limits(msgspec.Struct, frozen=True):
    """The most that one file may cost a worker: CPU seconds, and bytes of resident memory more.

    By the wall clock a file gets six times its seconds, and where the system does not tell what
    another process used (no /proc), the wall clock alone counts and memory is not watched.
    """

    seconds: float = 10.0
    memory: int = 1 << 30


def used(pid: int) -> tuple[float, int]:
    """CPU seconds and resident bytes of a process; zeros where that cannot be known."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return 0.0, 0
    ticks, pages = int(fields[11]) + int(fields[12]), int(fields[21])
    return ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE")
