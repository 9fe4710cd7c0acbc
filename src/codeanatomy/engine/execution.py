"""The one value that a run of the views goes through with: what is followed, where tables lie, and
the session. A second one inside a run is an error that names both."""

import contextlib
from collections.abc import Iterator, Mapping
from contextvars import ContextVar
from pathlib import Path

import msgspec
from datafusion import SessionContext

from codeanatomy.facts.errors import EngineError


class Execution(msgspec.Struct, frozen=True, eq=False):
    """Fingerprint of what is followed, the folder of each dataset on disk, and the session."""

    manifest: str
    locations: Mapping[str, Path]
    session: SessionContext

    @contextlib.contextmanager
    def only(self) -> Iterator["Execution"]:
        """Inside, in this thread and those that copy its context, boundaries accept no other."""
        token = _THE_ONE.set(self)
        try:
            yield self
        finally:
            _THE_ONE.reset(token)

    def passes(self, boundary: str) -> "Execution":
        """This execution, at a boundary; EngineError where the run began with another one."""
        one = _THE_ONE.get()
        if one is not self:
            began = f"that of {one.manifest[:12]}" if one else "none"
            raise EngineError(
                f"{boundary} was given the execution of {self.manifest[:12]}, but the run began "
                f"with {began}; please report this"
            )
        return self


_THE_ONE: ContextVar[Execution | None] = ContextVar("execution", default=None)
