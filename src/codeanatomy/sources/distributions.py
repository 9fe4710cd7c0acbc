"""Which distributions does a repository depend on, and which modules does each provide? Read from
the project's own metadata and from that of a given environment; nothing is imported or run."""

import importlib.metadata
import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import pyarrow as pa

from codeanatomy.facts.errors import UsageError
from codeanatomy.facts.ids import EXTERNAL_FILE, hash_text
from codeanatomy.facts.schema import table_of
from codeanatomy.facts.tables.source import Distribution, ProvidedModule
from codeanatomy.sources.roots import document, values_at

STANDARD, INSTALLED, DECLARED = "standard library", "installed", "declared"
MOST = 5_000  # distributions of an environment, and modules of one
SAME_NAME = 0.5  # a module is called as its distribution is: usual, but nothing that must be
_NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(.*)", re.DOTALL)
_KEYS = ("project.dependencies", "project.optional-dependencies", "dependency-groups")
_LINES = ("options.install_requires", "options/extras_require")
_POETRY = ("tool.poetry.dependencies", "tool.poetry.dev-dependencies")
_SITES = ("lib/python3*/site-packages", "lib/python3*/dist-packages", "Lib/site-packages")


def distributions(
    root: Path, projects: Iterable[str], environment: str | Path | None
) -> tuple[pa.Table, pa.Table]:
    """The `distribution` and `provided_module` tables, by name. Where an environment is given, its
    metadata says what provides which module; else a declared name that is a module's name may.

    UsageError for an environment that there is not.
    """
    declared: dict[str, str] = {}
    for project in sorted(projects):
        for requirement in _requirements(root / project):
            if found := _NAME.fullmatch(requirement):
                declared.setdefault(_normal(found[1]), " ".join(found[2].split()))
    standard = f"{sys.version_info.major}.{sys.version_info.minor}"
    rows: dict[str, tuple[str, str | None, str | None, str]]
    rows = {"python": ("python", standard, None, STANDARD)}
    modules = [("python", name, STANDARD) for name in sys.stdlib_module_names]
    for name, version, provided in _installed(environment) if environment else ():
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
    return table_of(Distribution, named), table_of(ProvidedModule, made)


def _key(name: str) -> int:
    return hash_text("distribution:" + name)


def _normal(name: str) -> str:
    """As PEP 503 compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _requirements(project: Path) -> Iterator[str]:
    """Requirements as written in a pyproject.toml or setup.cfg; none in what cannot be read, which
    is a problem of the scan already."""
    try:
        read = document(project)
        for key in _KEYS:
            found = values_at(read, key)
            yield from (value for value, name in found if name != "include-group")
        for key in _LINES:
            for lines, _ in values_at(read, key):
                yield from lines.splitlines()
        for key in _POETRY:
            table = read
            for part in key.split("."):
                table = table.get(part, {})
            yield from (name for name in table if name != "python")
    except (ValueError, AttributeError):
        return


def _installed(environment: str | Path) -> Iterator[tuple[str, str, list[str]]]:
    """Name, version and modules of each distribution in an environment, by name; the environment
    is its folder, or the interpreter in it."""
    given = Path(environment)
    pythons = [] if given.is_dir() else [given, given.resolve()]
    above = [python.parent.parent for python in pythons] or [given]
    sites = [site for folder in above for glob in _SITES for site in sorted(folder.glob(glob))]
    if not sites:
        raise UsageError(
            f"--env {environment}: there are no site-packages; name a Python or a venv"
        )
    found: dict[str, tuple[str, str, list[str]]] = {}
    for one in importlib.metadata.distributions(path=[str(site) for site in sites]):
        name = _normal(str(one.metadata["Name"] or ""))
        if name and len(found) < MOST:
            found.setdefault(name, (name, one.version, _modules(one)))
    yield from (found[name] for name in sorted(found))


def _modules(one: importlib.metadata.Distribution) -> list[str]:
    """The modules that a distribution provides: for namespace packages the packages in them."""
    files = [file.parts for file in (one.files or ())[: 10 * MOST] if file.suffix in (".py", ".so")]
    packages = {parts[:-1] for parts in files if parts[-1] == "__init__.py"}
    found = set()
    for parts in files:
        name = parts[-1].partition(".")[0]
        whole = parts[:-1] if name == "__init__" else (*parts[:-1], name)
        tops = (whole[:n] for n in range(1, len(whole) + 1) if whole[:n] in packages)
        top = ".".join(next(tops, whole))
        if all(part.isidentifier() for part in top.split(".")):
            found.add(top)
    return sorted(found)[:MOST]
