"""One table as Delta: data files in its folder, its log in step with the manifest.

Data files are written by `parquet`; here they are committed to the table's log. The manifest is
the authority: a log that is ahead of it (a run died) is restored; one that is missing, behind or
unreadable is made anew from the files that the manifest names. The Delta library is loaded only
where a log has to be read or written.
"""

import json
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa

from codeanatomy.engine.border import engine_errors
from codeanatomy.engine.manifest import decoded, link_file
from codeanatomy.engine.parquet import statistics

if TYPE_CHECKING:
    from deltalake import DeltaTable
    from deltalake.transaction import AddAction

LOG = "_delta_log"


def head_version(folder: Path) -> int:
    """The log's newest version, or -1 where there is no log; read off the file names."""
    stems = [path.name[:20] for path in (folder / LOG).glob("*.json")]
    return max((int(stem) for stem in stems if stem.isdecimal()), default=-1)


def commit_file(folder: Path, file: Path, schema: pa.Schema) -> int:
    """Make a file that lies in the folder the whole table; the new version."""
    from deltalake import DeltaTable, Schema

    with engine_errors(f"Delta commit of {folder.name}"):
        if head_version(folder) < 0:
            return _create(folder, [file], schema)
        columns = Schema.from_arrow(decoded(schema))
        DeltaTable(folder).create_write_transaction([_add(file)], "overwrite", columns)
        return head_version(folder)


def repair(folder: Path, version: int, files: Sequence[Path], schema: pa.Schema) -> int:
    """Bring the log back to the manifest's version; the version that now stands for it.

    `files` are the manifest's own links to the data files, for a folder that lost some.
    """
    head = head_version(folder)
    missing = [file for file in files if not (folder / file.name).exists()]
    if head == version >= 0 and not missing:
        return version
    with engine_errors(f"restoring table {folder.name}"):
        folder.mkdir(parents=True, exist_ok=True)
        for file in missing:
            link_file(file, folder / file.name)
        if head >= version:
            restored = _restored(folder, version, {file.name for file in files})
            if restored is not None:
                return restored
        shutil.rmtree(folder / LOG, ignore_errors=True)
        return _create(folder, [folder / file.name for file in files], schema)


def _restored(folder: Path, version: int, names: set[str]) -> int | None:
    """The log's version with exactly these files, restored if need be; None for a damaged log."""
    from deltalake import DeltaTable
    from deltalake.exceptions import DeltaError

    try:
        if _names(DeltaTable(folder)) != names:
            DeltaTable(folder).restore(version)
        return head_version(folder) if _names(DeltaTable(folder)) == names else None
    except DeltaError:
        return None


def _names(table: "DeltaTable") -> set[str]:
    return {uri.rpartition("/")[2] for uri in table.file_uris()}


def _create(folder: Path, files: Sequence[Path], schema: pa.Schema) -> int:
    from deltalake import Schema
    from deltalake.transaction import create_table_with_add_actions

    columns = Schema.from_arrow(decoded(schema))
    create_table_with_add_actions(str(folder), columns, list(map(_add, files)), mode="error")
    return head_version(folder)


def _add(file: Path) -> "AddAction":
    from deltalake.transaction import AddAction

    return AddAction(
        path=file.name,
        size=file.stat().st_size,
        partition_values={},
        modification_time=int(time.time() * 1000),
        data_change=True,
        stats=json.dumps(statistics(file)),
    )
