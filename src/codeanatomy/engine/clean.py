"""What a store no longer needs: old snapshots, and files that no manifest names.

Everything here runs under the writer's lock.
"""

import shutil
from pathlib import Path

from codeanatomy.engine import manifest
from codeanatomy.engine.delta import LOG
from codeanatomy.engine.lock import pinned
from codeanatomy.engine.manifest import Snapshot
from codeanatomy.facts.errors import StoreError


def clean(root: Path, keep: int) -> tuple[int, int]:
    """Drop all snapshots but the newest `keep` and those being read: (how many, bytes freed).

    The manifest goes first, the pins are looked at again, then the files go: a reader that came in
    between either finds its manifest gone and takes a newer one, or keeps its files.
    """
    if keep < 1:
        raise StoreError(f"cannot keep {keep} snapshots; keep at least 1")
    snapshots = root / "snapshots"
    numbers = manifest.numbers(snapshots)
    whole = [number for number in numbers if manifest.load(snapshots, number)]
    drop = set(whole[:-keep]) - pinned(root / "readers")
    for number in sorted(drop):
        (snapshots / f"{number}.json").unlink()
    return len(drop), sweep(root)


def sweep(root: Path) -> int:
    """Remove what no whole manifest names and no reader holds; bytes freed."""
    snapshots = root / "snapshots"
    for leftover in (root / "tmp").iterdir():
        _remove(leftover)
    loaded = {number: manifest.load(snapshots, number) for number in manifest.numbers(snapshots)}
    for number, snapshot in loaded.items():
        if snapshot is None:
            (snapshots / f"{number}.json").unlink()
    kept = [snapshot for snapshot in loaded.values() if snapshot]
    spared = {str(s.number) for s in kept} | {str(n) for n in pinned(root / "readers")}
    for folder in snapshots.iterdir():
        if folder.is_symlink() or (folder.is_dir() and folder.name not in spared):
            _remove(folder)
    return _sweep_tables(root / "tables", kept)


def _sweep_tables(tables: Path, kept: list[Snapshot]) -> int:
    freed = 0
    for folder in tables.iterdir():
        if folder.is_symlink() or not folder.is_dir():
            _remove(folder)
            continue
        if (folder / LOG).is_symlink():
            _remove(folder / LOG)
        stored = [s.tables[folder.name] for s in kept if folder.name in s.tables]
        named = {LOG, *(file for table in stored for file in table.files)}
        for path in folder.iterdir():
            if path.name not in named:
                freed += _size(path)
                _remove(path)
        if not stored:
            _remove(folder)
    return freed


def _size(path: Path) -> int:
    """Bytes that removing the file gives back: none while a reader's link holds them."""
    status = path.lstat()
    return status.st_size if status.st_nlink == 1 else 0


def _remove(path: Path) -> None:
    """Remove a file, a folder or a link; never what a link points at."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink()
