"""The store: one folder that holds the graph's tables and their snapshots.

    .gitignore            `*`: the folder ignores itself
    format.json           which layout this is
    lock, readers/, tmp/  one writer, many readers, work in progress
    tables/<name>/        Delta tables
    snapshots/<n>.json    immutable manifests; the highest whole one is current
    snapshots/<n>/<name>/ the data files of that version, as hard links

Opening and reading load no engine; committing loads Parquet and Delta. A store may have come with
the repository that is scanned, so nothing in it is trusted: links among its own entries are
refused, and what the clean-up deletes lies inside the folder.
"""

import contextlib
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import pyarrow as pa

from codeanatomy.engine import manifest
from codeanatomy.engine.lock import reader_pin, writer_lock
from codeanatomy.engine.manifest import Snapshot
from codeanatomy.facts.errors import StoreError

FORMAT = 3
FOLDERS = ("tables", "snapshots", "readers", "tmp")
_OWN = {*FOLDERS, ".gitignore", "format.json", "lock"}


class Format(msgspec.Struct, frozen=True):
    """What `format.json` says."""

    format: int
    made_by: str = "codeanatomy"


class Store:
    """A store folder. Nothing is read or made before `open` or `create`."""

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self._locked = False

    def create(self) -> "Store":
        """The store, made where there is none. StoreError for a folder that holds other things."""
        self._refuse_links()
        if (self.path / "format.json").exists():
            return self.open()
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            foreign = sorted(entry.name for entry in self.path.iterdir() if entry.name not in _OWN)
            if foreign:
                raise StoreError(
                    f"{self.path} is no store and not empty (it holds {foreign[0]}); "
                    "choose another folder with --out"
                )
            self._make_folders()
            (self.path / ".gitignore").write_text("*\n", encoding="ascii")
            draft = self.path / "tmp" / f"format.{os.getpid()}"
            draft.write_bytes(msgspec.json.encode(Format(FORMAT)))
            manifest.fsync(draft)
            draft.replace(self.path / "format.json")
            manifest.fsync(self.path)
        except OSError as error:
            raise StoreError(
                f"cannot make a store in {self.path} ({error.strerror}); "
                "choose another folder with --out"
            ) from error
        return self

    def open(self) -> "Store":
        """The store, checked. StoreError with the next step: absent, damaged, another format."""
        self._refuse_links()
        try:
            raw = (self.path / "format.json").read_bytes()
            found = msgspec.json.decode(raw, type=Format)
        except (FileNotFoundError, NotADirectoryError) as error:
            raise StoreError(
                f"no graph in {self.path}; run `codeanatomy build` first, or name one with --graph"
            ) from error
        except OSError as error:
            raise StoreError(
                f"{self.path} cannot be read ({error.strerror}); check its permissions"
            ) from error
        except msgspec.MsgspecError as error:
            raise StoreError(
                f"the store {self.path} is damaged (format.json: {error}); "
                "delete it and build again"
            ) from error
        if found.format != FORMAT:
            raise StoreError(
                f"the store {self.path} has format {found.format}, this version reads {FORMAT}; "
                "delete it and build again, or use the version of codeanatomy that made it"
            )
        return self

    @contextlib.contextmanager
    def lock(self) -> Iterator[None]:
        """Be the one writer; StoreError naming the other one if there is one."""
        self._refuse_links()
        with writer_lock(self.path / "lock"):
            self._locked = True
            try:
                self._make_folders()
                yield
            finally:
                self._locked = False

    def current(self) -> Snapshot | None:
        """The newest whole snapshot, or None before the first build."""
        return manifest.current(self.path / "snapshots")

    @contextlib.contextmanager
    def pin(self, number: int | None = None) -> Iterator[Snapshot]:
        """The current snapshot, or that one, whose files stay while this is held; waits for
        nobody."""
        snapshots = self.path / "snapshots"
        while (
            snapshot := manifest.load(snapshots, number) if number else self.current()
        ) is not None:
            with reader_pin(self.path / "readers", snapshot.number):
                # the clean-up drops the manifest first and looks at the pins again before the files
                if (snapshots / f"{snapshot.number}.json").exists():
                    yield snapshot
                    return
        raise StoreError(f"the store {self.path} has no finished graph; run `codeanatomy build`")

    def commit(
        self,
        tables: Mapping[str, pa.Table],
        facts: Mapping[str, object],
        sort: Mapping[str, Sequence[str]] | None = None,
        said: Mapping[str, pa.Table] | None = None,
    ) -> Snapshot:
        """Publish the tables as the next snapshot, all at once; needs the lock.

        `sort` names the columns by which a table lies on disk. A table whose content, schema and
        order are as in the last snapshot is not written again; when the facts are equal too, the
        last snapshot itself comes back. `said` are tables about the run: they come with a new
        snapshot, but do not make one. Whatever interrupts this leaves the last snapshot current.
        """
        from codeanatomy.engine.commit import commit  # start-up time: Parquet, numpy and Delta

        self._need_lock("commit")
        return commit(self.path, tables, facts, sort or {}, said or {})

    def maintain(self, decided: Mapping[str, str]) -> None:
        """Do what a policy says of maintenance: checkpoints of the logs that are due, then `clean`
        but for as many `snapshots`; needs the lock."""
        from codeanatomy.engine.delta import checkpoint

        self._need_lock("maintain")
        for name in sorted(n for n, what in decided.items() if what == "checkpoint"):
            checkpoint(self.path / "tables" / name)
        self.clean(int(decided["snapshots"]))

    def clean(self, keep: int = 2) -> None:
        """Drop all but the newest `keep` snapshots and those being read, and every file that no
        remaining one names; needs the lock."""
        from codeanatomy.engine.commit import clean

        self._need_lock("clean")
        clean(self.path, keep)

    def _refuse_links(self) -> None:
        for entry in (self.path, *(self.path / name for name in sorted(_OWN))):
            if entry.is_symlink():
                raise StoreError(
                    f"{entry} is a symbolic link, which a store must not be or hold; remove it, or "
                    "choose another folder with --out"
                )

    def _make_folders(self) -> None:
        for name in FOLDERS:
            (self.path / name).mkdir(exist_ok=True)

    def _need_lock(self, what: str) -> None:
        if not self._locked:
            raise StoreError(f"{what} of {self.path} needs its lock: `with store.lock():`")
