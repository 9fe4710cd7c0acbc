"""What do project files require, and what does an environment hold? Both are read as data: nothing
is imported or run."""

import configparser
import importlib.metadata
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from codeanatomy.sources.reading import text

MAX_BYTES = 1 << 20  # of a project file
MOST = 5_000  # distributions of an environment, and modules of one
NAME = re.compile(r"\s*([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(.*)", re.DOTALL)
_KEYS = ("project.dependencies", "project.optional-dependencies", "dependency-groups")
_POETRY = ("tool.poetry.dependencies", "tool.poetry.dev-dependencies")
_SITES = ("lib/python3*/site-packages", "lib/python3*/dist-packages", "Lib/site-packages")


def normal(name: str) -> str:
    """As PEP 503 compares names."""
    return re.sub(r"[-_.]+", "-", name).lower()


def requirements(project: Path) -> Iterator[str]:
    """Requirements as written in a pyproject.toml or setup.cfg; none in what cannot be read, which
    is a problem of the scan already."""
    content = (text(project, MAX_BYTES) or "").encode("utf-8", "replace").decode()
    try:
        if project.name == "setup.cfg":
            parser = configparser.RawConfigParser(strict=False)
            parser.read_string(content)
            yield from parser.get("options", "install_requires", fallback="").splitlines()
            if parser.has_section("options.extras_require"):
                for _, lines in parser.items("options.extras_require"):
                    yield from lines.splitlines()
            return
        read = tomllib.loads(content)
    except (RecursionError, ValueError, configparser.Error):
        return
    for key in _KEYS:
        yield from _texts(_at(read, key))
    for key in _POETRY:
        table = _at(read, key)
        yield from (name for name in table if name != "python") if isinstance(table, dict) else ()


def _at(value: Any, key: str) -> object:  # as somebody wrote it
    """What stands at a dotted key, if anything does."""
    for part in key.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return value


def _texts(value: object) -> Iterator[str]:
    """The texts in a list, or in the lists of a table; tables in a list name other lists."""
    for held in value.values() if isinstance(value, dict) else (value,):
        yield from (one for one in held if isinstance(one, str)) if isinstance(held, list) else ()


def installed(environment: Path) -> list[tuple[str, str | None, list[str]]] | None:
    """Name, version and modules of each distribution in an environment, by name; the environment
    is its folder, or the interpreter in it. None where it has no place for distributions, or there
    is none."""
    if not environment.exists():
        return None
    pythons = [] if environment.is_dir() else [environment, environment.resolve()]
    above = [python.parent.parent for python in pythons] or [environment]
    sites = [site for folder in above for glob in _SITES for site in sorted(folder.glob(glob))]
    found: dict[str, tuple[str, str | None, list[str]]] = {}
    for one in importlib.metadata.distributions(path=[str(site) for site in sites]):
        try:
            name = normal(str(one.metadata["Name"] or ""))
            if name and name not in found and len(found) < MOST:
                found[name] = (name, one.version, _modules(one))
        except (OSError, LookupError, ValueError):  # what an installer left is broken
            continue
    return [found[name] for name in sorted(found)] if sites else None


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
