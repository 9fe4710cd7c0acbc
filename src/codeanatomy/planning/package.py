"""What a run was made of, so that it can be repeated and compared."""

import msgspec

from codeanatomy.facts.canonical import fingerprint


class ExecutionPackage(msgspec.Struct, frozen=True):
    """Fingerprints of everything that decides what a run gives; equal ones give equal contents.

    `inputs`: repository, scope and code; `contents`: the content hash of each final table.
    """

    manifest: str
    policy: str
    capabilities: str
    plans: str
    session: str
    inputs: str
    contents: dict[str, str] = {}

    @property
    def id(self) -> str:
        """12 hex digits over all of it."""
        return fingerprint(self)[:12]
