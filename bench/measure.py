"""What a command costs: CPU of its whole process tree, wall time, and peak memory."""

import ctypes
import os
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from statistics import median
from typing import NamedTuple

PR_SET_CHILD_SUBREAPER = 36
SAMPLES_PER_SECOND = 20


class Cost(NamedTuple):
    """What one run cost; peak is 0 where memory was not sampled."""

    cpu: float  # seconds, user + system, every process of the tree
    wall: float  # seconds
    peak: int  # bytes: largest sampled sum of PSS over the tree
    code: int
    out: str
    err: str


def run(
    command: Sequence[str | Path],
    *,
    environment: Mapping[str, str] | None = None,
    sample: bool = False,
    check: bool = True,
) -> Cost:
    """Cost of the command; orphans it leaves behind (a fork server) are waited for and counted."""
    _adopt_orphans()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        start = time.perf_counter()
        child = subprocess.Popen(
            [str(part) for part in command],
            stdout=out,
            stderr=err,
            stdin=subprocess.DEVNULL,
            env={**os.environ, **(environment or {})},
        )
        peak = _Peak() if sample else None
        cpu, code = 0.0, 0
        while True:
            try:
                pid, status, usage = os.wait4(-1, 0)
            except ChildProcessError:
                break
            cpu += usage.ru_utime + usage.ru_stime
            if pid == child.pid:
                code = child.returncode = os.waitstatus_to_exitcode(status)
                wall = time.perf_counter() - start
        highest = peak.stop() if peak else 0
        out.seek(0), err.seek(0)
        texts = [stream.read().decode(errors="replace") for stream in (out, err)]
    if check and code:
        shown = " ".join(str(part) for part in command)
        raise SystemExit(f"{shown}\nended with {code}:\n{texts[1][-3000:]}")
    return Cost(cpu, wall, highest, code, *texts)


def pairs(
    first: Callable[[], Cost], second: Callable[[], Cost], times: int
) -> tuple[list[Cost], list[Cost], float]:
    """Costs of both, run in turns (A B A B ...), and the median of the ratios of their CPU."""
    firsts, seconds = [], []
    for _ in range(times):
        firsts.append(first())
        seconds.append(second())
    ratio = median(a.cpu / b.cpu for a, b in zip(firsts, seconds, strict=True))
    return firsts, seconds, ratio


def tool() -> list[str]:
    """The command `codeanatomy` of the running interpreter's environment."""
    return [str(Path(sys.executable).with_name("codeanatomy"))]


def _adopt_orphans() -> None:
    if sys.platform != "linux":
        raise SystemExit("measuring a process tree needs Linux")
    if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
        raise OSError(ctypes.get_errno(), "prctl")


class _Peak:
    """Samples the sum of PSS over all descendants of this process until stopped."""

    def __init__(self) -> None:
        self._highest = 0
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._sample)
        self._thread.start()

    def stop(self) -> int:
        self._done.set()
        self._thread.join()
        return self._highest

    def _sample(self) -> None:
        while not self._done.wait(1 / SAMPLES_PER_SECOND):
            self._highest = max(self._highest, sum(map(_pss, _descendants(os.getpid()))))


def _descendants(root: int) -> list[int]:
    children: dict[int, list[int]] = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit():
            try:
                stat = Path("/proc", entry, "stat").read_text()
            except OSError:  # it ended meanwhile
                continue
            children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(entry))
    found, todo = [], children.get(root, [])
    while todo:
        found += todo
        todo = [child for pid in todo for child in children.get(pid, [])]
    return found


def _pss(pid: int) -> int:
    try:
        text = Path("/proc", str(pid), "smaps_rollup").read_text()
    except OSError:  # it ended meanwhile
        return 0
    lines = [line for line in text.splitlines() if line.startswith("Pss:")]
    return int(lines[0].split()[1]) * 1024 if lines else 0
