"""Where do worker processes come from, and how do all of them go away again?"""

import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing.connection import Connection, Pipe
from pathlib import Path

from codeanatomy.facts.errors import EngineError

_BOOT = (
    "import json, sys\n"
    "path, arguments = json.loads(sys.argv[1])\n"
    "sys.path[:] = path\n"
    "from codeanatomy.extract.foreman import main\n"
    "main(*arguments)\n"
)
_SINGLE = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1"),
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # pyarrow's only thread: forks need none
}
_END_SECONDS = 1.0


@contextmanager
def crew(modules: Sequence[str], above: Path | None = None) -> Iterator[Connection]:
    """A connection to a new foreman, which imports the modules and then waits for its work.

    Packs lie in a new folder inside `above` (else a temporary one). In the end all processes and
    that folder are gone; the foreman sees to it where this process dies. EngineError when the
    foreman is gone too early.
    """
    if not sys.executable:
        raise EngineError("sys.executable is empty; workers need a Python interpreter to run")
    # our import path without the current folder, which may be the hostile repository
    here, home = os.getcwd(), str(Path(__file__).resolve().parents[2])
    path = [entry for entry in sys.path if entry and os.path.abspath(entry) != here]
    path += [home] if home not in path else []
    with ExitStack() as stack:
        folder = tempfile.mkdtemp(prefix="new-", dir=above)
        stack.callback(shutil.rmtree, folder, ignore_errors=True)
        log = stack.enter_context(tempfile.TemporaryFile())
        ours, theirs = Pipe()
        with theirs:
            own = (theirs.fileno(), os.getpid(), folder, tuple(modules))
            foreman = subprocess.Popen(
                [sys.executable, "-I", "-W", "ignore", "-c", _BOOT, json.dumps((path, own))],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=log,
                env=os.environ | _SINGLE,
                pass_fds=[theirs.fileno()],
                process_group=0,
            )
        stack.callback(_end, ours, foreman)
        try:
            yield ours
        except (EOFError, ConnectionError) as error:
            log.seek(0)
            words = log.read()[-2000:].decode("utf-8", "replace").split("\n")
            last = next((line for line in reversed(words) if line.strip()), "no message was left")
            raise EngineError(f"the workers of extraction failed: {last}") from error


def usable_cpus(root: Path = Path("/")) -> int:
    """CPUs that this process may run on, within the quota of its control groups; at least 1."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min([allowed or 1, *_quotas(root)]))


def _end(control: Connection, foreman: "subprocess.Popen[bytes]") -> None:
    """Hang up, whereupon the foreman ends itself and its workers; kill them all if it does not."""
    control.close()
    try:
        foreman.wait(_END_SECONDS)
    except subprocess.TimeoutExpired:
        os.killpg(foreman.pid, signal.SIGKILL)
        foreman.wait()


def _quotas(root: Path) -> Iterator[int]:
    """Quotas of the process's control group and those above, in whole CPUs, rounded up."""
    groups = root / "proc/self/cgroup"
    for line in groups.read_text().splitlines() if groups.exists() else ():
        if line.startswith("0::"):
            group = root / "sys/fs/cgroup" / line[3:].lstrip("/")
            for file in (folder / "cpu.max" for folder in (group, *group.parents)):
                if file.exists() and not (quota := file.read_text().split())[0].startswith("max"):
                    yield -(-int(quota[0]) // int(quota[1]))
