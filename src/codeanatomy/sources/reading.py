"""How is a file of a scanned tree read without trusting it?

Only regular files are opened, without following a link in the last name unless asked, and without
waiting: a pipe put in a file's place never blocks.
"""

import contextlib
import hashlib
import os
import stat
from collections.abc import Iterator
from pathlib import Path

import msgspec

CHUNK = 1 << 20


class Digest(msgspec.Struct, frozen=True):
    """What one read of a file gives: 32 hex digits of blake2b, bytes, lines, id as a git blob."""

    content: str
    size: int
    lines: int
    blob: str


@contextlib.contextmanager
def opened(path: str | Path, follow: bool = False) -> Iterator[int]:
    """A descriptor of a regular file; OSError for everything else."""
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | (0 if follow else os.O_NOFOLLOW)
    descriptor = os.open(path, flags)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(0, "not a regular file")
        yield descriptor
    finally:
        os.close(descriptor)


def head(path: str | Path, limit: int, follow: bool = False) -> bytes:
    """The first bytes of a regular file, at most `limit`; OSError when it cannot be read."""
    with opened(path, follow) as descriptor, open(descriptor, "rb", closefd=False) as file:
        return file.read(limit)


def as_scanned(path: Path, size: int, content: str) -> bytes:
    """The bytes of a file, through links; OSError where they are not those that were scanned."""
    data = head(path, size + 1, follow=True)
    if hashlib.blake2b(data, digest_size=16).hexdigest() != content:
        raise OSError(0, "the file changed while it was read")
    return data


def text(path: str | Path, limit: int, follow: bool = False) -> str | None:
    """The text of a small regular file, undecodable bytes escaped; None when it cannot be read or
    is longer than `limit` bytes."""
    try:
        content = head(path, limit + 1, follow)
    except OSError:
        return None
    return None if len(content) > limit else content.decode("utf-8-sig", "surrogateescape")


def digest(path: str | Path, blob: bool, follow: bool = False) -> Digest:
    """Hashes a file piece by piece; the git blob id is '' unless asked for. OSError as it comes."""
    with opened(path, follow) as descriptor:
        size = os.fstat(descriptor).st_size
        content = hashlib.blake2b(digest_size=16)
        git = hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False) if blob else None
        read = lines = 0
        last = b""
        while part := os.read(descriptor, CHUNK):
            content.update(part)
            if git is not None:
                git.update(part)
            lines += part.count(b"\n") - (last == b"\r" and part.startswith(b"\n"))
            if b"\r" in part:  # lines end as Python counts them: LF, CR and CRLF
                lines += part.count(b"\r") - part.count(b"\r\n")
            read += len(part)
            last = part[-1:]
    lines += last not in (b"", b"\n", b"\r")
    return Digest(content.hexdigest(), read, lines, git.hexdigest() if git is not None else "")


def blob_id(content: bytes) -> str:
    """The id that git gives a blob with this content."""
    return hashlib.sha1(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
