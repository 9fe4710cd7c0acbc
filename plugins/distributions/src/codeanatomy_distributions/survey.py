"""The `distributions` witness: what a project depends on, and which modules each distribution
provides, as the project's own metadata and that of a given environment say."""

import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

import pyarrow as pa

from codeanatomy.extract.witness import Survey, Surveyed, Trouble
from codeanatomy.facts.ids import EXTERNAL_FILE, hash_text
from codeanatomy.facts.schema import table_of
from codeanatomy_distributions.metadata import NAME, installed, normal, requirements
from codeanatomy_distributions.tables import Distribution, ProvidedModule

STANDARD, INSTALLED, DECLARED = "standard library", "installed", "declared"
PROJECTS = ("pyproject.toml", "setup.cfg")
SAME_NAME = 0.5  # a module is called as its distribution is: usual, but nothing that must be


def read(repo: Path, files: pa.Table, roots: Sequence[str], asked: str) -> Surveyed:
    """What the project files beside and above the scanned files declare, and what the environment
    `asked` holds: its metadata says what provides which module; without it, or in what it does not
    hold, a declared name that is a module's name may."""
    problems: tuple[Trouble, ...] = ()
    declared: dict[str, str] = {}
    paths = files["path"].to_pylist()
    folders = {PurePosixPath(), *(above for path in paths for above in PurePosixPath(path).parents)}
    for project in sorted(f"{folder / name}" for folder in folders for name in PROJECTS):
        for requirement in requirements(repo / project):
            if found := NAME.fullmatch(requirement):
                declared.setdefault(normal(found[1]), " ".join(found[2].split()))
    standard = f"{sys.version_info.major}.{sys.version_info.minor}"
    rows: dict[str, tuple[str, str | None, str | None, str]]
    rows = {"python": ("python", standard, None, STANDARD)}
    modules = [("python", name, STANDARD) for name in sys.stdlib_module_names]
    held = installed(Path(asked)) if asked else []
    if held is None:
        told = f"there are no site-packages in {asked!r}; name a Python or a virtual environment"
        problems = (Trouble("tool-failed", told),)
    for name, version, provided in held or ():
        rows[name] = (name, version, declared.get(name), INSTALLED)
        modules += [(name, module, INSTALLED) for module in provided]
    for name, requirement in declared.items():
        if name not in rows:
            rows[name] = (name, None, requirement, DECLARED)
            modules.append((name, name.replace("-", "_"), DECLARED))
    made = [
        (EXTERNAL_FILE, _key(name), module, module.partition(".")[0], known, *sure)
        for name, module, known in sorted(set(modules))
        for sure in [("possible", SAME_NAME) if known == DECLARED else ("certain", 1.0)]
    ]
    named = [(EXTERNAL_FILE, _key(name), *rows[name]) for name in sorted(rows)]
    tables = {
        "distribution": table_of(Distribution, named),
        "provided_module": table_of(ProvidedModule, made),
    }
    return Surveyed(tables, problems)


def _key(name: str) -> int:
    return hash_text("distribution:" + name)


SURVEY = Survey("distributions", 1, (Distribution, ProvidedModule), read)
