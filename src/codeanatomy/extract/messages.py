"""What do the parent and its foreman say to each other? Msgpack over a pipe."""

from multiprocessing.connection import Connection
from pathlib import Path

import msgspec

from codeanatomy.facts.tables.trouble import FileProblem

# Resident memory is what hurts a machine, so the parent watches that. RLIMIT_AS would count address
# space, of which allocators reserve a GiB at a time without touching it, and its failures abort
# native code inside a worker instead of naming the file.
WATCHED = Path("/proc/self/stat").exists()
PATIENCE = 6  # wall seconds granted per CPU second, so that a busy machine changes no graph


class Limits(msgspec.Struct, frozen=True):
    """The most that one file may cost a worker: CPU seconds, and bytes of resident memory more.

    By the wall clock a file gets six times its seconds, and where the system does not tell what
    another process used (no /proc), the wall clock alone counts and memory is not watched.
    """

    seconds: float = 10.0
    memory: int = 1 << 30


class Item(msgspec.Struct, frozen=True):
    """One file of a job. With a problem it is not parsed: witnesses see a file without a tree."""

    path: str
    content: str
    size: int
    problem: FileProblem | None = None
    passing: bool = False  # the problem may be gone in the next run


class Job(msgspec.Struct, frozen=True, tag=True):
    """Files to extract into one pack, whose path is set in the answer that it is done.

    Without `witnesses` nobody looks at the files: they have no rows but their problems. The answer
    also holds the CPU seconds that each witness took.
    """

    items: tuple[Item, ...]
    witnesses: bool = True
    pack: str = ""
    seconds: dict[str, float] = {}


class Work(msgspec.Struct, frozen=True, tag=True):
    """What the foreman is to have done, by at most so many workers at once."""

    repo: str
    extractors: tuple[str, ...]
    wanted: dict[str, frozenset[str]]
    workers: int
    limits: Limits
    jobs: tuple[Job, ...]


Message = Work | Job
_decode: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)


def send(to: Connection, message: Message) -> None:
    """Send one message; ConnectionError when the other side is gone."""
    to.send_bytes(msgspec.msgpack.encode(message))


def receive(source: Connection) -> Message:
    """The next message; EOFError when the other side is gone."""
    try:
        return _decode.decode(source.recv_bytes())
    except OSError as error:
        raise EOFError from error
