"""Peak memory of this process and all its children, by sampling."""

import os
import resource
import threading
from pathlib import Path
from types import TracebackType


class PeakMemory:
    """Largest sampled sum of PSS over the process tree while the block runs, in bytes.

    Where /proc is missing, the largest resident set of this process (`method` says which).
    """

    def __init__(self, every: float = 0.25) -> None:
        self.every = every
        self.peak = 0
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
        self.peak = max(self.peak, _tree_pss(os.getpid()))
        return self.peak

    def _watch(self) -> None:
        while not self._done.wait(self.every):
            self.peak = max(self.peak, _tree_pss(os.getpid()))


def _tree_pss(pid: int) -> int:
    total, todo = 0, [pid]
    while todo:
        one = todo.pop()
        try:
            rollup = Path(f"/proc/{one}/smaps_rollup").read_text(encoding="ascii")
            total += next(int(x.split()[1]) for x in rollup.splitlines() if x.startswith("Pss:"))
            for task in os.listdir(f"/proc/{one}/task"):
                children = Path(f"/proc/{one}/task/{task}/children").read_text(encoding="ascii")
                todo += [int(x) for x in children.split()]
        except (OSError, StopIteration):  # the process ended while it was looked at
            continue
    return total * 1024
