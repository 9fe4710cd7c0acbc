"""Where do worker processes come from, and how do all of them go away again?"""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Sequence
from mmap import mmap
from pathlib import Path
from types import TracebackType

from codeanatomy.extract.cpus import usable_cpus
from codeanatomy.extract.messages import (
    Broken,
    End,
    Ended,
    Fork,
    Forked,
    Message,
    Ready,
    Sweep,
    receive,
    send,
)
from codeanatomy.facts.errors import EngineError

PRELOAD = ("codeanatomy.extract.from_ast", "codeanatomy.extract.from_treesitter")
_BOOT = (
    "import json, sys\n"
    "path, arguments = json.loads(sys.argv[1])\n"
    "sys.path[:] = path\n"
    "from codeanatomy.extract.worker import main\n"
    "main(*arguments)\n"
)
_SINGLE = {
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "JE_ARROW_MALLOC_CONF": "background_thread:false",  # pyarrow's only thread: forks need none
}
_START_SECONDS = 120


class Worker:
    """One worker as its parent sees it: process id, socket, and the word it writes progress to."""

    def __init__(self, pid: int, connection: socket.socket, word: mmap) -> None:
        self.pid = pid
        self.connection = connection
        self._word = word

    def progress(self) -> int:
        """The worker's own note of what it is doing: job << 32 | state."""
        return int.from_bytes(self._word[:8], sys.byteorder)

    def close(self) -> None:
        """Hang up; the process ends by itself when it is idle."""
        self.connection.close()
        self._word.close()


class Pool:
    """A forkserver and its workers. Close it, or use it in `with`; it also ends with its parent."""

    def __init__(self, workers: int, preload: Sequence[str]) -> None:
        if not sys.executable:
            raise EngineError("sys.executable is empty; workers need a Python interpreter to run")
        self.size = workers
        self.cpu = 0.0  # of the workers that have ended
        self._folders = [Path(tempfile.mkdtemp(prefix="codeanatomy-"))]
        self._log = open(self._folders[0] / "log", "w+b")  # noqa: SIM115 - closed by _clean
        self._control, theirs = socket.socketpair()
        own = (theirs.fileno(), os.getpid(), str(self._folders[0]), tuple(preload))
        arguments = json.dumps((_import_path(), own))
        self._server = subprocess.Popen(
            [sys.executable, "-I", "-W", "ignore", "-c", _BOOT, arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=self._log,
            env=os.environ | _SINGLE,
            pass_fds=[theirs.fileno()],
            process_group=0,
        )
        theirs.close()
        self._ready = False
        self._workers: set[Worker] = set()
        self._close = weakref.finalize(
            self, _clean, os.getpid(), self._server, self._control, self._log, self._folders
        )

    def folder(self, above: Path | None = None) -> Path:
        """A new private folder, removed when the pool closes; inside `above`, else temporary."""
        if above is None:
            return Path(tempfile.mkdtemp(dir=self._folders[0]))
        made = Path(tempfile.mkdtemp(prefix="new-", dir=above))
        self._folders.append(made)
        self._tell(Sweep(str(made)))
        return made

    def fork(self) -> Worker:
        """A new worker; waits for the forkserver where it has not started up yet."""
        ours, theirs = socket.socketpair()
        with theirs, tempfile.TemporaryFile(dir=self._folders[0]) as file:
            file.truncate(8)
            word = mmap(file.fileno(), 8)
            answer = self._ask(Fork(), (theirs.fileno(), file.fileno()))
        if not isinstance(answer, Forked):
            raise EngineError(f"the forkserver answered {answer} when asked for a worker")
        worker = Worker(answer.pid, ours, word)
        self._workers.add(worker)
        return worker

    def end(self, worker: Worker) -> int:
        """Make sure that the worker is dead; its exit code, negative for a signal."""
        self._workers.discard(worker)
        worker.close()
        answer = self._ask(End(worker.pid))
        if not isinstance(answer, Ended):
            raise EngineError(f"the forkserver answered {answer} when asked to end a worker")
        self.cpu += answer.cpu
        return answer.code

    def rest(self) -> None:
        """End all workers; the forkserver stays for the next extraction."""
        for worker in sorted(self._workers, key=lambda w: w.pid):
            self.end(worker)

    def close(self) -> None:
        """Kill every process of the pool and remove its folders. May be called twice."""
        self._close()

    def __enter__(self) -> "Pool":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _tell(self, message: Message, descriptors: tuple[int, ...] = ()) -> None:
        try:
            if not self._ready:
                self._control.settimeout(_START_SECONDS)
                answer = receive(self._control)
                self._control.settimeout(None)
                if isinstance(answer, Broken):
                    raise EngineError(f"extraction workers cannot start: {answer.reason}")
                self._ready = isinstance(answer, Ready)
            send(self._control, message, descriptors)
        except (EOFError, OSError) as error:
            raise EngineError(f"extraction workers cannot start: {self._last_words()}") from error

    def _ask(self, message: Message, descriptors: tuple[int, ...] = ()) -> Message:
        self._tell(message, descriptors)
        try:
            return receive(self._control)
        except (EOFError, OSError) as error:
            raise EngineError(f"the forkserver of extraction died: {self._last_words()}") from error

    def _last_words(self) -> str:
        self._log.seek(0)
        lines = self._log.read()[-2000:].decode("utf-8", "replace").split("\n")
        return next((line for line in reversed(lines) if line.strip()), "it left no message")


def start(workers: int | None = None, preload: Sequence[str] = PRELOAD) -> Pool:
    """A pool that is starting up; returns at once. `workers`: as many as there are usable CPUs.

    `preload` names the modules that workers share; others are imported by each worker on its own.
    """
    return Pool(max(1, workers or usable_cpus()), preload)


def _import_path() -> list[str]:
    """The parent's import path without the current folder, which may be the hostile repository; the
    folder of this package is always on it."""
    here = os.getcwd()
    path = [entry for entry in sys.path if entry and os.path.abspath(entry) != here]
    home = str(Path(__file__).resolve().parents[2])
    return path if home in path else [*path, home]


def _clean(
    owner: int,
    server: "subprocess.Popen[bytes]",
    control: socket.socket,
    log: contextlib.AbstractContextManager[object],
    folders: list[Path],
) -> None:
    """Kill the forkserver's process group, which all workers belong to, and remove the folders."""
    if os.getpid() != owner:
        return  # a fork of the parent that exits; the pool is not its own
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(server.pid, signal.SIGKILL)
    server.wait()
    control.close()
    with log:
        pass
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
