"""Collecting order-free declarations from a folder, and from what is installed beside us: the
declaration is the runtime object."""

import functools
import importlib
import importlib.metadata
import logging
import pkgutil
from collections.abc import Callable, Iterable
from types import ModuleType
from typing import Any, Protocol, TypeVar

from codeanatomy.facts.errors import DeclarationError


class Named(Protocol):
    """A declaration."""

    @property
    def name(self) -> str:
        """What it is called; among its kind nothing else is."""


T = TypeVar("T", bound=Named)
V = TypeVar("V")
GROUP = "codeanatomy.extractors"  # entry points that name modules with declarations
LISTENERS = "codeanatomy.listeners"  # entry points that name functions which hear of events


def collect(package: ModuleType, kind: type[T]) -> dict[str, T]:
    """All values of the type at the top of the package's modules and of plug-ins, by their `name`,
    sorted. DeclarationError when two different values claim one name."""
    infos = sorted(pkgutil.iter_modules(package.__path__), key=lambda m: m.name)
    names = [f"{package.__name__}.{info.name}" for info in infos]
    return declared(kind, [*map(importlib.import_module, names), *plugins()[0]])


def declared(kind: type[T], modules: Iterable[ModuleType]) -> dict[str, T]:
    """All values of the type at the top of the modules (also in tuples there), as `collect`."""
    found: dict[str, tuple[T, str]] = {}
    for module in modules:
        values = [v if isinstance(v, tuple) else (v,) for v in vars(module).values()]
        for item in (one for held in values for one in held if isinstance(one, kind)):
            known, home = found.setdefault(item.name, (item, module.__name__))
            if known is not item:
                raise DeclarationError(
                    f"two declarations are called {item.name!r}: in {home}, in {module.__name__}"
                )
    return {name: item for name, (item, _) in sorted(found.items())}


def offered() -> list[tuple[str, str, str]]:
    """Name, module and version of each plug-in that is installed, sorted; none is loaded."""
    entries = importlib.metadata.entry_points(group=GROUP)
    return sorted((e.name, e.value, e.dist.version if e.dist else "") for e in entries)


@functools.cache
def plugins() -> tuple[list[ModuleType], list[str]]:
    """The modules that installed packages offer us, by name, and what was wrong with others; each
    is loaded once."""
    return _loaded(GROUP, _module)


def listeners() -> list[Callable[..., None]]:
    """The listeners of installed packages, by name, each made anew for a run; one that cannot be
    made is told so on the log."""
    found, broken = _loaded(LISTENERS, lambda make: make())
    for text in broken:
        logging.getLogger(__name__).warning(text)
    return found


def _module(found: object) -> ModuleType:
    if not isinstance(found, ModuleType):
        raise TypeError(f"{found!r} is no module")
    return found


def _loaded(group: str, made: Callable[[Any], V]) -> tuple[list[V], list[str]]:
    """What is made of the entry points of a group, by name, and what was wrong with others."""
    found, broken = [], []
    for entry in sorted(importlib.metadata.entry_points(group=group), key=lambda e: e.name):
        try:
            found.append(made(entry.load()))
        except Exception as error:  # noqa: BLE001 - a plug-in's load
            broken.append(f"plug-in {entry.name}: {type(error).__name__}: {error}"[:300])
    return found, broken
