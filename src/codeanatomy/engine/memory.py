"""Peak memory of this process and all its children, by sampling."""

import contextlib
import os
import re
import resource
import threading
import time
from pathlib import Path

_EVERY = 0.25  # seconds
_GROWTH = 1.02
_SHARE_OF_ALL = 0.7  # what a build may use of the machine's memory unless it is told
_TOTAL = re.compile(r"MemTotal:\s+(\d+) kB")
_SHARE = 50  # looking takes at most 2 % of the time


class PeakMemory:
    """Largest sampled sum of PSS over the process tree while the block runs, in bytes.

    Where /proc is missing, the largest resident set of this process (`method` says which).
    """

    def __init__(self) -> None:
        self.peak = 0
        self._resident = 0
        self.method = "pss" if Path("/proc/self/smaps_rollup").exists() else "maxrss"
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "PeakMemory":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._done.set()
        self._thread.join()

    def now(self) -> int:
        """The peak so far, in bytes."""
        if self.method == "maxrss":
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        self._look()
        return self.peak

    def _watch(self) -> None:
        pause = _EVERY
        while not self._done.wait(pause):
            started = time.thread_time()
            self._look()
            pause = max(_EVERY, _SHARE * (time.thread_time() - started))

    def _look(self) -> None:
        # PSS walks page tables (10 ms per GB), the resident size is a counter: PSS is asked only
        # when that has grown
        resident = _family("status", "VmRSS:")
        if resident > self._resident * _GROWTH:
            self._resident = resident
            self.peak = max(self.peak, _family("smaps_rollup", "Pss:"))


def _family(file: str, field: str) -> int:
    """Sum of a field of /proc, in bytes, over this process and all its living descendants."""
    total, todo = 0, [os.getpid()]
    while todo:
        folder = Path("/proc", str(todo.pop()))
        with contextlib.suppress(OSError):  # it has ended
            lines = (folder / file).read_text("ascii").splitlines()
            total += sum(int(line.split()[1]) << 10 for line in lines if line.startswith(field))
            for children in folder.glob("task/*/children"):
                todo += map(int, children.read_text("ascii").split())
    return total


def memory_limit() -> int | None:
    """Bytes that a run may use here: most of the machine's memory, or of what its control group
    allows; None where nobody says."""
    group = _text("/proc/self/cgroup").partition("0::")[2].strip("/\n")
    files = (f"{group}/memory.max", "memory.max", "memory/memory.limit_in_bytes")
    allowed = [_text(f"/sys/fs/cgroup/{file}").strip() for file in files]
    found = [int(text) for text in allowed if text.isdecimal()]
    found += [int(kilobytes) << 10 for kilobytes in _TOTAL.findall(_text("/proc/meminfo"))]
    return int(_SHARE_OF_ALL * min(found)) if found else None


def _text(file: str) -> str:
    """A small file; empty where there is none."""
    with contextlib.suppress(OSError):
        return Path(file).read_text("ascii")
    return ""
