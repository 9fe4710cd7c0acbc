"""How does a program of others run for us? Alone in a process group that ends with us, without our
environment, and within limits of time and memory; what it writes is data."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from codeanatomy.extract.foreman import used
from codeanatomy.extract.messages import PATIENCE, Limits

# sets limits of its own process, then becomes the program: nothing of ours runs after a fork
_BOOT = """import ctypes, os, resource, signal, sys
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]),) * 2)
os.execv(sys.argv[2], sys.argv[2:])
"""
LARGEST = 1 << 30  # bytes of any file that it writes
_LOOK = 0.05  # seconds between two looks at what it used


def run(
    command: Sequence[str], folder: Path, limits: Limits, environment: Mapping[str, str]
) -> str:
    """Why the command (a program's whole path first) did not end well, '' if it did. It runs in the
    folder until it ends or breaks a limit; its process group is gone afterwards."""
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            [sys.executable, "-I", "-c", _BOOT, str(LARGEST), *command],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env=dict(environment),
            process_group=0,
        )
        begin, over = time.monotonic(), ""
        try:
            while process.poll() is None and not over:
                over = _over(process.pid, time.monotonic() - begin, limits)
                time.sleep(_LOOK)
        finally:
            with suppress(ProcessLookupError):  # also what it may have left behind
                os.killpg(process.pid, signal.SIGKILL)
            code = process.wait()
        log.seek(max(0, log.seek(0, os.SEEK_END) - 2000))
        words = log.read().decode("utf-8", "replace").split("\n")
    last = next((line for line in reversed(words) if line.strip()), "no message was left")
    return over or (f"exit code {code}: {last:.300}" if code else "")


def _over(pid: int, wall: float, limits: Limits) -> str:
    """The limit that the process breaks, or ''."""
    cpu, memory = used(pid)
    if memory > limits.memory:
        return f"more than {limits.memory >> 20} MiB of memory were needed"
    if cpu > limits.seconds:
        return f"more than {limits.seconds:g} s of CPU time were needed"
    return f"no end after {wall:.0f} s" if wall > limits.seconds * PATIENCE else ""
