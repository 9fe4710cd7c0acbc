"""Canonical JSON and fingerprints: equal values give equal bytes."""

import functools
import hashlib
from pathlib import Path

import msgspec

_CODE = ("*.py", "*.sql")


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
    """32 hex digits over our own code: this package's and those that lie beside it, or the files'.
    Taken once per process, near the time at which the code was imported."""
    ours = Path(__file__).parents[2].glob("codeanatomy*")
    found = files or tuple(sorted(p for one in ours for kind in _CODE for p in one.rglob(kind)))
    return digest(b"".join(path.name.encode() + b"\0" + path.read_bytes() for path in found))
