"""All witnesses: the Extractor values of the modules `from_*` of this room, by rank."""

import importlib
import pkgutil
import sys
from collections.abc import Iterable, Sequence

from codeanatomy import extract
from codeanatomy.extract.witness import Extractor
from codeanatomy.facts.errors import DeclarationError


def witnesses() -> tuple[Extractor, ...]:
    """The extractors, in the order in which they are asked."""
    names = (module.name for module in pkgutil.iter_modules(extract.__path__))
    return declared(f"{extract.__name__}.{name}" for name in names if name.startswith("from_"))


def declared(modules: Iterable[str]) -> tuple[Extractor, ...]:
    """Extractors at the top of the modules, by rank."""
    values = (v for m in modules for v in vars(importlib.import_module(m)).values())
    found = {id(value): value for value in values if isinstance(value, Extractor)}
    return tuple(sorted(found.values(), key=lambda e: (e.rank, e.name)))


def homes(extractors: Sequence[Extractor]) -> list[str]:
    """The modules in which workers find the extractors: those of their collectors.

    Raises DeclarationError for an extractor that does not stand at the top of that module, and
    where two share a name.
    """
    names = [extractor.name for extractor in extractors]
    modules = [extractor.open.__module__ for extractor in extractors]
    for extractor, module in zip(extractors, modules, strict=True):
        if names.count(extractor.name) > 1:
            raise DeclarationError(f"two extractors are called {extractor.name!r}")
        top = vars(sys.modules[module]).values()
        if module == "__main__" or not any(value is extractor for value in top):
            raise DeclarationError(
                f"extractor {extractor.name!r} must stand at the top of its collector's module"
            )
    return sorted(set(modules))
