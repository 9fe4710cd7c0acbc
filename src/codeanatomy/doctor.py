"""Front door: what this installation can do, and what will be slow or missing here."""

import os
import shutil
import tempfile
from pathlib import Path

import msgspec
import pyarrow as pa

from codeanatomy.engine.capabilities import capabilities
from codeanatomy.extract.cache import default_cache
from codeanatomy.extract.foreman import usable_cpus
from codeanatomy.extract.witnesses import witnesses
from codeanatomy.facts.collect import offered, plugins
from codeanatomy.facts.schema import schema_from_struct
from codeanatomy.facts.tables.artifacts import Part

_ROOM = 1 << 30  # bytes: a large repository's graph, twice


def examine() -> pa.Table:
    """Everything that was looked at: whole, name, value, and what follows."""
    cpus = usable_cpus()
    slow = "" if cpus > 1 else "files are read one by one"
    found = [
        *capabilities(),
        Part("machine", "usable processors", str(cpus), slow),
        _disk("cache of extracted rows", default_cache()),
        _disk("scratch folder", Path(tempfile.gettempdir())),
    ]
    found += [Part("plug-in", name, f"{value} {version}", "") for name, value, version in offered()]
    found += [Part("plug-in", "broken", text, "it is left out") for text in plugins()[1]]
    on_demand = sorted(name for name, one in witnesses().items() if one.on_demand)
    told = "asked for with --with" if on_demand else "`pip install ./plugins/...` brings some"
    found.append(Part("plug-in", "witnesses on demand", ", ".join(on_demand) or "none", told))
    return pa.Table.from_pylist(msgspec.to_builtins(found), schema_from_struct(Part))


def _disk(what: str, folder: Path) -> Part:
    """Free space of the file system that a folder is, or would be, on."""
    there = next(p for p in (folder, *folder.parents) if p.exists())
    free = shutil.disk_usage(there).free
    told = "" if free >= _ROOM else "a large graph may not fit"
    if not os.access(there, os.W_OK):
        told = "cannot be written: nothing is kept"
    return Part("machine", what, f"{folder}, {free >> 20} MiB free", told)
