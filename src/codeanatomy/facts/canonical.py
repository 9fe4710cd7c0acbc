"""Canonical JSON and fingerprints: equal values give equal bytes."""

import functools
import hashlib
from pathlib import Path

import msgspec


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no spaces; structs, dicts, lists and plain values."""
    return msgspec.json.encode(value, order="sorted")


def fingerprint(value: object) -> str:
    """32 hex digits over the canonical JSON of a value."""
    return digest(canonical(value))


def digest(data: bytes) -> str:
    """32 hex digits over bytes."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()


@functools.cache
def code_digest(*files: Path) -> str:
    """32 hex digits over our own code: this package's, or the files'. Taken once per process, near
    the time at which the code was imported."""
    package = Path(__file__).parents[1]
    found = files or tuple(sorted((*package.rglob("*.py"), *package.rglob("*.sql"))))
    return digest(b"".join(path.name.encode() + b"\0" + path.read_bytes() for path in found))
