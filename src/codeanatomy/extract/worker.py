"""How do workers come into being, and what does each do? A forkserver that never sees the engine.

The forkserver imports what extraction needs once, then forks workers as the parent asks for them.
It has one thread, so forking is safe, and it outlives nobody: when the parent goes, it kills the
workers, removes the parent's temporary folders and ends.
"""

import ctypes
import gc
import importlib
import os
import resource
import select
import shutil
import signal
import socket
import sys
import time
from collections.abc import Sequence
from mmap import mmap

import pyarrow as pa

from codeanatomy.extract.address import find
from codeanatomy.extract.batch import run_job
from codeanatomy.extract.messages import (
    ORDINALS,
    Broken,
    Done,
    End,
    Ended,
    Fork,
    Forked,
    Job,
    Message,
    Ready,
    Sweep,
    receive,
    receive_with,
    send,
)

ENGINES = ("datafusion", "deltalake")
_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG


def main(descriptor: int, parent: int, folder: str, preload: Sequence[str]) -> None:
    """Serve the parent at the other end of the socket until it goes; then remove its folder."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent hears Ctrl-C and ends us
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    gc.disable()  # trees hold no cycles: counting references frees them
    control = socket.socket(fileno=descriptor)
    for name in preload:
        importlib.import_module(name)
    loaded = [name for name in ENGINES if name in sys.modules]
    if loaded:
        send(control, Broken(f"{', '.join(preload)} import the engine: {', '.join(loaded)}"))
        sys.exit(1)
    pa.set_cpu_count(1)
    gc.collect()
    gc.freeze()
    folders, workers = [folder], set[int]()
    try:
        _answer(control, parent, folders, workers)
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        for each in folders:
            shutil.rmtree(each, ignore_errors=True)


def _answer(control: socket.socket, parent: int, folders: list[str], workers: set[int]) -> None:
    """Answer the parent's messages; returns when the parent is gone."""
    send(control, Ready())
    while os.getppid() == parent:
        if not select.select([control], [], [], 1.0)[0]:
            continue
        try:
            message, descriptors = receive_with(control, 2)
        except EOFError:
            return
        match message:
            case Fork():
                pid = _fork(control, *descriptors)
                workers.add(pid)
                send(control, Forked(pid))
            case End(pid):
                workers.discard(pid)
                send(control, _end(pid))
            case Sweep(folder):
                folders.append(folder)
            case _:
                raise TypeError(f"not for a forkserver: {message}")


def _fork(control: socket.socket, connection: int, word: int) -> int:
    """Process id of a new worker that serves the connection."""
    server = os.getpid()
    pid = os.fork()
    if pid:
        os.close(connection)
        os.close(word)
        return pid
    code = 1
    try:
        control.close()
        if sys.platform == "linux":
            ctypes.CDLL(None).prctl(_DEATH_SIGNAL, signal.SIGKILL)
        if os.getppid() == server:
            _work(socket.socket(fileno=connection), mmap(word, 8))
            code = 0
    finally:
        os._exit(code)  # never back into the forkserver's loop, nor its clean-up


def _end(pid: int) -> Ended:
    """Kill a worker that may already be dead; how it ended. A dead one keeps its own end."""
    os.kill(pid, signal.SIGKILL)
    _, status, cost = os.wait4(pid, 0)
    return Ended(os.waitstatus_to_exitcode(status), cost.ru_utime + cost.ru_stime)


def _work(connection: socket.socket, word: mmap) -> None:
    """Do one job after the other until the parent hangs up."""
    progress = memoryview(word).cast("q")
    while True:
        try:
            job = receive(connection)
        except EOFError:
            return
        if not isinstance(job, Job):
            raise TypeError(f"not for a worker: {job}")
        send(connection, _do(job, progress))


def _do(job: Job, progress: memoryview) -> Message:
    start = time.process_time()
    base = job.number << 32
    progress[0] = base
    extractors = [find(place) for place in job.extractors]

    def announce(ordinal: int) -> None:
        progress[0] = base | (ordinal + ORDINALS)

    done = run_job(job, extractors, announce)
    gc.collect()  # what is left of cycles in extractors; the imported world is frozen out of it
    return Done(done.number, done.passing, done.witnesses, time.process_time() - start)
