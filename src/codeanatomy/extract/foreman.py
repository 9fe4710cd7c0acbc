"""Where do workers come from, which does which job, and what follows when one dies?

A foreman is a forkserver without the engine, in an interpreter of its own that `crew` starts and
ends. It imports what extraction needs once, then forks workers. It has one thread, so forking is
safe, and it outlives nobody: when the parent goes, it kills the workers, removes the folder of
packs and ends.
"""

import ctypes
import gc
import json
import os
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from mmap import mmap
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path

import msgspec
import pyarrow as pa

from codeanatomy.extract.batch import RUNNER, run_job
from codeanatomy.extract.messages import PATIENCE, Job, Limits, Work, receive, send
from codeanatomy.extract.witness import Extractor, trouble
from codeanatomy.extract.witnesses import standing_in
from codeanatomy.facts.errors import EngineError

ENGINES = ("datafusion", "deltalake")
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG
_FOREIGN = (signal.SIGKILL, signal.SIGTERM, signal.SIGHUP)  # by others: says little of the file
_LOOK = 0.1  # seconds between two looks at what workers use
ORDINALS = 2  # states of a worker before those that name a file
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
        folder = stack.enter_context(
            tempfile.TemporaryDirectory(prefix="new-", dir=above, ignore_cleanup_errors=True)
        )
        log = stack.enter_context(tempfile.TemporaryFile())
        ours, theirs = Pipe()
        with theirs:
            own = (theirs.fileno(), folder, tuple(modules))
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


class Worker:
    """A worker as the foreman sees it: its job, what it was seen doing last, and had used by then.

    The state is the worker's own word, in memory that it shares with the foreman.
    """

    def __init__(self, pid: int, pipe: Connection, word: memoryview) -> None:
        self.pid = pid
        self.pipe = pipe
        self.job: Job | None = None
        self._word = word
        self._seen = -1
        self._since = (0.0, 0.0, 0)

    @property
    def state(self) -> int:
        """0 while it reads files, 1 while it works on all of them at once, `ORDINALS` and more
        while it works on the file of that ordinal."""
        return int(self._word[0])

    def begin(self, job: Job) -> None:
        """Give it a job. If it is dead already, that will be seen like any death."""
        self.job, self._seen, self._word[0] = job, -1, 0
        with suppress(ConnectionError):
            send(self.pipe, job)

    def over(self, limits: Limits) -> tuple[str, str] | None:
        """Code and message of the limit that the work at hand breaks. A limit is measured from the
        moment at which the work was first seen, so it is granted late rather than early."""
        state = self.state
        now = (time.monotonic(), *used(self.pid))
        if state != self._seen:
            self._seen, self._since = state, now
            return None
        wall, cpu, memory = (a - b for a, b in zip(now, self._since, strict=True))
        files = 1 if state >= ORDINALS or self.job is None else len(self.job.items)
        seconds = limits.seconds * files  # work on several at once gets the seconds of all
        if memory > limits.memory:
            return "too-large", f"more than {limits.memory >> 20} MiB of memory were needed"
        if cpu > seconds:
            return "too-long", f"more than {limits.seconds:g} s of CPU time were needed"
        if wall > seconds * PATIENCE:
            return "too-long", f"no end after {limits.seconds * PATIENCE:g} s"
        return None

    def end(self) -> int:
        """Make sure that it is dead; its exit code, negative for a signal."""
        self.pipe.close()
        os.kill(self.pid, signal.SIGKILL)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def main(descriptor: int, folder: str, modules: Sequence[str]) -> None:
    """Serve the parent at the other end of the pipe until it goes; then remove the folder."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C and ends us
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.disable()  # trees hold no cycles: counting references frees them
    crew: list[Worker] = []
    try:
        extractors = standing_in(modules)
        if loaded := [name for name in ENGINES if name in sys.modules]:
            sys.exit(f"{', '.join(modules)} import the engine: {', '.join(loaded)}")
        pa.set_cpu_count(1)
        gc.collect()
        gc.freeze()
        with suppress(EOFError):
            _serve(Connection(descriptor), folder, extractors, crew)
    finally:
        for worker in crew:
            worker.end()
        shutil.rmtree(folder, ignore_errors=True)
    os._exit(0)  # no end of the interpreter, which would cost more than all of this


def _serve(
    control: Connection, folder: str, extractors: Sequence[Extractor], crew: list[Worker]
) -> None:
    """Have the work done, the largest job first, and tell the parent of each job that is done."""
    parent, work = os.getppid(), receive(control)
    assert isinstance(work, Work)
    asked = [extractor for extractor in extractors if extractor.name in work.extractors]
    queue, number = list(work.jobs[::-1]), 0
    while os.getppid() == parent:
        queue.sort(key=lambda job: sum(item.size for item in job.items))
        idle = [worker for worker in crew if worker.job is None]
        while queue and (idle or len(crew) < work.workers):
            if not idle:
                idle = [_fork(control, work, asked)]
                crew += idle
            number += 1
            pack = os.path.join(folder, str(number))
            idle.pop().begin(msgspec.structs.replace(queue.pop(), pack=pack))
        pipes = [control, *(worker.pipe for worker in crew)]
        ready = wait(pipes, min(_LOOK, work.limits.seconds / 5))
        if control in ready:
            more = receive(control)
            assert isinstance(more, Job)
            queue.append(more)
        for worker in crew[:]:
            broken = None
            if worker.pipe in ready:
                with suppress(EOFError):
                    send(control, receive(worker.pipe))
                    worker.job = None
                    continue
            elif worker.job is None or not (broken := worker.over(work.limits)):
                continue
            crew.remove(worker)
            queue += _rest(worker, broken)


def _rest(worker: Worker, broken: tuple[str, str] | None) -> list[Job]:
    """What a worker that died or broke a limit leaves of its job: all but the guilty file as
    before, and the guilty one alone, first without a tree, and then only as a problem; halves of
    the job where it is not known which file is guilty."""
    code = worker.end()
    if worker.job is None:
        return []
    items, witnesses, state = worker.job.items, worker.job.witnesses, worker.state
    if state < ORDINALS and len(items) > 1:
        half = len(items) // 2
        return [Job(items[:half], witnesses), Job(items[half:], witnesses)]
    how = signal.Signals(-code).name if code < 0 else f"exit code {code}"
    if not witnesses:
        sys.exit(f"a worker died while it only wrote a problem row ({how})")
    at = max(state - ORDINALS, 0)
    kind, message = broken or ("worker-killed", f"the worker ended: {how}")
    guilty = msgspec.structs.replace(
        items[at],
        problem=items[at].problem or trouble(RUNNER, kind, message),
        passing=items[at].passing or (broken is None and -code in _FOREIGN),
    )
    alone = Job((guilty,), witnesses=items[at].problem is None)
    others = items[:at] + items[at + 1 :]
    return [alone, Job(others)] if others else [alone]


def _fork(control: Connection, work: Work, extractors: Sequence[Extractor]) -> Worker:
    """A new worker, which does one job after the other."""
    server, word = os.getpid(), memoryview(mmap(-1, 8)).cast("q")
    ours, theirs = Pipe()
    pid = os.fork()
    if pid:
        theirs.close()
        return Worker(pid, ours, word)
    try:
        control.close()
        ours.close()
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
        while os.getppid() == server:
            job = receive(theirs)
            assert isinstance(job, Job)
            seconds = run_job(job, work, extractors, lambda n: word.__setitem__(0, n + ORDINALS))
            gc.collect()  # what is left of cycles in extractors; the imported world is frozen
            send(theirs, msgspec.structs.replace(job, seconds=seconds))
    finally:
        os._exit(1)  # never back into the foreman's loop, nor its clean-up


def used(pid: int) -> tuple[float, int]:
    """CPU seconds and resident bytes of a process; zeros where that cannot be known."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].split()
    except OSError:
        return 0.0, 0
    ticks, pages = int(fields[11]) + int(fields[12]), int(fields[21])
    return ticks / os.sysconf("SC_CLK_TCK"), pages * os.sysconf("SC_PAGE_SIZE")
