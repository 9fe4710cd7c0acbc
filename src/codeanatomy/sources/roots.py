"""Where do module names start, and what is each file's module name?

A file is named from the deepest declared root above it: `--root`, or else the package directories
of pyproject.toml and setup.cfg and `src` folders. Elsewhere a package (folders with `__init__`) is
named from the folder above its topmost folder, and a file outside of any package from the
repository; so are packages that would take another one's or the standard library's name.
"""

import configparser
import posixpath
import re
import sys
import tomllib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from codeanatomy.facts.errors import UsageError
from codeanatomy.sources.git import folders_above
from codeanatomy.sources.reading import text

MAX_BYTES = 1 << 20
INFERRED = "topmost folder without __init__"
_RANKS = {".py": 1, ".pyw": 2, "": 3, ".pyi": 4}

# how a package, or none, and its folder are read off a text -> the keys that hold such texts: a
# folder, the path of a package, folders, pairs
_DECLARED = {
    r"^()(.*)$": (
        "tool.setuptools.packages.find.where",
        "tool.setuptools.package-dir",
        "tool.poetry.packages.from",
        "tool.maturin.python-source",
        "tool.pdm.build.package-dir",
        "tool.uv.build-backend.module-root",
    ),
    r"^()(.*/|)[^/]+/*$": ("tool.hatch.build.packages", "tool.hatch.build.targets.wheel.packages"),
    r"()([^\s,]+)": ("options/packages/find.where",),
    r"([^,\n=]*)=([^,\n]*)": ("options.package_dir",),
}


class Root(msgspec.Struct, frozen=True, order=True):
    """A source root: folder, why it is one, and the package that the folder itself stands for."""

    path: str
    reason: str
    package: str = ""


def chosen_roots(root: Path, options: Sequence[str]) -> list[Root]:
    """The roots that the user named. UsageError for one that is no folder of the repository."""
    chosen = []
    for option in options:
        place = (root / option).resolve()
        if not place.is_dir() or not place.is_relative_to(root):
            raise UsageError(f"--root {option!r} is no folder of the repository {root}")
        below = place.relative_to(root).as_posix()
        chosen.append(Root("" if below == "." else below, "option"))
    return chosen


def declared_roots(
    root: Path, projects: Iterable[str], files: Sequence[str], packages: frozenset[str]
) -> tuple[list[Root], list[str]]:
    """Roots that project files and `src` folders declare, and the project files that are broken.

    `projects` are paths of project files; only folders that hold scanned Python count.
    """
    holding = {folder for path in files for folder in folders_above(path)}
    found: dict[str, Root] = {}
    broken = []
    beside = {""}
    for project in sorted(projects):
        folder, name = posixpath.split(project)
        beside.add(folder)
        try:
            declared = list(_declared(document(root / project)))
        except ValueError:
            broken.append(project)
            continue
        for place, package in declared:
            path = _below(folder, place)
            if path in holding:
                found.setdefault(path, Root(path, name.removesuffix(".toml"), package))
    for folder in sorted(beside):
        path = _below(folder, "src")
        if path in holding and path not in packages:
            found.setdefault(path, Root(path, "src folder"))
    return sorted(found.values()), broken


def name_files(
    files: Sequence[str], packages: frozenset[str], declared: Sequence[Root]
) -> tuple[list[str], list[str], list[Root], list[tuple[str, str]]]:
    """Modules and roots of the files, in their order, which is by path; the roots; (file, first of
    that name). `packages` are the folders with an `__init__`."""
    roots = {r.path: r for r in declared}
    folders = {posixpath.dirname(path) for path in files}
    places = {f: (place for place in (f, *folders_above(f), "") if place in roots) for f in folders}
    origin = {f: next(map(roots.get, found), None) for f, found in places.items()}
    for folder, place in sorted(_inferred(origin, files, packages).items()):
        origin[folder] = roots.setdefault(place, Root(place, INFERRED))
    repository = Root("", INFERRED)
    origins = [origin[posixpath.dirname(path)] or repository for path in files]
    modules = [_dotted(path, root) for path, root in zip(files, origins, strict=True)]
    if any(root.path == "" for root in origins):
        roots.setdefault("", repository)
    twice = _make_unique(files, modules)
    return modules, [r.path for r in origins], sorted(roots.values()), twice


def _inferred(
    origin: Mapping[str, Root | None], files: Sequence[str], packages: frozenset[str]
) -> dict[str, str]:
    """Root of every folder that belongs to a package outside of the declared roots and the top."""
    plain = [f for f, root in origin.items() if root is None]
    packed = {f: [p for p in (f, *folders_above(f)) if p in packages] for f in plain}
    tops = {f: found[-1] for f, found in packed.items() if found}
    taken = {p.partition("/")[0].partition(".")[0]: "" for p in files}
    for path in files:
        root = origin[posixpath.dirname(path)]
        if root is not None:
            below = path[len(root.path) :].lstrip("/")
            taken.setdefault((root.package or below.partition("/")[0]).partition(".")[0], root.path)
    accepted = {}
    for top in sorted({t for t in tops.values() if "/" in t}):
        above, name = posixpath.split(top)
        if name not in sys.stdlib_module_names and taken.setdefault(name, above) == above:
            accepted[top] = above
    return {f: accepted[top] for f, top in tops.items() if top in accepted}


def _dotted(path: str, root: Root) -> str:
    below = path[len(root.path) :].lstrip("/")
    stem = _split(below)[0]
    if stem == "__init__":
        return root.package or stem
    name = stem.removesuffix("/__init__").replace("/", ".")
    return f"{root.package}.{name}" if root.package else name


def _split(path: str) -> tuple[str, str]:
    stem, suffix = posixpath.splitext(path)
    return (stem, suffix) if suffix in _RANKS else (path, "")


def _make_unique(files: Sequence[str], modules: list[str]) -> list[tuple[str, str]]:
    """Names all but the first of equal names by their paths. A package comes first, as for Python,
    then modules by path; stubs and scripts, which nothing imports, come last and are no trouble."""

    def order(index: int) -> tuple[int, str]:
        stem, suffix = _split(files[index])
        package = suffix != ".pyi" and posixpath.basename(stem) == "__init__"
        return (0 if package else _RANKS[suffix], files[index])

    first: dict[str, str] = {}
    twice = []
    for index in sorted(range(len(files)), key=order):
        path = files[index]
        other = first.setdefault(modules[index], path)
        if other == path:
            continue
        modules[index] = path if path not in first else f"./{path}"
        first[modules[index]] = path
        if _split(path)[1] in (".py", ".pyw"):
            twice.append((path, other))
    return sorted(twice)


def _below(folder: str, place: str) -> str:
    """Path of a declared folder in the repository; one that leads out of it comes back as '..'."""
    path = posixpath.normpath(posixpath.join(folder, place.strip()))
    outside = posixpath.isabs(path) or path.split("/")[0] == ".."
    return ".." if outside else path.removeprefix(".")


def document(project: Path) -> dict[str, Any]:  # as somebody wrote it
    """What a pyproject.toml or setup.cfg says, the latter's sections as tables (of the names that
    they have, with slashes for dots); ValueError where it is broken."""
    content = text(project, MAX_BYTES) or ""
    try:
        if project.name == "pyproject.toml":
            return tomllib.loads(content)
        parser = configparser.RawConfigParser(strict=False)
        parser.read_string(content if project.name == "setup.cfg" else "")
        return {s.replace(".", "/"): dict(parser.items(s)) for s in parser.sections()}
    except (RecursionError, configparser.Error) as error:
        raise ValueError(str(error)) from error


def _declared(project: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    """(folder, package it stands for) of every package directory that a project file declares. The
    folder of a package is the root above it where names agree."""
    for pattern, keys in _DECLARED.items():
        for value, name in (found for key in keys for found in values_at(project, key)):
            for package, place in re.findall(pattern, value):
                package, folder = name or package.strip(), place.strip()
                tail = package.replace(".", "/")
                agree = not package or f"/{folder}".endswith(f"/{tail}")
                yield (folder.removesuffix(tail), "") if agree else (folder, package)


def values_at(value: object, key: str, name: str = "") -> Iterator[tuple[str, str]]:
    """The strings at a dotted key or in a list there, with "", or in a table, with their names."""
    first, _, rest = key.partition(".")
    if isinstance(value, list):
        for item in value:
            yield from values_at(item, key, name)
    elif isinstance(value, dict):
        for below, item in value.items():
            if below == first or not key:
                yield from values_at(item, rest, "" if key else below)
    elif isinstance(value, str) and not key:
        yield value, name
