"""Which files' rows are known already? A user's folder of packs, shared by all repositories."""

import os
import secrets
import shutil
import time
from collections.abc import Iterator, Set
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec

from codeanatomy.extract.pack import DamagedPack, Pack

LIMIT = 2 << 30  # bytes of all packs
MOST = 1 << 10  # packs: each costs 50 us to look into
_LAYOUT = "packs-1"
_DAY = 86_400.0


class Event(msgspec.Struct, frozen=True, order=True):
    """Something that made an extraction take another way than usual, and why."""

    kind: str
    reason: str


class Place(msgspec.Struct, frozen=True, eq=False):
    """Where a file's rows are: the pack, and the file's place in it."""

    pack: Pack
    ordinal: int


def default_cache() -> Path:
    """The user's cache: `CODEANATOMY_CACHE`, else `codeanatomy` in the system's cache folder."""
    if own := os.environ.get("CODEANATOMY_CACHE"):
        return Path(own).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "codeanatomy"


class Cache:
    """The packs of one cache folder that were made under one key; without a folder there are none.

    Packs come by renaming and go by deleting, so any number of processes may use a folder at once.
    A damaged pack counts as unknown, is deleted and told in `events`; a folder that cannot be used
    is told there, too, and `folder` is None from then on.
    """

    def __init__(self, folder: Path | None, key: str) -> None:
        self.events: list[Event] = []
        self.folder = folder and folder / _LAYOUT
        self._key = key
        with self._guard("opened"):
            if self.folder:
                self.folder.mkdir(parents=True, exist_ok=True)

    def find(self, contents: Set[str]) -> dict[str, Place]:
        """Places of the contents whose rows are known, in packs that were verified."""
        found: dict[str, Place] = {}
        with self._guard("read"):
            for path in sorted(self.folder.glob(f"{self._key}-*")) if self.folder else ():
                try:
                    pack = Pack(path)
                    places = {c: Place(pack, at) for at, c in enumerate(pack.contents)}
                    if wanted := places.keys() & contents - found.keys():
                        pack.verify()
                        os.utime(path)
                        found |= {content: places[content] for content in wanted}
                except FileNotFoundError:  # another process has cleaned up
                    continue
                except DamagedPack as error:
                    self.events.append(Event("cache-damaged", f"a pack was dropped: {error}"))
                    path.unlink(missing_ok=True)
        return found

    def adopt(self, path: str) -> None:
        """Take over a new pack's file."""
        with self._guard("written"):
            if self.folder:
                os.rename(path, self.folder / f"{self._key}-{secrets.token_hex(8)}")

    def trim(self, limit: int = LIMIT, most: int = MOST) -> None:
        """Delete the packs used longest ago until the rest fits, and what dead processes left."""
        with self._guard("cleaned"):
            packs = []
            for entry in os.scandir(self.folder) if self.folder else ():
                with suppress(FileNotFoundError):  # another process cleans up, too
                    facts = entry.stat()
                    if not entry.is_dir():
                        packs.append((facts.st_mtime, entry.path, facts.st_size))
                    elif facts.st_mtime < time.time() - _DAY:
                        shutil.rmtree(entry.path, ignore_errors=True)
            total = 0
            for rank, (_, path, size) in enumerate(sorted(packs, reverse=True)):
                total += size
                if total > limit or rank >= most:
                    Path(path).unlink(missing_ok=True)

    @contextmanager
    def _guard(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            self.folder = None
            self.events.append(Event("cache-unusable", f"the cache could not be {what}: {error}"))
