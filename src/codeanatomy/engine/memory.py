"""Peak memory of this process and all its children, by sampling."""

import contextlib
import os
import resource
import threading
import time
from pathlib import Path
from types import TracebackType

_GROWTH = 1.02
_SHARE = 50  # looking takes at most 2 % of the time


class PeakMemory:
    """Largest sampled sum of PSS over the process tree while the block runs, in bytes.

    Where /proc is missing, the largest resident set of this process (`method` says which).
    """

    def __init__(self, every: float = 0.25) -> None:
        self.every = every
        self.peak = 0
        self._resident = 0
        self.method = "pss" if Path("/proc/self/smaps_rollup").exists() else "maxrss"
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "PeakMemory":
        if self.method == "pss":
            self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._done.set()
        if self.method == "pss":
            self._thread.join()

    def now(self) -> int:
        """The peak so far, in bytes."""
        if self.method == "maxrss":
            return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
        self._look()
        return self.peak

    def _watch(self) -> None:
        pause = self.every
        while not self._done.wait(pause):
            started = time.thread_time()
            self._look()
            pause = max(self.every, _SHARE * (time.thread_time() - started))

    def _look(self) -> None:
        # PSS walks page tables (10 ms per GB), the resident size is a counter: PSS is asked only
        # when that has grown
        resident = sum(_resident(pid) for pid in _tree(os.getpid()))
        if resident > self._resident * _GROWTH:
            self._resident = resident
            self.peak = max(self.peak, sum(_pss(pid) for pid in _tree(os.getpid())))


def _tree(root: int) -> list[int]:
    """The process and all its descendants that are still there."""
    found, todo = [], [root]
    while todo:
        one = todo.pop()
        found.append(one)
        with contextlib.suppress(OSError):
            for task in os.listdir(f"/proc/{one}/task"):
                children = Path(f"/proc/{one}/task/{task}/children").read_text(encoding="ascii")
                todo += [int(x) for x in children.split()]
    return found


def _resident(pid: int) -> int:
    with contextlib.suppress(OSError):
        return int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    return 0


def _pss(pid: int) -> int:
    with contextlib.suppress(OSError):
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="ascii")
        return next(int(x.split()[1]) for x in rollup.splitlines() if x.startswith("Pss:")) * 1024
    return 0
