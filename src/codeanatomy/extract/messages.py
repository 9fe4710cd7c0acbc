"""What do parent, forkserver and workers say to each other? Framed msgpack over sockets."""

import socket
import struct

import msgspec

from codeanatomy.facts.tables.trouble import FileProblem

# A worker's progress word is job << 32 | state: 0 reads the files, 1 works on all of them at once,
# 2 and more: works on the file of ordinal state - ORDINALS.
ORDINALS = 2
_LENGTH = struct.Struct("!I")


class Ready(msgspec.Struct, frozen=True, tag=True):
    """Forkserver: everything is imported; fork at will."""


class Broken(msgspec.Struct, frozen=True, tag=True):
    """Forkserver: it cannot serve, and why."""

    reason: str


class Fork(msgspec.Struct, frozen=True, tag=True):
    """To the forkserver, with two file descriptors: the worker's socket and its progress word."""


class Forked(msgspec.Struct, frozen=True, tag=True):
    """Forkserver: the new worker's process id."""

    pid: int


class End(msgspec.Struct, frozen=True, tag=True):
    """To the forkserver: kill the worker if it still lives, and say how it ended."""

    pid: int


class Ended(msgspec.Struct, frozen=True, tag=True):
    """Forkserver: how a worker ended (negative: by that signal) and the CPU seconds it used."""

    code: int
    cpu: float


class Sweep(msgspec.Struct, frozen=True, tag=True):
    """To the forkserver: remove this folder should the parent die without doing so."""

    folder: str


class Item(msgspec.Struct, frozen=True):
    """One file of a job. With a problem it is not parsed: witnesses see a file without a tree."""

    file: int  # its number among the files of the run
    path: str
    content: str
    size: int
    problem: FileProblem | None = None
    passing: bool = False  # the problem may be gone in the next run


class Job(msgspec.Struct, frozen=True, tag=True):
    """To a worker: extract these files into this folder; extractors as `module:name`."""

    number: int
    repo: str
    folder: str
    fingerprint: str
    extractors: tuple[str, ...]
    items: tuple[Item, ...]


class Done(msgspec.Struct, frozen=True, tag=True):
    """Worker: the job's folder is complete.

    `passing` names the items (by their place in the job) whose rows say something about this run
    only, such as a file that could not be read; CPU seconds of witnesses and of the whole job.
    """

    number: int
    passing: tuple[int, ...]
    witnesses: float
    cpu: float


Message = Ready | Broken | Fork | Forked | End | Ended | Sweep | Job | Done
_decode: msgspec.msgpack.Decoder[Message] = msgspec.msgpack.Decoder(Message)
_encode = msgspec.msgpack.Encoder()


def send(to: socket.socket, message: Message, descriptors: tuple[int, ...] = ()) -> None:
    """Send one message, and file descriptors with it; OSError when the other side is gone."""
    body = _encode.encode(message)
    frame = _LENGTH.pack(len(body)) + body
    if descriptors:
        sent = socket.send_fds(to, [frame], list(descriptors))
        frame = frame[sent:]
    to.sendall(frame)


def receive(source: socket.socket) -> Message:
    """The next message; EOFError when the other side is gone."""
    (length,) = _LENGTH.unpack(_exactly(source, _LENGTH.size))
    return _decode.decode(_exactly(source, length))


def receive_with(source: socket.socket, most: int) -> tuple[Message, list[int]]:
    """The next message and the file descriptors that came with it."""
    head, descriptors, _, _ = socket.recv_fds(source, _LENGTH.size, most)
    if not head:
        raise EOFError
    head += _exactly(source, _LENGTH.size - len(head))
    (length,) = _LENGTH.unpack(head)
    return _decode.decode(_exactly(source, length)), list(descriptors)


def _exactly(source: socket.socket, count: int) -> bytes:
    parts = []
    while count:
        try:
            part = source.recv(min(count, 1 << 20))
        except ConnectionError:
            part = b""
        if not part:
            raise EOFError
        parts.append(part)
        count -= len(part)
    return b"".join(parts)
