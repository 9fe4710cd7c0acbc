"""Who writes and who reads: one writer by lock, any number of readers by pins.

Both are `flock`s and die with their process, kill -9 included, so nothing stale is ever guessed at.
Network file systems without `flock` are not covered.
"""

import contextlib
import fcntl
import os
import socket
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import msgspec

from codeanatomy.facts.errors import StoreError

_Holder = tuple[int, str, float]  # what the lock file says of the writer: pid, host, since when


@contextlib.contextmanager
def writer_lock(path: Path) -> Iterator[None]:
    """Hold the writer lock; StoreError naming the writer that holds it already."""
    try:
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise StoreError(
            f"{path.parent} cannot be written ({error.strerror}); choose another folder with --out"
        ) from error
    with contextlib.ExitStack() as at_the_end:
        at_the_end.callback(os.close, handle)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StoreError(_held(handle, path)) from None
        holder: _Holder = (os.getpid(), socket.gethostname(), time.time())
        os.ftruncate(handle, 0)
        os.pwrite(handle, msgspec.json.encode(holder), 0)  # for the next one's message
        at_the_end.callback(os.ftruncate, handle, 0)
        yield


def _held(handle: int, path: Path) -> str:
    try:
        pid, host, since = msgspec.json.decode(os.pread(handle, 4096, 0), type=_Holder)
    except msgspec.DecodeError:
        return f"{path.parent} is being written by another process; wait or stop it"
    age = max(0.0, time.time() - since)
    return f"{path.parent} is being written by pid {pid} on {host} for {age:.0f} s; wait or stop it"


@contextlib.contextmanager
def reader_pin(readers: Path, number: int) -> Iterator[None]:
    """Keep a snapshot's files while reading; in a folder that cannot be written, without a mark."""
    while True:
        path = readers / f"{number}.{os.getpid()}.{uuid.uuid4().hex[:8]}"
        handle = None
        try:
            handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o644)
        except OSError:  # read-only file system, foreign owner, folder gone: nobody cleans there
            break
        fcntl.flock(handle, fcntl.LOCK_SH)
        if os.fstat(handle).st_nlink:
            break
        os.close(handle)  # the clean-up took it for a dead reader's between open and lock
    try:
        yield
    finally:
        if handle is not None:
            path.unlink(missing_ok=True)
            os.close(handle)


def pinned(readers: Path) -> set[int]:
    """Numbers of the snapshots that living readers hold; marks of dead readers are removed."""
    held: set[int] = set()
    for path in sorted(readers.iterdir()):
        number = path.name.partition(".")[0]
        if not number.isdecimal():
            continue
        try:
            handle = os.open(path, os.O_RDWR)
        except OSError:  # another user's reader, or one that has just gone: no harm in waiting
            held.add(int(number))
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            path.unlink(missing_ok=True)
        except BlockingIOError:
            held.add(int(number))
        finally:
            os.close(handle)
    return held
