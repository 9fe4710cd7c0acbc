"""The `types` witness: what pyrefly takes expressions, calls, methods and bases for. It reads a
copy of what was scanned, laid out by module names, so that no configuration of the tree counts."""

import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import pyarrow as pa

from codeanatomy.extract.decoding import BOM, line_starts, utf8_of
from codeanatomy.extract.foreman import usable_cpus
from codeanatomy.extract.messages import Limits
from codeanatomy.extract.witness import Survey, Surveyed, Trouble
from codeanatomy.facts.schema import table_name, table_of
from codeanatomy.sources.reading import as_scanned
from codeanatomy_types.process import run
from codeanatomy_types.report import SHAPE, Reader, Text
from codeanatomy_types.tables import Typing

LIMITS = Limits(seconds=600.0, memory=6 << 30)  # Django takes 35 s and 360 MB
_CONFIGURATION = f"""
preset = "off"
untyped-def-behavior = "check-and-infer-return-type"
project-includes = ["tree"]
project-excludes = []
disable-project-excludes-heuristics = true
search-path = ["tree"]
disable-search-path-heuristics = true
use-ignore-files = false
skip-interpreter-query = true
python-version = "{sys.version_info.major}.{sys.version_info.minor}"
python-platform = "{sys.platform}"
"""
_OPTIONS = (
    *("check", "--config", "pyrefly.toml", "--skip-interpreter-query", "--summary=none"),
    *("--report-pysa", "report", "--report-pysa-format", "json"),
)


def read(repo: Path, files: pa.Table, roots: Sequence[str], asked: str) -> Surveyed:
    """The table of `Typing`; where pyrefly cannot be had or fails, an empty one and a problem."""
    program = Path(sysconfig.get_path("scripts"), "pyrefly")
    if not program.is_file():
        return _without("tool-missing", "pyrefly is missing: pip install codeanatomy-types")
    with tempfile.TemporaryDirectory(prefix="codeanatomy-types-") as made:
        folder = Path(made).resolve()
        copies = dict(_copies(repo, files, folder / "tree"))
        (folder / "pyrefly.toml").write_text(_CONFIGURATION)
        command = (str(program), *_OPTIONS, f"--threads={usable_cpus()}")
        nothing = {"HOME": made, "TMPDIR": made, "PATH": made}  # that it could read or start
        if why := run(command, folder, LIMITS, nothing):
            return _without("tool-failed", f"pyrefly gave no types: {why}")
        try:
            rows = Reader(folder / "report", copies).rows()
            tables = [table_of(Typing, ()), *(table_of(Typing, of_file) for of_file in rows)]
        except SHAPE as error:
            message = f"this release of pyrefly writes another report ({error!r:.200}); install"
            return _without("tool-failed", f"{message} the one that codeanatomy-types names")
    whole = pa.concat_tables(tables).unify_dictionaries().combine_chunks()
    return Surveyed({table_name(Typing): whole})


def _without(code: str, message: str) -> Surveyed:
    return Surveyed({table_name(Typing): table_of(Typing, ())}, (Trouble(code, message),))


def _copies(repo: Path, files: pa.Table, tree: Path) -> Iterator[tuple[str, Text]]:
    """Writes what was scanned, each file where its module name says; one without a module name of
    its own stands alone on top. What changed or cannot be decoded is left out."""
    columns = ("file_id", "path", "module", "package", "stub", "content", "size")
    values = [files[name].to_pylist() for name in columns]
    for number, row in enumerate(zip(*values, strict=True)):
        file_id, path, module, package, stub, content, size = row
        parts = module.split(".")
        if module in (path, f"./{path}") or not all(parts):
            parts, package = [f"codeanatomy_{number}"], False
        parts += ["__init__"] * package
        place = tree.joinpath(*parts[:-1], f"{parts[-1]}.py{'i' * stub}")
        try:
            utf8, origin = utf8_of(as_scanned(repo / path, size, content))
            shift = len(BOM) if utf8.startswith(BOM) else 0
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_text(utf8[shift:].decode(), "utf-8", newline="")
        except (OSError, LookupError, ValueError):  # which the first witness reports
            continue
        yield str(place), Text(file_id, line_starts(utf8[shift:]), origin, shift)


SURVEY = Survey("types", 1, (Typing,), read)
