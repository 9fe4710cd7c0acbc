"""Canonical JSON and fingerprints: equal values give equal bytes."""

import hashlib

import msgspec


def canonical(value: object) -> bytes:
    """JSON with sorted keys and no spaces; structs, dicts, lists and plain values."""
    return msgspec.json.encode(value, order="sorted")


def fingerprint(value: object) -> str:
    """32 hex digits over the canonical JSON of a value."""
    return hashlib.blake2b(canonical(value), digest_size=16).hexdigest()
