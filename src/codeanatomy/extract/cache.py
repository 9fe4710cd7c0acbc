"""Which files' rows are known already? A user's folder of packs, shared by all repositories."""

import contextlib
import os
import secrets
import shutil
import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import pyarrow as pa

from codeanatomy.extract.pack import DamagedPack, Pack, open_pack

LIMIT = 2 << 30  # bytes of all packs
_LAYOUT = "rows-1"
_SCHEMA = (
    "CREATE TABLE IF NOT EXISTS pack"
    " (name TEXT PRIMARY KEY, bytes INTEGER NOT NULL, used REAL NOT NULL) WITHOUT ROWID",
    "CREATE TABLE IF NOT EXISTS entry (content TEXT, fingerprint TEXT, pack TEXT NOT NULL,"
    " ordinal INTEGER NOT NULL, PRIMARY KEY (fingerprint, content)) WITHOUT ROWID",
    "CREATE INDEX IF NOT EXISTS entry_pack ON entry (pack)",
)
_HOUR = 3600.0


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
    own = os.environ.get("CODEANATOMY_CACHE")
    if own:
        return Path(own).absolute()
    system = os.environ.get("XDG_CACHE_HOME")
    return (Path(system) if system else Path.home() / ".cache") / "codeanatomy"


class Cache:
    """The packs of one cache folder, as seen by one extraction.

    Two processes may use a folder at once. Whatever is damaged counts as unknown, is deleted and
    told in `events`; a folder that cannot be used at all is told there, too, and holds nothing.
    """

    def __init__(self, folder: Path, schemas: Mapping[str, pa.Schema], limit: int = LIMIT) -> None:
        self.events: list[Event] = []
        self.folder = folder / _LAYOUT
        self._packs = self.folder / "packs"
        self._index = self.folder / "index.sqlite"
        self._schemas = schemas
        self._limit = limit
        self._database: sqlite3.Connection | None = None
        with self._guard("opened"):
            self._packs.mkdir(parents=True, exist_ok=True)
            self._database = self._open()

    @property
    def usable(self) -> bool:
        """False when nothing can be read from or written to the folder."""
        return self._database is not None

    def find(self, contents: Sequence[str], fingerprint: str) -> dict[str, Place]:
        """Places of the contents whose rows are known, each pack verified and mapped once."""
        known: dict[str, list[tuple[str, int]]] = {}
        with self._guard("read"):
            for content, name, ordinal in self._rows(contents, fingerprint):
                known.setdefault(name, []).append((content, ordinal))
        places = {}
        for name, entries in sorted(known.items()):
            try:
                pack = open_pack(self._packs / name, self._schemas, verify=True)
                if pack.footer.fingerprint != fingerprint:
                    raise DamagedPack("it was made by other extractors")
                if any(pack.footer.contents[at : at + 1] != (text,) for text, at in entries):
                    raise DamagedPack("it holds other files than the index says")
            except DamagedPack as error:
                self.events.append(Event("cache-damaged", f"a pack was dropped: {error}"))
                with self._guard("cleaned"):
                    self._drop([name])
                continue
            places.update({content: Place(pack, ordinal) for content, ordinal in entries})
        with self._guard("written"):
            self._touch(sorted(known))
        return places

    def adopt(self, folder: Path, pack: Pack, passing: Sequence[int]) -> None:
        """Take over a finished pack's folder by renaming it; items in `passing` are not indexed."""
        with self._guard("written"):
            if self._database is None:
                return
            name = secrets.token_hex(12)
            os.rename(folder, self._packs / name)
            entries = [
                (content, pack.footer.fingerprint, name, ordinal)
                for ordinal, content in enumerate(pack.footer.contents)
                if ordinal not in set(passing)
            ]
            with self._writing() as database:
                database.execute(
                    "INSERT INTO pack VALUES (?, ?, ?)", (name, pack.size, time.time())
                )
                database.executemany("INSERT OR REPLACE INTO entry VALUES (?, ?, ?, ?)", entries)

    def close(self) -> None:
        """Keep the folder within its limit, and close the index."""
        with self._guard("cleaned"):
            if self._database is not None:
                self._evict()
                self._database.close()
        self._database = None

    def _open(self) -> sqlite3.Connection:
        database = sqlite3.connect(self._index, timeout=10, isolation_level=None)
        try:
            database.execute("PRAGMA journal_mode=WAL")
            database.execute("PRAGMA synchronous=NORMAL")
            for statement in _SCHEMA:
                database.execute(statement)
        except BaseException:
            database.close()
            raise
        return database

    @contextlib.contextmanager
    def _guard(self, what: str) -> Iterator[None]:
        """Make a failing folder or index an event; a damaged index is deleted with its packs."""
        try:
            yield
        except (OSError, sqlite3.OperationalError) as error:
            self._stop()
            self.events.append(Event("cache-unusable", f"the cache could not be {what}: {error}"))
        except sqlite3.DatabaseError as error:
            self._stop()
            self.events.append(Event("cache-damaged", f"the index was dropped: {error}"))
            for path in (self._index, *self.folder.glob(self._index.name + "-*")):
                path.unlink(missing_ok=True)
            shutil.rmtree(self._packs, ignore_errors=True)
            with contextlib.suppress(OSError, sqlite3.Error):
                self._packs.mkdir(parents=True, exist_ok=True)
                self._database = self._open()

    def _stop(self) -> None:
        if self._database is not None:
            self._database.close()
        self._database = None

    @contextlib.contextmanager
    def _writing(self) -> Iterator[sqlite3.Connection]:
        """One transaction that has the write lock from its start."""
        assert self._database is not None
        self._database.execute("BEGIN IMMEDIATE")
        try:
            yield self._database
        except BaseException:
            self._database.execute("ROLLBACK")
            raise
        self._database.execute("COMMIT")

    def _rows(self, contents: Sequence[str], fingerprint: str) -> Iterator[tuple[str, str, int]]:
        if self._database is None:
            return
        yield from self._database.execute(
            "SELECT content, pack, ordinal FROM entry WHERE fingerprint = ?"
            " AND content IN (SELECT value FROM json_each(?))",
            (fingerprint, msgspec.json.encode(contents).decode()),
        )

    def _touch(self, names: Sequence[str]) -> None:
        """Note that packs were used; at most once an hour each, so that reading rarely writes."""
        if self._database is None:
            return
        now = time.time()
        marks = ",".join("?" * len(names))
        query = f"SELECT name FROM pack WHERE used < ? AND name IN ({marks})"
        stale = self._database.execute(query, (now - _HOUR, *names)).fetchall()
        if stale:
            with self._writing() as database:
                database.executemany(
                    "UPDATE pack SET used = ? WHERE name = ?", [(now, name) for (name,) in stale]
                )

    def _drop(self, names: Sequence[str]) -> None:
        """Forget packs, then delete them: a reader that comes between finds nothing, not half."""
        if self._database is None:
            return
        with self._writing() as database:
            for table, column in (("entry", "pack"), ("pack", "name")):
                database.executemany(
                    f"DELETE FROM {table} WHERE {column} = ?", [(name,) for name in names]
                )
        for name in names:
            shutil.rmtree(self._packs / name, ignore_errors=True)

    def _evict(self) -> None:
        """Drop the packs used longest ago until the rest fits, and what dead processes left."""
        assert self._database is not None
        packs = self._database.execute(
            "SELECT name, bytes FROM pack ORDER BY used, name"
        ).fetchall()
        total = sum(size for _, size in packs)
        victims = []
        for name, size in packs:
            if total <= self._limit:
                break
            victims.append(name)
            total -= size
        if victims:
            self._drop(victims)
        known = {name for name, _ in packs}
        old = time.time() - 24 * _HOUR
        for path in (*self._packs.iterdir(), *self.folder.glob("new-*")):
            with contextlib.suppress(OSError):  # another process may clean up at the same time
                if path.name not in known and path.stat().st_mtime < old:
                    shutil.rmtree(path, ignore_errors=True)
